/** Verify one certificate: the checks of `verification.py`, in their order, by their names. */

import type { Algorithms } from "./algorithms";
import { type Claims, claimsFrom, instantOfIssue, MalformedClaims, TYP } from "./claims";
import { dayOf } from "./days";
import { decode, type Item, MalformedEncoding } from "./encoding";
import { fromQrText, MalformedQrText, mayBeCertificate } from "./qr_text";
import { isSignedBy, openCountersigned, type Sign1 } from "./signature";
import { type Status, statusAt } from "./status_list";
import type { ListedKey } from "./trust_list";
import { CLOCK_TOLERANCE, covers, type IssuerKey, place, type Trust } from "./trust_bundle";

/** The checks, in their order; the names are stable. */
export const CHECKS = [
  "text",
  "envelope",
  "issuer_key",
  "signature",
  "register",
  "claims",
  "entitlement",
  "expiry",
  "status",
] as const;
export type Check = (typeof CHECKS)[number];
export type CheckState = "passed" | "failed" | "could_not_run";

export type Verdict =
  | "valid"
  | "valid_as_of"
  | "revoked"
  | "suspended"
  | "expired"
  | "invalid"
  | "unknown_issuer"
  | "unconfirmed"
  | "no_certificate";

/** The result for one text; claims and issuer key only where check `claims` passed. */
export interface Verification {
  verdict: Verdict;
  decisive: Check | null;
  reason: string | null;
  claims?: Claims;
  issuerKey?: IssuerKey;
  status?: Status | null;
  statusAsOf?: number;
  failed: Check[];
  notRun: Check[];
}

/** Return how one check ended. */
export function stateOf({ failed, notRun }: Verification, check: Check): CheckState {
  return failed.includes(check) ? "failed" : notRun.includes(check) ? "could_not_run" : "passed";
}

function stopped(check: Check, reason: string, verdict: Verdict = "invalid"): Verification {
  const notRun = CHECKS.slice(CHECKS.indexOf(check) + 1);
  return { verdict, decisive: check, reason, failed: [check], notRun };
}

/** Verify the text of a QR code; `now` in seconds since 1970. No text makes it raise. */
export async function verify(
  qrText: string,
  trust: Trust | null,
  by: Algorithms,
  now: number,
): Promise<Verification> {
  let signed: Uint8Array;
  try {
    signed = fromQrText(qrText);
  } catch (error) {
    return stopped("text", (error as MalformedQrText).reason, "no_certificate");
  }
  if (!mayBeCertificate(signed)) return stopped("text", "not_ours", "no_certificate");
  let envelope: Sign1;
  let payload: Item;
  try {
    envelope = openCountersigned(signed, TYP);
    payload = decode(envelope.payload);
  } catch (error) {
    const isCbor = !(error instanceof MalformedEncoding);
    return stopped("envelope", isCbor ? "not_cose_sign1" : "not_deterministic_cbor");
  }
  if (!trust) {
    const notRun = CHECKS.slice(2);
    const reason = "trust_data_missing";
    return { verdict: "unconfirmed", decisive: "issuer_key", reason, failed: [], notRun };
  }
  const candidates = trust.issuerKeys.get(envelope.kid);
  if (!candidates) return stopped("issuer_key", "key_not_listed", "unknown_issuer");
  for (const issuerKey of candidates) {
    const { publicKey } = issuerKey.listed;
    if (await isSignedBy(by, publicKey, envelope.signature, envelope.toBeSigned)) {
      const fault = await registerFault(envelope, trust, by, instantOfIssue(payload));
      return fault ? stopped("register", fault) : judgeClaims(payload, issuerKey, trust, now);
    }
  }
  return stopped("signature", "does_not_match");
}

/** Return why the register did not countersign this on that day, or null. */
async function registerFault(
  { countersignature, toBeCountersigned }: Sign1,
  { trustList }: Trust,
  by: Algorithms,
  issuedAt: number | null,
): Promise<string | null> {
  if (!countersignature) return "countersignature_missing";
  const newestFirst = [...trustList.registerKeys].sort((a, b) => b.firstDay - a.firstDay);
  const faultOf = (key: ListedKey) => (issuedAt === null ? null : keyFaultOn(key, dayOf(issuedAt)));
  const mayHave = newestFirst.filter((key) => !faultOf(key));
  for (const key of [...mayHave, ...newestFirst.filter(faultOf)]) {
    if (await isSignedBy(by, key.publicKey, countersignature, toBeCountersigned)) {
      const fault = faultOf(key);
      return fault && `register_key_${fault}`;
    }
  }
  return "countersignature_does_not_match";
}

