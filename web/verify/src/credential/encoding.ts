/** Deterministic CBOR (RFC 8949, 4.2.1), restricted to what certificates need; see `encoding.py`. */

export type Item = number | bigint | string | Uint8Array | Item[] | Map<Item, Item>;

/** The bytes are not deterministic CBOR of the allowed kinds. */
export class MalformedEncoding extends Error {}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const HIGHEST = BigInt(Number.MAX_SAFE_INTEGER);

/** Return the one item that `data` holds; integers beyond 2^53 as bigint. */
export function decode(data: Uint8Array, maxDepth = 4): Item {
  const [item, end] = itemAt(data, 0, maxDepth);
  if (end !== data.length) throw new MalformedEncoding(`bytes follow the end, from byte ${end}`);
  return item;
}

function itemAt(data: Uint8Array, start: number, depth: number): [Item, number] {
  const [major, argument, at] = headAt(data, start);
  if (major === 0) return [argument, at];
  if (major === 1) {
    return [typeof argument === "bigint" ? -1n - argument : -1 - argument, at];
  }
  const count = Number(argument);
  const end = at + count;
  if (major > 5 || end > data.length) {
    throw new MalformedEncoding(`not allowed, or ends early, at byte ${start}`);
  }
  if (major === 2) return [data.slice(at, end), end];
  if (major === 3) {
    try {
      return [UTF8.decode(data.subarray(at, end)), end];
    } catch {
      throw new MalformedEncoding(`text is not UTF-8 at byte ${start}`);
    }
  }
  if (depth === 0) throw new MalformedEncoding(`nested too deeply at byte ${start}`);
  return major === 4 ? arrayAt(data, at, count, depth - 1) : mapAt(data, at, count, depth - 1);
}

/** Return major type, number written behind the first byte, and the position after both. */
function headAt(data: Uint8Array, start: number): [number, number | bigint, number] {
  const initial = data[start];
  if (initial === undefined) throw new MalformedEncoding(`ends early, at byte ${start}`);
  const major = initial >> 5;
  const info = initial & 31;
  if (info < 24) return [major, info, start + 1];
  const size = 1 << (info - 24);
  const end = start + 1 + size;
  if (info > 27 || end > data.length) {
    throw new MalformedEncoding(`indefinite or reserved length, or ends early, at byte ${start}`);
  }
  let argument = 0n;
  for (const byte of data.subarray(start + 1, end)) argument = (argument << 8n) | BigInt(byte);
  if (argument < 24n || (size > 1 && argument >> BigInt(4 * size) === 0n)) {
    throw new MalformedEncoding(`number written longer than needed at byte ${start}`);
  }
  return [major, argument > HIGHEST ? argument : Number(argument), end];
}

function arrayAt(data: Uint8Array, start: number, count: number, depth: number): [Item[], number] {
  const items: Item[] = [];
  let at = start;
  while (items.length < count) {
    const [item, end] = itemAt(data, at, depth);
    items.push(item);
    at = end;
  }
  return [items, at];
}

function mapAt(
  data: Uint8Array,
  start: number,
  count: number,
  depth: number,
): [Map<Item, Item>, number] {
  const items = new Map<Item, Item>();
  let at = start;
  let previous = new Uint8Array();
  while (items.size < count) {
    const [key, keyEnd] = itemAt(data, at, 0);
    const encoded = data.slice(at, keyEnd);
    if (compare(encoded, previous) <= 0) {
      throw new MalformedEncoding(`map key repeated or out of order at byte ${at}`);
    }
    previous = encoded;
    const [item, end] = itemAt(data, keyEnd, depth);
    items.set(key, item);
    at = end;
  }
  return [items, at];
}

/** Return less than, equal to or more than 0 as `one` sorts before, with or after `other`. */
function compare(one: Uint8Array, other: Uint8Array): number {
  for (let at = 0; at < one.length && at < other.length; at++) {
    const difference = one[at]! - other[at]!;
    if (difference) return difference;
  }
  return one.length - other.length;
}

/** Return the CBOR of `item`; numbers up to 2^32, maps in the order given. */
export function encode(item: Item): Uint8Array {
  if (typeof item === "number") return item < 0 ? head(1, -1 - item) : head(0, item);
  if (typeof item === "string") {
    const bytes = new TextEncoder().encode(item);
    return concat(head(3, bytes.length), bytes);
  }
  if (item instanceof Uint8Array) return concat(head(2, item.length), item);
  if (Array.isArray(item)) return concat(head(4, item.length), ...item.map(encode));
  const pairs = [...(item as Map<Item, Item>)].flat();
  return concat(head(5, pairs.length / 2), ...pairs.map(encode));
}

function head(major: number, argument: number): Uint8Array {
  const first = major << 5;
  if (argument < 24) return Uint8Array.of(first | argument);
  const size = argument < 0x100 ? 0 : argument < 0x10000 ? 1 : 2;
  const bytes = new Uint8Array(1 + (1 << size));
  bytes[0] = first | (24 + size);
  for (let at = bytes.length - 1, rest = argument; at > 0; at--, rest >>>= 8) bytes[at] = rest;
  return bytes;
}

/** Return byte strings one after the other. */
export function concat(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Tell whether two byte strings are the same. */
export function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && compare(one, other) === 0;
}

/** Return bytes as hexadecimal digits. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Return the bytes that hexadecimal digits (an even number) stand for. */
export function fromHex(digits: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}
