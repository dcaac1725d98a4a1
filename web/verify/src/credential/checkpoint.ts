/** Heads of the log of certificates, as signed notes (C2SP tlog-checkpoint); see `checkpoint.py`. */

import type { Algorithms } from "./algorithms";
import { concat, isSame } from "./encoding";
import { isSignedBy } from "./signature";

/** A head of the log: its name, how many entries it has, the root of their tree. */
export interface Checkpoint {
  origin: string;
  size: bigint;
  root: Uint8Array;
}

/** Printable ASCII but the plus sign. */
const NAME = "[!-*,-~]{1,200}";
const BASE64 = "[A-Za-z0-9+/]+={0,2}";
const LINES = `(?:— ${NAME} ${BASE64}\\n)+`;
const NOTE = new RegExp(`^((${NAME})\\n(0|[1-9][0-9]{0,18})\\n(${BASE64})\\n)\\n(${LINES})$`);
const ID_BYTES = 4;
const LARGEST = 10_000;

/** Return the head in a note that one of the log's keys signed; null where none did. */
export async function openCheckpoint(
  note: Uint8Array,
  keys: Uint8Array[],
  by: Algorithms,
): Promise<Checkpoint | null> {
  try {
    if (note.length > LARGEST) return null;
    const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    const [, text, origin, size, encoded, lines] = NOTE.exec(utf8.decode(note)) ?? [];
    if (!lines || BigInt(size!) >= 1n << 63n) return null;
    const root = fromBase64(encoded!);
    const made = lines
      .slice(0, -1)
      .split("\n")
      .map((line) => line.split(" "))
      .map(([, name, signature]) => [name!, fromBase64(signature!)] as const);
    if (root.length !== 32) return null;
    const signed = new TextEncoder().encode(text);
    for (const key of keys) {
      const id = await keyId(origin!, key, by);
      for (const [name, line] of made) {
        if (name !== origin || !isSame(line.slice(0, ID_BYTES), id)) continue;
        if (await isSignedBy(by, key, line.slice(ID_BYTES), signed)) {
          return { origin, size: BigInt(size!), root };
        }
      }
    }
  } catch {
    // not UTF-8, or not base64: no checkpoint
  }
  return null;
}

async function keyId(name: string, publicKey: Uint8Array, by: Algorithms): Promise<Uint8Array> {
  const content = concat(new TextEncoder().encode(`${name}\n`), Uint8Array.of(1), publicKey);
  return (await by.sha256(content)).slice(0, ID_BYTES);
}

function fromBase64(text: string): Uint8Array {
  const binary = atob(text);
  if (btoa(binary) !== text) throw new TypeError("not base64 as it is written");
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
