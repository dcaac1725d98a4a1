/** What is said about a result: words, tone and icon. */

import { ICONS, TONES, WORDING } from "../credential/generated/wording";
import { CLOCK_TOLERANCE } from "../credential/trust_bundle";
import { entryOf, type Words, wordsFor } from "../credential/wording";
import type { Checked } from "./result";
import { language, t } from "./words";

/** Words with how they are shown. */
export interface Said extends Words {
  /** What is said, the same in each language, offline and online. */
  entry: string;
  tone: "good" | "warn" | "bad";
  icon: string;
}

const CROSS = "✘\ufe0e";

/** Tell whether a result is only bad because the document number does not match. */
export function isMismatch({ verification, matches }: Checked): boolean {
  return matches === false && toneOf(verification.verdict) !== "bad";
}

const toneOf = (verdict: string): Said["tone"] =>
  (TONES as Record<string, Said["tone"]>)[verdict] ?? "warn";

/** Return what to say; where this device's clock is wrong, that, unless it is bad anyway. */
export function said(checked: Checked): Said {
  const { verification, trust, isOnline, isClockWrong, at, dueOn } = checked;
  const { verdict, reason } = verification;
  if (isMismatch(checked)) {
    const { title, line } = WORDING[language()].document_no;
    const own = said({ ...checked, matches: null }).title;
    const whole = `${line} ${own}${t("stop_sign")}`;
    return { title, line: whole, entry: "document_no", tone: "bad", icon: CROSS };
  }
  const tone = toneOf(verdict);
  const isWrong = isClockWrong || (trust && trust.trustList.issuedAt > at + CLOCK_TOLERANCE);
  const isClockFault = reason === "issued_at.in_the_future";
  if (isWrong && verdict !== "no_certificate" && (tone !== "bad" || isClockFault)) {
    const { clock } = WORDING[language()];
    return { ...clock, entry: "clock", tone: "warn", icon: ICONS.unconfirmed };
  }
  const { title, line } = wordsFor(verification, language(), isOnline);
  const note = dueOn && WORDING[language()].not_registered_yet.line.replace("{due_on}", dueOn);
  const entry = entryOf(verification);
  return { title, line: [line, note].filter(Boolean).join(" "), entry, tone, icon: ICONS[verdict] };
}
