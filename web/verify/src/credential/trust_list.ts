/** The trust list: who may issue what, with which keys, and who says so; see `trust_list.py`. */

import type { Algorithms } from "./algorithms";
import { dayOf, LAST_INSTANT } from "./days";
import { decode, isSame, type Item } from "./encoding";
import { hasSigned, isSafePoint, openSign, type Sign } from "./signature";
import { textFault } from "./text_rules";

const TYP = "cgt+cwt";
const [EXP, IAT, TRUST] = [4, 6, -65538];
const DEPTH = 8;
const LAST_DAY = dayOf(LAST_INSTANT);

export type TrustReason =
  | "malformed"
  | "too_few_signatures"
  | "new_roots_not_signed"
  | "rollback"
  | "expired"
  | "not_yet_valid"
  | "mixed";

/** Trust data that must not be used; what was held before stays in force. */
export class Untrusted extends Error {
  constructor(readonly reason: TrustReason) {
    super(reason);
  }
}

/** A public key with its history; days inclusive. */
export interface ListedKey {
  publicKey: Uint8Array;
  firstDay: number;
  lastDay?: number;
  compromisedDay?: number;
}

/** Leave to issue one certificate type at some levels; days inclusive. */
export interface Entitlement {
  certificateName: string;
  standardCodes: string[];
  levels: number[];
  firstDay: number;
  lastDay?: number;
}

/** An issuing organization; one that has left issues nothing from `stateSince` on. */
export interface Organization {
  code: string;
  name: string;
  nameEn?: string;
  uscc?: string;
  hasLeft: boolean;
  stateSince: number;
  keys: ListedKey[];
  entitlements: Entitlement[];
}

/** The keys a verifier starts from, and how many of them must have signed. */
export interface Roots {
  threshold: number;
  keys: Uint8Array[];
}

/** The content of one trust list; times in seconds since 1970. */
export interface TrustList {
  sequence: number;
  issuedAt: number;
  expiresAt: number;
  roots: Roots;
  organizations: Organization[];
  statusKeys: ListedKey[];
  standardsDigest?: Item;
  /** Keys that countersign certificates; none of them signs anything else. */
  registerKeys: ListedKey[];
  /** Keys that sign the heads of the log of certificates. */
  logKeys: ListedKey[];
}

function fail(detail: string): never {
  throw new TypeError(detail);
}

function whole(value: Item | undefined, limit: number): number {
  return typeof value === "number" && value >= 0 && value <= limit ? value : fail("a number");
}

const instant = (value: Item | undefined) => whole(value, LAST_INSTANT);
const day = (value: Item | undefined) => whole(value, LAST_DAY);
const text = (value: Item | undefined) =>
  textFault(value, 200) === null ? (value as string) : fail("a text");
const optional = <T>(read: (value: Item | undefined) => T, value: Item | undefined) =>
  value === undefined ? undefined : read(value);

function list<T>(value: Item | undefined, read: (item: Item) => T): T[] {
  return Array.isArray(value) ? value.map(read) : fail("a list");
}

function couple(value: Item | undefined): [Item, Item] {
  return Array.isArray(value) && value.length === 2 ? (value as [Item, Item]) : fail("a pair");
}

/** Return a map that has no other fields than 1 to `last`, or those named. */
function fields(value: Item | undefined, known: number[]): Map<Item, Item> {
  if (!(value instanceof Map)) return fail("a map");
  for (const key of value.keys()) if (!known.includes(key as number)) fail("a field unknown");
  return value;
}

function publicKey(value: Item | undefined): Uint8Array {
  return value instanceof Uint8Array && isSafePoint(value) ? value : fail("a public key");
}

function rootsFrom(value: Item | undefined): Roots {
  const [threshold, keys] = couple(value);
  const roots = { threshold: instant(threshold), keys: list(keys, publicKey) };
  const different = new Set(roots.keys.map(String)).size;
  if (roots.threshold < 1 || roots.threshold > different || different !== roots.keys.length) {
    fail("a threshold that can be met by different keys");
  }
  return roots;
}

