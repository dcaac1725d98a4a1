/** What a text inside a certificate may contain; see `text_rules.py`. */

import { REFUSED } from "./generated/refused";

/** First code points of ranges in turn refused and allowed, rising. */
const EDGES: number[] = [];
for (const letters of REFUSED.match(/[a-z]*[A-Z]/g)!) {
  let difference = 0;
  for (const letter of letters) difference = difference * 26 + parseInt(letter, 36) - 10;
  EDGES.push((EDGES[EDGES.length - 1] ?? 0) + difference);
}

const COMMON = /^[!-~\u00b7\u3001\u3400-\u4dbf\u4e00-\u9fff\uff08\uff09]+$/;

/** Return the first rule that `value` breaks as a text of 1 to `longest` characters, or null. */
export function textFault(value: unknown, longest: number): string | null {
  if (typeof value !== "string") return "not_text";
  const characters = Array.from(value);
  if (!characters.length || characters.length > longest) return "length";
  if (COMMON.test(value)) return null;
  if (value.startsWith(" ") || value.endsWith(" ")) return "space_at_an_end";
  if (characters.some((character) => isRefused(character.codePointAt(0)!))) return "character";
  return value.normalize("NFC") === value ? null : "not_nfc";
}

function isRefused(codePoint: number): boolean {
  let low = 0;
  let high = EDGES.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (EDGES[middle]! <= codePoint) low = middle + 1;
    else high = middle;
  }
  return low % 2 === 1;
}
