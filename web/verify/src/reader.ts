/** A worker that finds QR codes in pixels; whoever started it ends it where it takes too long. */

import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";
import { isQrText } from "./credential/qr_text";
import { type Grey, enlarged, greyOf, isBlank, pixelsOf, sharpened } from "./greys";
import { COARSE, type Look } from "./messages";

const worker = self as unknown as DedicatedWorkerGlobalScope;
const HOW = {
  formats: ["QRCode" as const],
  tryHarder: true,
  maxNumberOfSymbols: 20,
  returnErrors: true,
};

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
  const texts = new Set<string>();
  // codes of something else, and other certificates, may be clearer than a certificate's
  let isDone = await addTexts(pixels, texts);
  if (again && isDone && pixels.width * pixels.height <= COARSE) {
    // beside a clear code an unclear one is not even seen before it is sharpened
    isDone = await addTexts(pixelsOf(sharpened(greyOf(pixels), AGAIN[0]![0])), texts);
  }
  if (again && !isDone) await addAgain(greyOf(pixels), texts);
  worker.postMessage([...texts]);
};

/** Add the texts in pixels; tell whether a certificate's is there, and no other code unread. */
async function addTexts(pixels: ImageData, texts: Set<string>): Promise<boolean> {
  const codes = await readBarcodes(pixels, HOW);
  for (const code of codes) if (code.isValid) texts.add(code.text);
  return codes.every((code) => code.isValid) && [...texts].some(isQrText);
}

async function addAgain(grey: Grey, texts: Set<string>): Promise<void> {
  if (!texts.size && isBlank(grey)) return;
  for (const [radius, times] of AGAIN) {
    if (grey.width * grey.height * times ** 2 > MOST_ENLARGED) continue;
    const sharp = radius ? sharpened(grey, radius) : grey;
    if (await addTexts(pixelsOf(enlarged(sharp, times)), texts)) return;
  }
}
