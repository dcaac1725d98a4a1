/** Binding a certificate to a person's identity document; see `holder_tag.py`. */

import type { Algorithms } from "./algorithms";
import type { Claims } from "./claims";
import { isSame } from "./encoding";
import { INVISIBLE } from "./invisible";
import { SPACE } from "./qr_text";

const ROUNDS = 100_000;
const TAG_BYTES = 2;
const DROPPED = new RegExp(`[${SPACE}${INVISIBLE}.,:;'"\`‘’“”。、·\\u2010-\\u2015\\u2212-]+`, "gu");

/** Return the number as it is compared. */
export function normalizedDocumentNumber(documentNumber: string): string {
  const number = documentNumber.normalize("NFKC").toUpperCase();
  return number.replace(DROPPED, "").replace(/×/g, "X");
}

/** Tell whether a document number matches the holder tag of a certificate that has one. */
export async function isHolder(
  { holderTag, issuer, number }: Claims,
  documentNumber: string,
  by: Algorithms,
): Promise<boolean> {
  const utf8 = new TextEncoder();
  const secret = utf8.encode(normalizedDocumentNumber(documentNumber));
  const salt = utf8.encode(`${issuer}\0${number}`);
  return isSame(await by.pbkdf2(secret, salt, ROUNDS, TAG_BYTES), holderTag!);
}
