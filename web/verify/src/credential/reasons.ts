/** Checks, how they ended and why, in words; see `reasons.py`. */

import { REASONS } from "./generated/wording";
import type { Check, CheckState } from "./verification";
import type { Language } from "./wording";

/** Return a check in words. */
export const checkWords = (check: Check, language: Language): string =>
  REASONS[language].checks[check];

/** Return how a check ended, in words. */
export const stateWords = (state: CheckState, language: Language): string =>
  REASONS[language].states[state];

/** Return a reason in words; one that has none, as it is. */
export function reasonWords(reason: string, language: Language): string {
  const { reasons, fields, faults } = REASONS[language] as Record<string, Record<string, string>>;
  if (reasons![reason]) return reasons![reason];
  const [field, fault] = reason.split(".");
  const named = fields![field!];
  const said = faults![fault ?? ""];
  if (!named || !said) return reason;
  return language === "zh" ? `${named}${said}` : `the ${named} ${said}`;
}
