/** The reader's program, from beside the page; the page in one file has it inside. */

import url from "zxing-wasm/reader/zxing_reader.wasm";

/** Return the program's bytes; raises where they cannot be had. */
export async function wasm(): Promise<ArrayBuffer> {
  const answer = await fetch(new URL(url, import.meta.url));
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.arrayBuffer();
}
