/** The reader's program, inside the page that is one file. */

import type { Program } from "./program";

function bytesIn(id: string): ArrayBuffer {
  const base64 = document.getElementById(id)!.textContent!;
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)).buffer;
}

/** See `program.ts`. */
export async function program(): Promise<Program> {
  const script = new Blob([bytesIn("reader")], { type: "text/javascript" });
  return { script: URL.createObjectURL(script), wasm: bytesIn("wasm") };
}
