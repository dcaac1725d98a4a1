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
export function said({ verification, trust, isOnline, isClockWrong, at }: Checked): Said {
  const { verdict, reason } = verification;
  const tone = (TONES as Record<string, Said["tone"]>)[verdict] ?? "warn";
  const isWrong = isClockWrong || (trust && trust.trustList.issuedAt > at + CLOCK_TOLERANCE);
  if (isWrong && (tone !== "bad" || reason === "issued_at.in_the_future")) {
    return { ...WORDING[language()].clock, tone: "warn", icon: ICONS.unconfirmed };
  }
  return { ...wordsFor(verification, language(), isOnline), tone, icon: ICONS[verdict] };
}
