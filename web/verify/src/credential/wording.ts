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

const NOT_VERDICTS = ["left", "compare", "unreadable", "not_ours", "status"];

/** Return title and line for a result; `online` says that the status was asked for just now. */
export function wordsFor(found: Verification, language: Language, online: boolean): Words {
  const { verdict, decisive, statusAsOf, claims } = found;
  const reason = found.reason?.startsWith("clock") ? "clock" : found.reason;
  let keys = [reason ?? "", decisive ?? "", verdict as string];
  if (verdict === "valid_as_of") keys = [verdict];
  else if (verdict === "valid" && online) keys = ["valid_online"];
  const catalogue = WORDING[language] as Record<string, object> as Record<string, Words>;
  const words = catalogue[keys.find((key) => key in catalogue && !NOT_VERDICTS.includes(key))!]!;
  const day = (instant?: number) => (instant === undefined ? "" : toDate(dayOf(instant)));
  const filled = (text: string) =>
    text.replace("{as_of}", day(statusAsOf)).replace("{expires_on}", day(claims?.expiresAt));
  return { title: filled(words.title), line: filled(words.line) };
}
