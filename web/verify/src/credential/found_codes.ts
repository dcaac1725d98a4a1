/** Certificates' codes among whatever people paste; see `found_codes.py`. */

import { withoutInvisible } from "./invisible";
import { isQrText, SPACE } from "./qr_text";

const RUN = /[0-9]{200,}|0o[Q-T][A-Za-z0-9_-]{117,}={0,2}/g;
const PIECE = /[0-9A-Za-z_-]{20,}/;
const GLUE = /[\t-\r >\u00a0\u3000"'“”]+/g;
const LINE_END = /\r\n|[\n-\r\u0085\u2028\u2029]/;
const OTHER = /^(?!1[0-9]{10}$)[0-9]{6,}$|^[!-~]{24,}$|^[!-~]*:\/\/[!-~]*$/;
const MOST_OTHERS = 10_000;
const ENDS = new RegExp(`^[${SPACE}]+|[${SPACE}]+$`, "g");

/** What a text holds: codes, lines that may be other codes, how many more lines there are. */
export interface FoundCodes {
  codes: string[];
  others: string[];
  words: number;
}

/** Return every certificate's code in a text of any length, and what else the text holds. */
export function findCodes(text: string): FoundCodes {
  const folded = withoutInvisible(text)
    .replace(/[\uff01-\uff5e]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0))
    .replace(/%23/g, "#"); // a link inside a link
  const codes: string[] = [];
  const rest: string[] = [];
  let block: string[] = [];
  const takeBlock = () => {
    const whole = block.join("").replace(GLUE, "");
    const found = whole.length >= 120 ? codesIn(whole) : [];
    for (const code of found) codes.push(code);
    for (const line of block) if (line && !(found.length && PIECE.test(line))) rest.push(line);
    block = [];
  };
  for (const line of folded.split(LINE_END)) {
    const found = codesIn(line);
    if (found.length) {
      takeBlock();
      for (const code of found) codes.push(code);
    } else {
      block.push(line.replace(ENDS, ""));
    }
  }
  takeBlock();
  const others = rest.filter((line) => OTHER.test(line)).slice(0, MOST_OTHERS);
  return { codes, others, words: rest.length - others.length };
}

/** A code within a longer word is none; older browsers know no lookbehind. */
function codesIn(line: string): string[] {
  const found = new Set<string>();
  RUN.lastIndex = 0;
  for (let match = RUN.exec(line); match; match = RUN.exec(line)) {
    const [run] = match;
    const isWithin = run.startsWith("0o") && /[A-Za-z0-9_-]/.test(line[match.index - 1] ?? " ");
    if (isWithin) RUN.lastIndex = match.index + 1;
    else if (isQrText(run)) found.add(run);
  }
  return [...found];
}
