/** The programs that read pictures and documents, from beside the page; see `program_inside`. */

import pdfiumUrl from "@hyzyla/pdfium/pdfium.wasm";
import zxingUrl from "zxing-wasm/reader/zxing_reader.wasm";

/** Return the address of a worker's script. */
export function script(name: "reader" | "documents"): string {
  return document.querySelector<HTMLMetaElement>(`meta[name="certgraph-${name}"]`)!.content;
}

/** Return a worker's program; raises where it cannot be had. */
export async function program(name: "wasm" | "pdfium"): Promise<ArrayBuffer> {
  const url = name === "wasm" ? zxingUrl : pdfiumUrl;
  const answer = await fetch(new URL(url, import.meta.url));
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.arrayBuffer();
}
