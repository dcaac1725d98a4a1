/** The text of the QR code: a URL whose fragment is the signed bytes as one decimal number. */

import { fromHex } from "./encoding";

const MAX_DIGITS = 3_700;
const MAX_BYTES = 1_540;
/** Header, signature and the shortest claims take more. */
const MIN_BYTES = 120;

/** White space as Python's `\s` has it, so that both verifiers trim the same. */
export const SPACE =
  "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const QR_TEXT = new RegExp(
  `^[${SPACE}]*(?:[Hh][Tt][Tt][Pp][Ss]?://[^${SPACE}/#?]{1,255}/[Vv]#)?` +
    `(?:([0-9]+)|([A-Za-z0-9_-]+={0,2}))[${SPACE}]*$`,
  "u",
);

export type TextReason = "not_ours" | "too_long" | "leading_zero" | "not_base64url";

/** The text is not that of a certificate's QR code. */
export class MalformedQrText extends Error {
  constructor(readonly reason: TextReason) {
    super(reason);
  }
}

/** Return the signed bytes in a QR text: URL, digits alone, or base64url (with URL or alone). */
export function fromQrText(text: string): Uint8Array {
  const longest = MAX_DIGITS + 1_000;
  if (text.length > 2 * longest || [...text].length > longest) {
    throw new MalformedQrText("too_long");
  }
  const match = QR_TEXT.exec(text);
  if (!match) throw new MalformedQrText("not_ours");
  const [, digits, base64url] = match;
  if (base64url !== undefined) return fromBase64url(base64url);
  if (digits!.length > MAX_DIGITS) throw new MalformedQrText("too_long");
  if (digits!.startsWith("0")) throw new MalformedQrText("leading_zero");
  const hex = BigInt(digits!).toString(16);
  return fromHex(hex.length % 2 ? `0${hex}` : hex);
}

/** Tell whether bytes may be a certificate's, whole or altered; others are something else. */
export const mayBeCertificate = (signed: Uint8Array): boolean =>
  signed.length >= MIN_BYTES && signed[0] === 0xd2 && signed[1] === 0x84;

/** Tell whether a text may be that of a certificate's QR code; others are of something else. */
export function isQrText(text: string): boolean {
  try {
    return mayBeCertificate(fromQrText(text));
  } catch {
    return false;
  }
}

function fromBase64url(padded: string): Uint8Array {
  const text = padded.replace(/=+$/, "");
  if (Math.floor((text.length * 3) / 4) > MAX_BYTES) throw new MalformedQrText("too_long");
  try {
    const binary = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    const again = btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
    if (again === text) return Uint8Array.from(binary, (character) => character.charCodeAt(0));
  } catch {
    // not base64: refused below
  }
  throw new MalformedQrText("not_base64url");
}
