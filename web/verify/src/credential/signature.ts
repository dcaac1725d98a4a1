/** Ed25519 with the edge cases decided here, and the COSE forms that carry it; see `signature.py`. */

import type { Algorithms } from "./algorithms";
import { concat, decode, encode, isSame, type Item, toHex } from "./encoding";

const KID_BYTES = 8;
const SIGNATURE_BYTES = 64;
const MAX_SIGNERS = 32;
const EDDSA = -8;
const FULLY_SPECIFIED_ED25519 = -19;

const FIELD = (1n << 255n) - 19n;
const GROUP_ORDER = (1n << 252n) + 27742317777372353535851937790883648493n;
/** y of the points of order 1, 2, 4 and 8. */
const SMALL_ORDER_Y = [
  0n,
  1n,
  FIELD - 1n,
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
];

/** The bytes are not exactly the COSE structure expected. */
export class MalformedEnvelope extends Error {}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(bytes.slice().reverse())}`);
}

/** Tell whether 32 bytes are a canonical encoding and not of a small-order point. */
export function isSafePoint(encoded: Uint8Array): boolean {
  if (encoded.length !== 32) return false;
  const y = littleEndian(encoded) & ((1n << 255n) - 1n);
  return y < FIELD && !SMALL_ORDER_Y.includes(y);
}

/** Verify strictly: key and R canonical and not of small order, S below the group order. */
export async function isSignedBy(
  by: Algorithms,
  publicKey: Uint8Array,
  signature: Uint8Array,
  message: Uint8Array,
): Promise<boolean> {
  return (
    signature.length === SIGNATURE_BYTES &&
    isSafePoint(publicKey) &&
    isSafePoint(signature.subarray(0, 32)) &&
    littleEndian(signature.subarray(32)) < GROUP_ORDER &&
    by.verify(publicKey, signature, message)
  );
}

/** Return the key id: the first 8 bytes of the COSE key thumbprint (RFC 9679). */
export async function kidOf(by: Algorithms, publicKey: Uint8Array): Promise<Uint8Array> {
  const key = new Map<Item, Item>([
    [1, 1],
    [-1, 6],
    [-2, publicKey],
  ]);
  return (await by.sha256(encode(key))).slice(0, KID_BYTES);
}

/** A COSE_Sign1 as received; `kid` as hexadecimal digits, the signature unchecked. */
export interface Sign1 {
  kid: string;
  payload: Uint8Array;
  signature: Uint8Array;
  toBeSigned: Uint8Array;
  /** Unchecked; with what it covers (RFC 9338, section 3.3), where there is one. */
  countersignature?: Uint8Array;
  toBeCountersigned: Uint8Array;
}

/** An unprotected header of one entry: 12, a byte string of 64 bytes. */
const COUNTERSIGNATURE_HEADER = Uint8Array.of(0xa1, 0x0c, 0x58, SIGNATURE_BYTES);
const SIGNATURE_HEAD = Uint8Array.of(0x58, SIGNATURE_BYTES);

/** Return the parts of a COSE_Sign1 of type `typ` without countersignature. */
export function openSign1(data: Uint8Array, typ: string): Sign1 {
  const envelope = openCountersigned(data, typ);
  if (envelope.countersignature) throw new MalformedEnvelope("a header that is not empty");
  return envelope;
}

/** Return the parts of a COSE_Sign1, countersigned or not, which has one way to be written. */
export function openCountersigned(data: Uint8Array, typ: string): Sign1 {
  const ending = encode(typ).length + 1;
  const end = protectedBytes(EDDSA, new Uint8Array(KID_BYTES), typ).length + 2;
  const kid = data.slice(end - ending - KID_BYTES, end - ending);
  const protected_ = data.slice(2, end);
  const rest = data.slice(end);
  const headerEnd = COUNTERSIGNATURE_HEADER.length;
  const isCountersigned = isSame(rest.slice(0, headerEnd), COUNTERSIGNATURE_HEADER);
  const payloadAt = isCountersigned ? headerEnd + SIGNATURE_BYTES : 1;
  const payloadEnd = rest.length - SIGNATURE_BYTES - 2;
  const payloadItem = rest.slice(payloadAt, Math.max(payloadAt, payloadEnd));
  const isFramed =
    data[0] === 0xd2 &&
    data[1] === 0x84 &&
    [EDDSA, FULLY_SPECIFIED_ED25519].some((algorithm) =>
      isSame(protected_, protectedBytes(algorithm, kid, typ)),
    ) &&
    payloadEnd > payloadAt &&
    (isCountersigned || rest[0] === 0xa0) &&
    isSame(rest.slice(payloadEnd, payloadEnd + 2), SIGNATURE_HEAD);
  if (!isFramed) throw new MalformedEnvelope(`not a COSE_Sign1 of type ${typ}`);
  const payload = unwrapped(payloadItem);
  if (!(payload instanceof Uint8Array) || payload.length < 24) {
    throw new MalformedEnvelope("the payload is not a byte string of 24 bytes or more");
  }
  const signature = rest.slice(-SIGNATURE_BYTES);
  const covered = concat(protected_, Uint8Array.of(0x40), payloadItem);
  const structure = (length: number, context: string, ...more: Uint8Array[]) =>
    concat(Uint8Array.of(0x80 + length), encode(context), covered, ...more);
  return {
    kid: toHex(kid),
    payload,
    signature,
    toBeSigned: structure(4, "Signature1"),
    countersignature: isCountersigned ? rest.slice(headerEnd, payloadAt) : undefined,
    toBeCountersigned: structure(5, "CounterSignature0V2", encode([signature])),
  };
}

/** Return the protected header as a byte string: algorithm, key id, type (RFC 9596). */
function protectedBytes(algorithm: number, kid: Uint8Array, typ: string): Uint8Array {
  return encode(
    encode(
      new Map<Item, Item>([
        [1, algorithm],
        [4, kid],
        [16, typ],
      ]),
    ),
  );
}

function unwrapped(data: Uint8Array): Item {
  try {
    return decode(data);
  } catch (error) {
    throw new MalformedEnvelope(String(error));
  }
}

/** A COSE_Sign as received: key id in hexadecimal digits → signature, unchecked. */
export interface Sign {
  typ: string;
  payload: Uint8Array;
  signatures: Map<string, Uint8Array>;
}

/** Return the parts of a COSE_Sign (tag 98) of type `typ`; no signature is checked. */
export function openSign(data: Uint8Array, typ: string): Sign {
  const isTagged = data[0] === 0xd8 && data[1] === 0x62;
  const parts = isTagged ? unwrapped(data.subarray(2)) : null;
  if (!Array.isArray(parts) || parts.length !== 4) throw new MalformedEnvelope("not a COSE_Sign");
  const [body, unprotected, payload, signers] = parts;
  if (
    !(body instanceof Uint8Array && isSame(body, bodyHeader(typ))) ||
    !isEmptyMap(unprotected) ||
    !(payload instanceof Uint8Array) ||
    !Array.isArray(signers) ||
    signers.length > MAX_SIGNERS
  ) {
    throw new MalformedEnvelope(`not a COSE_Sign of type ${typ}, or of too many signers`);
  }
  const signatures = new Map<string, Uint8Array>();
  for (const signer of signers) {
    const [own, ownUnprotected, signature] = Array.isArray(signer) ? signer : [];
    const kid = own instanceof Uint8Array ? own.slice(-KID_BYTES) : new Uint8Array();
    if (
      (signer as Item[]).length !== 3 ||
      !(own instanceof Uint8Array && isSame(own, signerHeader(kid))) ||
      kid.length !== KID_BYTES ||
      !isEmptyMap(ownUnprotected) ||
      !(signature instanceof Uint8Array) ||
      signatures.has(toHex(kid))
    ) {
      throw new MalformedEnvelope("a signer is not header and signature, or signs twice");
    }
    signatures.set(toHex(kid), signature);
  }
  return { typ, payload, signatures };
}

const isEmptyMap = (item: Item | undefined) => item instanceof Map && item.size === 0;
const bodyHeader = (typ: string) => encode(new Map<Item, Item>([[16, typ]]));
const signerHeader = (kid: Uint8Array) =>
  encode(
    new Map<Item, Item>([
      [1, EDDSA],
      [4, kid],
    ]),
  );

/** Tell whether the holder of a public key is among those who signed. */
export async function hasSigned(
  by: Algorithms,
  publicKey: Uint8Array,
  { typ, payload, signatures }: Sign,
): Promise<boolean> {
  const kid = await kidOf(by, publicKey);
  const signature = signatures.get(toHex(kid));
  if (!signature) return false;
  const parts = ["Signature", bodyHeader(typ), signerHeader(kid), new Uint8Array(), payload];
  return isSignedBy(by, publicKey, signature, encode(parts));
}
