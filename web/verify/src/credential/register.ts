/** What the register says of certificates whose signature is right; see `certificates/register.py`. */

import type { Algorithms } from "./algorithms";
import { toHex } from "./encoding";
import { fromQrText } from "./qr_text";
import type { Verdict, Verification } from "./verification";

/** What the register says of one certificate. */
export interface RegisterEntry {
  state: "REGISTERED" | "NOT_REGISTERED_YET" | "NOT_ISSUED";
  /** Last day for entering it on the platform, where it is not entered yet. Rule R39. */
  registrationDueOn: string | null;
}

/** What is asked of one certificate: nothing that says whose it is. */
export interface SignedCertificate {
  number: string;
  sha256: string;
}

const TRUSTED: Verdict[] = ["valid", "valid_as_of", "unconfirmed", "expired"];

/** Return what to ask the register of a certificate; null where it is refused already. */
export async function questionOf(
  qrText: string,
  { verdict, claims }: Verification,
  by: Algorithms,
): Promise<SignedCertificate | null> {
  if (!claims || !TRUSTED.includes(verdict)) return null;
  return { number: claims.number, sha256: toHex(await by.sha256(fromQrText(qrText))) };
}

/** Return a verification as the register changes it: what it does not know is not confirmed. */
export function withRegister(found: Verification, { state }: RegisterEntry): Verification {
  if (state !== "NOT_ISSUED") return found;
  const notRun = [...found.notRun.filter((check) => check !== "status"), "status" as const];
  return {
    ...found,
    verdict: "unconfirmed",
    decisive: "status",
    reason: "not_in_register",
    notRun,
  };
}
