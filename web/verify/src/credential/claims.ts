/** The claims of a certificate, and the limits they keep; see `claims.py`. */

import { LAST_INSTANT } from "./days";
import type { Item } from "./encoding";
import { textFault } from "./text_rules";

export const TYP = "cgc+cwt";
const CERTIFICATE_CLAIM = -65537;
const MAX_OUTCOMES = 40;
const MAX_CREDITS_TENTHS = 10_000;
const UINT_LIMIT = 2 ** 32;

/** Carried by number (its text is in the standard) or by text, with credits times ten. */
export interface Outcome {
  number?: number;
  text?: string;
  creditsTenths: number;
}

/** What one certificate states; times in seconds since 1970. */
export interface Claims {
  issuer: string;
  issuedAt: number;
  expiresAt?: number;
  number: string;
  holderName: string;
  holderTag?: Uint8Array;
  certificateName: string;
  level: number;
  standardCode: string;
  standardVersion: string;
  statusList: number;
  statusIndex: number;
  maskedDocument?: string;
  outcomes: Outcome[];
}

/** The payload is CBOR, but not the claims of a certificate; `reason` is field.fault. */
export class MalformedClaims extends Error {
  constructor(readonly reason: string) {
    super(reason);
  }
}

type Fault = string | null;
type Rule = (value: Item | undefined) => Fault;

const isInteger = (value: unknown): value is number | bigint =>
  typeof value === "number" || typeof value === "bigint";

const range =
  (first: number, limit: number): Rule =>
  (value) =>
    !isInteger(value) ? "shape" : value >= first && value < limit ? null : "range";

const uint = range(0, UINT_LIMIT);
const instant = range(0, LAST_INSTANT + 1);
const credit = range(0, MAX_CREDITS_TENTHS + 1);
const text =
  (longest: number): Rule =>
  (value) =>
    textFault(value, longest);

const pair =
  (first: Rule, second: Rule): Rule =>
  (value) =>
    Array.isArray(value) && value.length === 2 ? first(value[0]) || second(value[1]) : "shape";

const outcomes: Rule = (value) => {
  const isMap = value instanceof Map;
  if (!isMap && !Array.isArray(value)) return "shape";
  const parts = [...value] as Item[];
  if (!parts.length || parts.length > MAX_OUTCOMES) return "length";
  const rule = pair(isMap ? uint : text(64), credit);
  for (const part of parts) {
    const fault = rule(part);
    if (fault) return fault;
  }
  return null;
};

const tag: Rule = (value) => (value instanceof Uint8Array && value.length === 2 ? null : "shape");

/** Key → name, rule, whether it must be there; in the order of the layout. */
const FIELDS = new Map<Item, [string, Rule, boolean?]>([
  [1, ["number", text(40), true]],
  [2, ["holder_name", text(64), true]],
  [3, ["holder_tag", tag]],
  [4, ["certificate_name", text(64), true]],
  [5, ["level", range(1, 6), true]],
  [6, ["standard", pair(text(40), text(40)), true]],
  [7, ["status", pair(uint, uint), true]],
  [8, ["masked_document", text(40)]],
  [9, ["outcomes", outcomes]],
]);

/** Return the first fault of a decoded payload as field.fault, or null. */
function faultOf(payload: Item): Fault {
  if (!(payload instanceof Map)) return "payload.shape";
  let fault = textFault(payload.get(1), 40);
  if (fault) return `issuer.${fault}`;
  fault = instant(payload.get(6));
  if (fault) return `issued_at.${fault}`;
  if (payload.has(4)) {
    fault = instant(payload.get(4));
    if (fault) return `expires_at.${fault}`;
    if (payload.get(4)! <= payload.get(6)!) return "expires_at.not_after_issue";
  }
  if (payload.size !== 3 + Number(payload.has(4))) return "payload.unknown_claim";
  const certificate = payload.get(CERTIFICATE_CLAIM);
  if (!(certificate instanceof Map)) return "certificate.shape";
  for (const [key, [name, , isRequired]] of FIELDS) {
    if (isRequired && !certificate.has(key)) return `${name}.missing`;
  }
  for (const [key, value] of certificate) {
    const field = FIELDS.get(key);
    if (!field) return "certificate.unknown_claim";
    fault = field[1](value);
    if (fault) return `${field[0]}.${fault}`;
  }
  return certificate.has(3) && certificate.has(8) ? "masked_document.beside_holder_tag" : null;
}

/** Return the instant of issue of a decoded payload; null where it states none in range. */
export function instantOfIssue(payload: Item): number | null {
  const value = payload instanceof Map ? payload.get(6) : undefined;
  return instant(value) ? null : Number(value);
}

/** Return the claims of a decoded payload, or raise `MalformedClaims`. */
export function claimsFrom(payload: Item): Claims {
  const fault = faultOf(payload);
  if (fault) throw new MalformedClaims(fault);
  const claims = payload as Map<number, any>;
  const certificate: Map<number, any> = claims.get(CERTIFICATE_CLAIM);
  const carried = certificate.get(9) ?? [];
  return {
    issuer: claims.get(1),
    issuedAt: claims.get(6),
    expiresAt: claims.get(4),
    number: certificate.get(1),
    holderName: certificate.get(2),
    holderTag: certificate.get(3),
    certificateName: certificate.get(4),
    level: certificate.get(5),
    standardCode: certificate.get(6)[0],
    standardVersion: certificate.get(6)[1],
    statusList: certificate.get(7)[0],
    statusIndex: certificate.get(7)[1],
    maskedDocument: certificate.get(8),
    outcomes: [...carried].map(([what, creditsTenths]: [any, number]) => ({
      [carried instanceof Map ? "number" : "text"]: what,
      creditsTenths,
    })),
  };
}
