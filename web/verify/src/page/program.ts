/** The reader's program, from beside the page; the page in one file has it inside. */

import wasmUrl from "zxing-wasm/reader/zxing_reader.wasm";

/** The address of the worker's script, and the program it runs. */
export interface Program {
  script: string;
  wasm: ArrayBuffer;
}

/** Return the program; raises where it cannot be had. */
export async function program(): Promise<Program> {
  const answer = await fetch(new URL(wasmUrl, import.meta.url));
  if (!answer.ok) throw new Error(String(answer.status));
  const { content } = document.querySelector<HTMLMetaElement>('meta[name="certgraph-reader"]')!;
  return { script: content, wasm: await answer.arrayBuffer() };
}
