/** What a verifier says; see `wording.py`. */

import { dayOf, toDate } from "./days";
import { WORDING } from "./generated/wording";
import type { Verification } from "./verification";

export type Language = "zh" | "en";

/** A title and a second line. */
export interface Words {
  title: string;
  line: string;
}

const NOT_VERDICTS = ["left", "compare", "unreadable", "not_ours", "status", "not_registered_yet"];

/** Return title and line for a result; `online` says that the status was asked for just now. */
export function wordsFor(found: Verification, language: Language, online: boolean): Words {
  const { verdict, decisive, statusAsOf, claims } = found;
  const reason = found.reason?.startsWith("clock") ? "clock" : found.reason;
  const keys = verdict === "valid_as_of" ? [verdict] : [reason ?? "", decisive ?? "", verdict];
  const catalogue = WORDING[language] as Record<string, object> as Record<string, Words>;
  const key = keys.find((one) => one in catalogue && !NOT_VERDICTS.includes(one))!;
  const words = (online && catalogue[`${key}_online`]) || catalogue[key]!;
  const day = (instant?: number) => (instant === undefined ? "" : toDate(dayOf(instant)));
  const filled = (text: string) =>
    text.replace("{as_of}", day(statusAsOf)).replace("{expires_on}", day(claims?.expiresAt));
  return { title: filled(words.title), line: filled(words.line) };
}
