/** What a verifier says; see `wording.py`. */

import { dayOf, toDate } from "./days";
import { SAID, WORDING } from "./generated/wording";
import type { Verification } from "./verification";

export type Language = "zh" | "en";

/** A title and a second line. */
export interface Words {
  title: string;
  line: string;
}

/** Return the entry that says a result, the same online and in each language. */
export function entryOf({ verdict, decisive, reason: why }: Verification): string {
  const reason = why?.startsWith("clock") ? "clock" : why;
  const keys = verdict === "valid_as_of" ? [verdict] : [reason ?? "", decisive ?? "", verdict];
  return keys.find((one) => SAID.includes(one) && one in WORDING.zh)!;
}

/** Return title and line for a result; `online` says that the status was asked for just now. */
export function wordsFor(found: Verification, language: Language, online: boolean): Words {
  const { statusAsOf, claims } = found;
  const catalogue = WORDING[language] as Record<string, object> as Record<string, Words>;
  const key = entryOf(found);
  const words = (online && catalogue[`${key}_online`]) || catalogue[key]!;
  const day = (instant?: number) => (instant === undefined ? "" : toDate(dayOf(instant)));
  const filled = (text: string) =>
    text.replace("{as_of}", day(statusAsOf)).replace("{expires_on}", day(claims?.expiresAt));
  return { title: filled(words.title), line: filled(words.line) };
}
