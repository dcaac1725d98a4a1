/** The reader's program, inside the page that is one file. */

/** See `wasm.ts`. */
export async function wasm(): Promise<ArrayBuffer> {
  const base64 = document.getElementById("wasm")!.textContent!;
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)).buffer;
}
