/** Hashes, Ed25519 and zlib: the browser's where it has them, else in JavaScript on demand. */

import { fromHex } from "./encoding";

/** What verification asks of a platform. */
export interface Algorithms {
  /** Which of the two verifies signatures; for the page to tell. */
  name: "webcrypto" | "javascript";
  sha256(data: Uint8Array): Promise<Uint8Array>;
  /** Ed25519 without cofactor (R = sB - kA, as bytes); range checks are the caller's. */
  verify(publicKey: Uint8Array, signature: Uint8Array, message: Uint8Array): Promise<boolean>;
  /** PBKDF2-HMAC-SHA256. */
  pbkdf2(secret: Uint8Array, salt: Uint8Array, rounds: number, bytes: number): Promise<Uint8Array>;
  /** Return what a whole zlib stream holds; raises for anything else, or more than `longest`. */
  inflate(data: Uint8Array, longest: number): Promise<Uint8Array>;
}

/** A public key: RFC 8032, section 7.1, test 1. */
const TEST_KEY = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

type Bytes = Uint8Array<ArrayBuffer>;

const NATIVE: Algorithms = {
  name: "webcrypto",
  sha256: async (data) => new Uint8Array(await crypto.subtle.digest("SHA-256", data as Bytes)),
  verify: async (publicKey, signature, message) => {
    const key = await importKey(publicKey).catch(() => null); // not on the curve
    return (
      key !== null && crypto.subtle.verify("Ed25519", key, signature as Bytes, message as Bytes)
    );
  },
  pbkdf2: async (secret, salt, rounds, bytes) => {
    const name = "PBKDF2";
    const key = await crypto.subtle.importKey("raw", secret as Bytes, name, false, ["deriveBits"]);
    const how = { name, hash: "SHA-256", salt: salt as Bytes, iterations: rounds };
    return new Uint8Array(await crypto.subtle.deriveBits(how, key, bytes * 8));
  },
  inflate: async (data, longest) => {
    const stream = new Blob([data as Bytes]).stream();
    const reader = stream.pipeThrough(new DecompressionStream("deflate")).getReader();
    const found = new Uint8Array(longest);
    for (let at = 0; ;) {
      const { done, value } = await reader.read();
      if (done) return found.subarray(0, at);
      if (at + value.length > longest) {
        await reader.cancel();
        throw new RangeError("more than declared");
      }
      found.set(value, at);
      at += value.length;
    }
  },
};

function importKey(publicKey: Uint8Array): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", publicKey as Bytes, "Ed25519", false, ["verify"]);
}

async function hasEd25519(): Promise<boolean> {
  try {
    await importKey(fromHex(TEST_KEY));
    return true;
  } catch {
    return false; // an old kernel, or a page that did not come by https
  }
}

let found: Promise<Algorithms> | undefined;

/** Return this browser's algorithms; what it lacks is loaded. */
export function algorithms(): Promise<Algorithms> {
  return (found ??= choose());
}

async function choose(): Promise<Algorithms> {
  if (typeof DecompressionStream === "function" && (await hasEd25519())) return NATIVE;
  const { JAVASCRIPT } = await import("./javascript");
  const { sha256, pbkdf2 } = globalThis.crypto?.subtle ? NATIVE : JAVASCRIPT;
  return { ...JAVASCRIPT, sha256, pbkdf2 };
}
