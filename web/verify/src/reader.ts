/** A worker that finds QR codes in pixels; whoever started it ends it where it takes too long. */

import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";
import { add, type Codes, codesOf, none } from "./codes";
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

// first the program, answered when it is ready; then pictures, each answered with its codes
worker.onmessage = async ({ data }: MessageEvent<ArrayBuffer | Look>) => {
  if (data instanceof ArrayBuffer) {
    await prepareZXingModule({ overrides: { wasmBinary: data }, fireImmediately: true });
    worker.postMessage(none());
    return;
  }
  const { pixels, again } = data;
  const codes = none();
  // codes of something else, and other certificates, may be clearer than a certificate's
  let isDone = await addCodes(pixels, codes);
  if (again && isDone && pixels.width * pixels.height <= COARSE) {
    // beside a clear code an unclear one is not even seen before it is sharpened
    isDone = await addCodes(pixelsOf(sharpened(greyOf(pixels), AGAIN[0]![0])), codes);
  }
  if (again && !isDone) await addAgain(greyOf(pixels), codes);
  worker.postMessage(codes);
};

/** Add the codes in pixels; tell whether a certificate's is there, and no other code unread. */
async function addCodes(pixels: ImageData, codes: Codes): Promise<boolean> {
  const symbols = await readBarcodes(pixels, HOW);
  add(codes, codesOf(symbols, pixels.width));
  return symbols.every(({ isValid }) => isValid) && codes.texts.some(isQrText);
}

async function addAgain(grey: Grey, codes: Codes): Promise<void> {
  if (!codes.texts.length && isBlank(grey)) return;
  for (const [radius, times] of AGAIN) {
    if (grey.width * grey.height * times ** 2 > MOST_ENLARGED) continue;
    const sharp = radius ? sharpened(grey, radius) : grey;
    if (await addCodes(pixelsOf(enlarged(sharp, times)), codes)) return;
  }
}
