/** What is said about a result: words, tone and icon. */

import { ICONS, TONES, WORDING } from "../credential/generated/wording";
import { CLOCK_TOLERANCE } from "../credential/trust_bundle";
import { type Words, wordsFor } from "../credential/wording";
import type { Checked } from "./result";
import { language } from "./words";

/** Words with how they are shown. */
export interface Said extends Words {
  tone: "good" | "warn" | "bad";
  icon: string;
}

/** Return what to say; where this device's clock is wrong, that, unless it is bad anyway. */
export function said(checked: Checked): Said {
  const { verification, trust, isOnline, isClockWrong, at, dueOn } = checked;
  const { verdict, reason } = verification;
  const tone = (TONES as Record<string, Said["tone"]>)[verdict] ?? "warn";
  const isWrong = isClockWrong || (trust && trust.trustList.issuedAt > at + CLOCK_TOLERANCE);
  if (isWrong && (tone !== "bad" || reason === "issued_at.in_the_future")) {
    return { ...WORDING[language()].clock, tone: "warn", icon: ICONS.unconfirmed };
  }
  const { title, line } = wordsFor(verification, language(), isOnline);
  const note = dueOn && WORDING[language()].not_registered_yet.line.replace("{due_on}", dueOn);
  return { title, line: [line, note].filter(Boolean).join(" "), tone, icon: ICONS[verdict] };
}
