/** Binding a certificate to a person's identity document; see `holder_tag.py`. */

import type { Algorithms } from "./algorithms";
import type { Claims } from "./claims";
import { isSame } from "./encoding";
import { SPACE } from "./qr_text";

const ROUNDS = 100_000;
const TAG_BYTES = 2;
const WHITE_SPACE = new RegExp(`[${SPACE}]`, "g");

/** Tell whether a document number matches the holder tag of a certificate that has one. */
export async function isHolder(
  { holderTag, issuer, number }: Claims,
  documentNumber: string,
  by: Algorithms,
): Promise<boolean> {
  const normalized = documentNumber.normalize("NFKC").toUpperCase().replace(WHITE_SPACE, "");
  const utf8 = new TextEncoder();
  const secret = utf8.encode(normalized);
  const salt = utf8.encode(`${issuer}\0${number}`);
  return isSame(await by.pbkdf2(secret, salt, ROUNDS, TAG_BYTES), holderTag!);
}
