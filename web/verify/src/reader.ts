/** A worker that finds QR codes in pixels; whoever started it ends it where it takes too long. */

import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";
import { isQrText } from "./credential/qr_text";
import { type Grey, enlarged, greyOf, isBlank, pixelsOf, sharpened } from "./greys";
import type { Look } from "./messages";

const worker = self as unknown as DedicatedWorkerGlobalScope;
const HOW = { formats: ["QRCode" as const], tryHarder: true, maxNumberOfSymbols: 20 };

/** How a picture without a certificate is tried again: sharpened by this radius, enlarged so many times. */
const AGAIN: [number, number][] = [
  [1.5, 2],
  [2, 3],
  [0, 3],
];
/** Pixels of an enlarged picture: a page of A4 at 150 dpi three times as wide. */
const MOST_ENLARGED = 24_000_000;

// first the program, answered when it is ready; then pictures, each answered with its texts
worker.onmessage = async ({ data }: MessageEvent<ArrayBuffer | Look>) => {
  if (data instanceof ArrayBuffer) {
    await prepareZXingModule({ overrides: { wasmBinary: data }, fireImmediately: true });
    worker.postMessage([]);
    return;
  }
  const { pixels, again } = data;
  const texts = new Set(await textsIn(pixels));
  // codes of something else are often clearer than a certificate's
  if (again && !hasOurs(texts)) await addAgain(greyOf(pixels), texts);
  worker.postMessage([...texts]);
};

const hasOurs = (texts: Set<string>) => [...texts].some(isQrText);

async function textsIn(pixels: ImageData): Promise<string[]> {
  const codes = await readBarcodes(pixels, HOW);
  return [...new Set(codes.filter((code) => code.isValid).map((code) => code.text))];
}

async function addAgain(grey: Grey, texts: Set<string>): Promise<void> {
  if (!texts.size && isBlank(grey)) return;
  for (const [radius, times] of AGAIN) {
    if (grey.width * grey.height * times ** 2 > MOST_ENLARGED) continue;
    const sharp = radius ? sharpened(grey, radius) : grey;
    for (const text of await textsIn(pixelsOf(enlarged(sharp, times)))) texts.add(text);
    if (hasOurs(texts)) return;
  }
}
