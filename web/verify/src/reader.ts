/** A worker that finds QR codes in pixels; whoever started it ends it where it takes too long. */

import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";

const worker = self as unknown as DedicatedWorkerGlobalScope;
const HOW = { formats: ["QRCode" as const], tryHarder: true, maxNumberOfSymbols: 20 };

// first the program, answered when it is ready; then pictures, each answered with its texts
worker.onmessage = async ({ data }: MessageEvent<ArrayBuffer | ImageData>) => {
  if (data instanceof ArrayBuffer) {
    await prepareZXingModule({ overrides: { wasmBinary: data }, fireImmediately: true });
    worker.postMessage([]);
    return;
  }
  const codes = await readBarcodes(data, HOW);
  worker.postMessage([...new Set(codes.filter((code) => code.isValid).map((code) => code.text))]);
};
