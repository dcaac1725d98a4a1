/** The programs, inside the page that is one file; see `program.ts`. */

function bytesIn(id: string): ArrayBuffer {
  const base64 = document.getElementById(id)!.textContent!;
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)).buffer;
}

/** See `program.ts`. */
export function script(name: "reader" | "documents"): string {
  return URL.createObjectURL(new Blob([bytesIn(name)], { type: "text/javascript" }));
}

/** See `program.ts`. */
export function program(name: "wasm" | "pdfium"): Promise<ArrayBuffer> {
  return Promise.resolve(bytesIn(name));
}
