/** The algorithms for browsers that lack them: old kernels, and pages that did not come by https. */

import { Point } from "@noble/ed25519";
import { pbkdf2Async } from "@noble/hashes/pbkdf2.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { inflateSync, Unzlib } from "fflate";

import type { Algorithms } from "./algorithms";
import { concat, isSame, toHex } from "./encoding";

/** Bytes inflated at a time, so that a stream too long is noticed early. */
const STEP = 1_024;

const ORDER = Point.CURVE().n;

const scalar = (bytes: Uint8Array) => BigInt(`0x${toHex(bytes.slice().reverse())}`);

/** See `Algorithms`. */
export const JAVASCRIPT: Algorithms = {
  name: "javascript",
  sha256: async (data) => sha256(data),
  verify: async (publicKey, signature, message) => {
    await new Promise((done) => setTimeout(done)); // the page stays alive between signatures
    let key: Point;
    try {
      key = Point.fromBytes(publicKey);
    } catch {
      return false; // not on the curve
    }
    const r = signature.subarray(0, 32);
    const k = scalar(sha512(concat(r, publicKey, message))) % ORDER;
    const s = scalar(signature.subarray(32));
    return isSame(bothTimes(Point.BASE, s, key.negate(), k).toBytes(), r);
  },
  pbkdf2: (secret, salt, rounds, bytes) =>
    pbkdf2Async(sha256, secret, salt, { c: rounds, dkLen: bytes }),
  inflate: async (data, longest) => {
    const parts: Uint8Array[] = [];
    let size = 0;
    let isWhole = false;
    const stream = new Unzlib((part, isFinal) => {
      size += part.length;
      if (size > longest) throw new RangeError("more than declared");
      parts.push(part);
      isWhole ||= isFinal;
    });
    for (let at = 0; at < data.length; at += STEP) {
      stream.push(data.slice(at, at + STEP), at + STEP >= data.length);
    }
    const found = concat(...parts);
    const checksum = data.subarray(-4).reduce((sum, byte) => sum * 256 + byte, 0);
    if (!isWhole || adler32(found) !== checksum || !endsWithChecksum(data)) {
      throw new RangeError("not a zlib stream");
    }
    return found;
  },
};

/** Tell whether nothing lies between a deflate stream's end and the checksum. */
function endsWithChecksum(data: Uint8Array): boolean {
  try {
    inflateSync(data.slice(2, -5)); // one byte less, and the stream has no end
    return false;
  } catch {
    return true;
  }
}

/** Return one·a + other·b: both scalars bit by bit together, without tables to warm up. */
function bothTimes(one: Point, a: bigint, other: Point, b: bigint): Point {
  const both = one.add(other);
  let sum = Point.ZERO;
  for (let bit = 255n; bit >= 0n; bit--) {
    sum = sum.double();
    const [inOne, inOther] = [(a >> bit) & 1n, (b >> bit) & 1n];
    if (inOne && inOther) sum = sum.add(both);
    else if (inOne) sum = sum.add(one);
    else if (inOther) sum = sum.add(other);
  }
  return sum;
}

/** Return the checksum at the end of a zlib stream (RFC 1950, section 8.2). */
function adler32(data: Uint8Array): number {
  let [low, high] = [1, 0];
  for (const byte of data) {
    low = (low + byte) % 65_521;
    high = (high + low) % 65_521;
  }
  return high * 65_536 + low;
}