function keyFrom(value: Item): ListedKey {
  const key = fields(value, [1, 2, 3, 4]);
  return {
    publicKey: publicKey(key.get(1)),
    firstDay: day(key.get(2)),
    lastDay: optional(day, key.get(3)),
    compromisedDay: optional(day, key.get(4)),
  };
}

function someKeys(value: Item | undefined): ListedKey[] {
  const keys = list(value, keyFrom);
  return keys.length ? keys : fail("keys, or no field");
}

function entitlementFrom(value: Item): Entitlement {
  const entitlement = fields(value, [1, 2, 3, 4, 5]);
  return {
    certificateName: text(entitlement.get(1)),
    standardCodes: list(entitlement.get(2), text),
    levels: list(entitlement.get(3), instant),
    firstDay: day(entitlement.get(4)),
    lastDay: optional(day, entitlement.get(5)),
  };
}

function organizationFrom(value: Item): Organization {
  const organization = fields(value, [1, 2, 3, 4, 5, 6, 7]);
  const [state, since] = couple(organization.get(5));
  return {
    code: text(organization.get(1)),
    name: text(organization.get(2)),
    nameEn: optional(text, organization.get(3)),
    uscc: optional(text, organization.get(4)),
    hasLeft: [1, 2, 3, 4].includes(state as number) ? (state as number) > 2 : fail("a state"),
    stateSince: day(since),
    keys: list(organization.get(6), keyFrom),
    entitlements: list(organization.get(7), entitlementFrom),
  };
}

function contentOf(payload: Uint8Array): TrustList {
  try {
    const claims = fields(decode(payload, DEPTH), [EXP!, IAT!, TRUST!]);
    const trust = fields(claims.get(TRUST!), [1, 2, 3, 4, 5, 6, 7]);
    const content: TrustList = {
      sequence: instant(trust.get(1)),
      issuedAt: instant(claims.get(IAT!)),
      expiresAt: instant(claims.get(EXP!)),
      roots: rootsFrom(trust.get(2)),
      organizations: list(trust.get(3), organizationFrom),
      statusKeys: list(trust.get(4), keyFrom),
      standardsDigest: trust.get(5),
      registerKeys: optional(someKeys, trust.get(6)) ?? [],
      logKeys: optional(someKeys, trust.get(7)) ?? [],
    };
    checkPurposes(content);
    return content;
  } catch {
    throw new Untrusted("malformed");
  }
}

/** Refuse a register key that is listed for another purpose: one key would make certificates. */
function checkPurposes({ roots, registerKeys, ...content }: TrustList): void {
  const signing = content.organizations.flatMap((organization) => organization.keys);
  const listed = [...signing, ...content.statusKeys, ...content.logKeys].map(
    (key) => key.publicKey,
  );
  const others = new Set([...roots.keys, ...listed].map(String));
  if (registerKeys.some((key) => others.has(String(key.publicKey)))) fail("a key of two purposes");
}

async function signersAmong(roots: Roots, envelope: Sign, by: Algorithms): Promise<number> {
  const answers = await Promise.all(roots.keys.map((key) => hasSigned(by, key, envelope)));
  return answers.filter(Boolean).length;
}

function areSame(one: Roots, other: Roots): boolean {
  return (
    one.threshold === other.threshold &&
    one.keys.length === other.keys.length &&
    one.keys.every((key, index) => isSame(key, other.keys[index]!))
  );
}

/** Return the content of a trust list signed by enough of `roots`, or raise `Untrusted`. */
export async function openTrustList(
  data: Uint8Array,
  roots: Roots,
  by: Algorithms,
): Promise<TrustList> {
  let envelope: Sign;
  try {
    envelope = openSign(data, TYP);
  } catch {
    throw new Untrusted("malformed");
  }
  const signed = await signersAmong(roots, envelope, by);
  if (roots.threshold < 1 || signed < roots.threshold) {
    throw new Untrusted("too_few_signatures");
  }
  const trustList = contentOf(envelope.payload);
  const next = trustList.roots;
  if (!areSame(next, roots) && (await signersAmong(next, envelope, by)) < next.threshold) {
    throw new Untrusted("new_roots_not_signed");
  }
  return trustList;
}
