/** Everything a verifier carries to work offline, in one file; see `trust_bundle.py`. */

import type { Algorithms } from "./algorithms";
import { type Checkpoint, openCheckpoint } from "./checkpoint";
import { dayOf, SECONDS_A_DAY } from "./days";
import { decode, isSame, type Item, toHex } from "./encoding";
import { kidOf } from "./signature";
import { readStatusList, type StatusList } from "./status_list";
import {
  type ListedKey,
  openTrustList,
  type Organization,
  type Roots,
  type TrustList,
  Untrusted,
} from "./trust_list";

export const CLOCK_TOLERANCE = SECONDS_A_DAY;

/** A key of the trust list, with whose it is. */
export interface IssuerKey {
  listed: ListedKey;
  organization: Organization;
}

/** What is shown about a standard. */
export interface Standard {
  name: string;
  outcomes: Map<number, string>;
}

/** A head of the log, and the key that signed it. */
export type SignedHead = Checkpoint & { key: Uint8Array };

/** Trust data that a verifier relies on. */
export interface Trust {
  trustList: TrustList;
  /** By place: organization code, list number. */
  statusLists: Map<string, StatusList>;
  /** By place: standard code, version. */
  standards: Map<string, Standard>;
  /** Key id → all keys with that id. */
  issuerKeys: Map<string, IssuerKey[]>;
  /** SHA-256 of the signed trust list. */
  fingerprint: Uint8Array;
  /** The log of certificates as it was then, with the key that signed it; null: none. */
  logHead: SignedHead | null;
}

/** Return the key of a place in `statusLists` and `standards`. */
export const place = (code: string, number: number | string) => `${code}\n${number}`;

/**
 * Return the trust data of a bundle, or raise `Untrusted` and refuse all of it.
 *
 * `roots` are those of the installation; where `held` names later ones, those count. The bundle may
 * not fall behind `held`. `now` in seconds since 1970.
 */
export async function openTrustBundle(
  data: Uint8Array,
  roots: Roots,
  by: Algorithms,
  now: number,
  held?: Trust,
): Promise<Trust> {
  const trust = await trustIn(data, held ? held.trustList.roots : roots, by, true);
  const { trustList } = trust;
  if (now > trustList.expiresAt) {
    throw new Untrusted("expired");
  }
  if (trustList.issuedAt > now + CLOCK_TOLERANCE) {
    throw new Untrusted("not_yet_valid");
  }
  if (held) checkNotBehind(trust, held);
  return trust;
}

/** Raise `Untrusted` where trust data is older than what is held, as a whole or in a part. */
export function checkNotBehind(trust: Trust, held: Trust): void {
  const [now, before] = [trust.trustList.sequence, held.trustList.sequence];
  if (now < before || (now === before && !isSame(trust.fingerprint, held.fingerprint))) {
    throw new Untrusted("rollback");
  }
  checkLog(trust, held.logHead);
  for (const [at, earlier] of held.statusLists) {
    const list = trust.statusLists.get(at);
    if (!list || list.issuedAt < earlier.issuedAt) {
      throw new Untrusted("mixed");
    }
  }
}

/**
 * Raise `Untrusted` where a log is shorter than the one held, or another one of the same length.
 *
 * What is held counts while the key that signed it does.
 */
function checkLog({ logHead: head, trustList }: Trust, before: SignedHead | null): void {
  if (!before || !logKeys(trustList).some((key) => isSame(key, before.key))) return;
  const isLater = head && head.origin === before.origin && head.size >= before.size;
  if (!isLater || (head.size === before.size && !isSame(head.root, before.root))) {
    throw new Untrusted("mixed");
  }
}

/**
 * Return the trust data of a bundle that was taken before, whatever its dates are now.
 *
 * Signatures of status lists are checked when one is asked for: on a slow phone, in JavaScript, all
 * of them would take seconds.
 */
export function reopenTrustBundle(data: Uint8Array, roots: Roots, by: Algorithms): Promise<Trust> {
  return trustIn(data, roots, by, false);
}

async function trustIn(
  data: Uint8Array,
  roots: Roots,
  by: Algorithms,
  isNew: boolean,
): Promise<Trust> {
  const [lists, tokens, encoded, checkpoint] = partsOf(data);
  const trustList = await currentList(lists, roots, by);
  return {
    trustList,
    statusLists: await statusListsOf(trustList, tokens, by, isNew),
    standards: await standardsOf(trustList, encoded, by),
    issuerKeys: await issuerKeysOf(trustList, by),
    fingerprint: await by.sha256(lists[lists.length - 1]!),
    logHead: await logHeadOf(trustList, checkpoint, by),
  };
}

/** Return the keys of the log that are not compromised. */
function logKeys(trustList: TrustList): Uint8Array[] {
  const good = trustList.logKeys.filter((key) => key.compromisedDay === undefined);
  return good.map((key) => key.publicKey);
}

