/** Which certificates are revoked, suspended or superseded; see `status_list.py`. */

import type { Algorithms } from "./algorithms";
import { LAST_INSTANT } from "./days";
import { decode, type Item } from "./encoding";
import { isSignedBy, openSign1 } from "./signature";

const TYP = "statuslist+cwt";
const BITS = 2;
/** Bytes of 131,072 entries. */
const BYTES = 32_768;

const [ISS, EXP, IAT, STATUS_LIST, TTL, LIST_NUMBER] = [1, 4, 6, 65533, 65534, -65539];

/** States in the order of their two bits. */
export const STATUSES = ["valid", "revoked", "suspended", "superseded"] as const;
export type Status = (typeof STATUSES)[number];

/** A status list; times in seconds since 1970. */
export interface StatusList {
  issuer: string;
  number: number;
  issuedAt: number;
  freshUntil: number;
  expiresAt: number;
  kid: string;
  /** Its entries, four a byte, once the signature was checked; raises where that fails. */
  entries(): Promise<Uint8Array>;
}

/** Return one of the entries of a list; null where the index is out of range. */
export function statusAt(entries: Uint8Array, index: number): Status | null {
  const byte = entries[Math.floor(index / 4)];
  return byte === undefined ? null : STATUSES[(byte >> ((index % 4) * BITS)) & 3]!;
}

/** Return what a token says that one of `keys` (key id → public key) should have signed. Raises. */
export function readStatusList(
  token: Uint8Array,
  keys: Map<string, Uint8Array>,
  by: Algorithms,
): StatusList {
  const envelope = openSign1(token, TYP);
  const payload = decode(envelope.payload) as Map<Item, Item>;
  const key = keys.get(envelope.kid);
  if (!key) throw new TypeError("not signed by a key that the trust list names for this");
  const content = payload.get(STATUS_LIST) as Map<Item, Item>;
  const issuer = payload.get(ISS);
  const compressed = content.get("lst");
  if (typeof issuer !== "string" || !(compressed instanceof Uint8Array)) {
    throw new TypeError("a claim has another type");
  }
  if (content.get("bits") !== BITS) throw new TypeError("not two bits an entry");
  const numbers = [IAT, TTL, EXP, LIST_NUMBER].map((claim) => payload.get(claim));
  if (!numbers.every((value) => typeof value === "number" && value >= 0 && value <= LAST_INSTANT)) {
    throw new TypeError("a time or the list number is not a whole number");
  }
  const [issuedAt, ttl, expiresAt, number] = numbers as [number, number, number, number];
  const freshUntil = Math.min(issuedAt + ttl, expiresAt);
  let opened: Promise<Uint8Array> | undefined;
  const open = async () => {
    if (!(await isSignedBy(by, key, envelope.signature, envelope.toBeSigned))) {
      throw new TypeError("the signature does not match");
    }
    const entries = await by.inflate(compressed, BYTES);
    if (entries.length !== BYTES) throw new TypeError("does not hold exactly 131,072 entries");
    return entries;
  };
  const entries = () => (opened ??= open());
  return { issuer, number, issuedAt, freshUntil, expiresAt, kid: envelope.kid, entries };
}