/** Return why a key proves nothing for a day, or null. */
function keyFaultOn(listed: ListedKey, day: number): string | null {
  if (!covers(listed, day)) return "not_valid_that_day";
  const { compromisedDay } = listed;
  return compromisedDay !== undefined && day >= compromisedDay ? "compromised" : null;
}

async function judgeClaims(
  payload: Item,
  issuerKey: IssuerKey,
  trust: Trust,
  now: number,
): Promise<Verification> {
  let claims: Claims;
  try {
    claims = claimsFrom(payload);
  } catch (error) {
    return stopped("claims", (error as MalformedClaims).reason);
  }
  if (claims.issuer !== issuerKey.organization.code) {
    return stopped("claims", "issuer.not_owner_of_key");
  }
  if (claims.issuedAt > now + CLOCK_TOLERANCE) {
    return stopped("claims", "issued_at.in_the_future");
  }
  return judge(claims, issuerKey, trust, now);
}

/** Return why the issuer might not issue this on that day, or null. */
function entitlementFault(claims: Claims, { listed, organization }: IssuerKey): string | null {
  const day = dayOf(claims.issuedAt);
  const keyFault = keyFaultOn(listed, day);
  if (keyFault) return `key_${keyFault}`;
  let fault = "certificate_or_standard_not_entitled";
  for (const {
    certificateName,
    standardCodes,
    levels,
    firstDay,
    lastDay,
  } of organization.entitlements) {
    if (certificateName !== claims.certificateName) continue;
    if (!standardCodes.includes(claims.standardCode)) continue;
    if (!levels.includes(claims.level)) {
      if (fault !== "not_entitled_that_day") fault = "level_not_entitled";
    } else if (firstDay <= day && (lastDay === undefined || day <= lastDay)) {
      const hadLeft = organization.hasLeft && day >= organization.stateSince;
      return hadLeft ? "organization_had_left" : null;
    } else {
      fault = "not_entitled_that_day";
    }
  }
  return fault;
}

interface FoundStatus {
  status: Status | null;
  asOf?: number;
  gap: string | null;
  isFresh: boolean;
}

/** A list past its end still counts where it speaks against the certificate. */
async function statusOf(claims: Claims, trust: Trust, now: number): Promise<FoundStatus> {
  const list = trust.statusLists.get(place(claims.issuer, claims.statusList));
  const entries = await list?.entries().catch(() => undefined);
  if (!list || !entries) return { status: null, gap: "list_missing", isFresh: false };
  const status = statusAt(entries, claims.statusIndex);
  const asOf = list.issuedAt;
  if (!status) return { status, asOf, gap: "index_out_of_range", isFresh: false };
  let gap: string | null = null;
  if (status === "valid") {
    if (now > list.expiresAt) gap = "list_expired";
    else if (asOf > now + CLOCK_TOLERANCE) gap = "clock_behind_list";
  }
  return { status, asOf, gap, isFresh: now <= list.freshUntil };
}

/** Return the result of a certificate whose signatures and claims hold: checks 7 to 9. */
async function judge(
  claims: Claims,
  issuerKey: IssuerKey,
  trust: Trust,
  now: number,
): Promise<Verification> {
  const { status, asOf, gap, isFresh } = await statusOf(claims, trust, now);
  const { expiresAt, issuedAt } = trust.trustList;
  const isBehind = issuedAt > now + CLOCK_TOLERANCE;
  const trustGap =
    now > expiresAt ? "trust_list_expired" : isBehind ? "clock_behind_trust_list" : null;
  const notEntitled = entitlementFault(claims, issuerKey);
  const isExpired = claims.expiresAt !== undefined && now > claims.expiresAt;

  const failed: Check[] = [];
  const notRun: Check[] = [];
  if (notEntitled) failed.push("entitlement");
  else if (trustGap) notRun.push("entitlement");
  if (isExpired) failed.push("expiry");
  if (gap) notRun.push("status");
  else if (status !== "valid") failed.push("status");

  const [verdict, decisive, reason] = ((): [Verdict, Check | null, string | null] => {
    if (notEntitled) return ["invalid", "entitlement", notEntitled];
    if (status === "revoked" || status === "superseded") return ["revoked", "status", status];
    if (status === "suspended") return ["suspended", "status", status];
    if (isExpired) return ["expired", "expiry", "expired"];
    if (trustGap) return ["unconfirmed", "entitlement", trustGap];
    if (gap) return ["unconfirmed", "status", gap];
    return isFresh ? ["valid", null, null] : ["valid_as_of", "status", "list_not_fresh"];
  })();
  return { verdict, decisive, reason, claims, issuerKey, status, statusAsOf: asOf, failed, notRun };
}