async function logHeadOf(
  trustList: TrustList,
  checkpoint: Uint8Array,
  by: Algorithms,
): Promise<SignedHead | null> {
  if (!checkpoint.length) return null;
  for (const key of logKeys(trustList)) {
    const head = await openCheckpoint(checkpoint, [key], by);
    if (head) return { ...head, key };
  }
  throw new Untrusted("mixed");
}

function partsOf(data: Uint8Array): [Uint8Array[], Uint8Array[], Uint8Array, Uint8Array] {
  let parts: Item;
  try {
    parts = decode(data, 2);
  } catch {
    throw new Untrusted("malformed");
  }
  const isBytes = (part: unknown) => part instanceof Uint8Array;
  const areBytes = (items: unknown) => Array.isArray(items) && items.every(isBytes);
  if (
    !Array.isArray(parts) ||
    parts.length !== 6 ||
    parts[0] !== "cgtrust" ||
    parts[1] !== 1 ||
    !areBytes(parts[2]) ||
    !(parts[2] as Item[]).length ||
    !areBytes(parts[3]) ||
    !isBytes(parts[4]) ||
    !isBytes(parts[5])
  ) {
    throw new Untrusted("malformed");
  }
  return parts.slice(2) as [Uint8Array[], Uint8Array[], Uint8Array, Uint8Array];
}

/** Follow the changes of root keys from `installed` to the last list. */
async function currentList(
  lists: Uint8Array[],
  installed: Roots,
  by: Algorithms,
): Promise<TrustList> {
  let roots = installed;
  let sequence = -1;
  for (const signed of lists.slice(0, -1)) {
    let step: TrustList;
    try {
      step = await openTrustList(signed, roots, by);
    } catch {
      continue; // older than this installation's root keys
    }
    if (step.sequence <= sequence) {
      throw new Untrusted("mixed");
    }
    ({ sequence, roots } = step);
  }
  const trustList = await openTrustList(lists[lists.length - 1]!, roots, by);
  if (trustList.sequence <= sequence) {
    throw new Untrusted("mixed");
  }
  return trustList;
}

async function statusListsOf(
  trustList: TrustList,
  tokens: Uint8Array[],
  by: Algorithms,
  isNew: boolean,
): Promise<Map<string, StatusList>> {
  const listed = new Map<string, ListedKey>();
  const keys = new Map<string, Uint8Array>();
  for (const key of trustList.statusKeys) {
    if (key.compromisedDay !== undefined) continue;
    const kid = toHex(await kidOf(by, key.publicKey));
    listed.set(kid, key);
    keys.set(kid, key.publicKey);
  }
  const known = new Set(trustList.organizations.map((organization) => organization.code));
  const found = new Map<string, StatusList>();
  for (const token of tokens) {
    let list: StatusList;
    try {
      list = readStatusList(token, keys, by);
      if (isNew) await list.entries();
    } catch {
      throw new Untrusted("mixed");
    }
    const at = place(list.issuer, list.number);
    if (!covers(listed.get(list.kid)!, dayOf(list.issuedAt))) {
      throw new Untrusted("mixed");
    }
    if (found.has(at) || !known.has(list.issuer)) {
      throw new Untrusted("mixed");
    }
    found.set(at, list);
  }
  return found;
}

/** Tell whether a key may sign for `day`; compromise aside. */
export function covers({ firstDay, lastDay }: ListedKey, day: number): boolean {
  return firstDay <= day && (lastDay === undefined || day <= lastDay);
}

async function issuerKeysOf(
  trustList: TrustList,
  by: Algorithms,
): Promise<Map<string, IssuerKey[]>> {
  const found = new Map<string, IssuerKey[]>();
  for (const organization of trustList.organizations) {
    for (const listed of organization.keys) {
      const kid = toHex(await kidOf(by, listed.publicKey));
      found.set(kid, [...(found.get(kid) ?? []), { listed, organization }]);
    }
  }
  return found;
}

async function standardsOf(
  { standardsDigest }: TrustList,
  encoded: Uint8Array,
  by: Algorithms,
): Promise<Map<string, Standard>> {
  const found = new Map<string, Standard>();
  if (standardsDigest === undefined) return found;
  const digest = await by.sha256(encoded);
  if (!(standardsDigest instanceof Uint8Array && isSame(digest, standardsDigest))) {
    throw new Untrusted("mixed");
  }
  try {
    for (const item of decode(encoded, 3) as Item[]) {
      const [code, version, name, outcomes, ...more] = item as [string, string, string, Item];
      const texts = outcomes instanceof Map ? [code, version, name, ...outcomes.values()] : [null];
      if (!Array.isArray(item) || more.length || texts.some((text) => typeof text !== "string")) {
        throw new TypeError("not code, version, name and outcomes");
      }
      found.set(place(code, version), { name, outcomes: outcomes as Map<number, string> });
    }
  } catch {
    throw new Untrusted("malformed");
  }
  return found;
}
