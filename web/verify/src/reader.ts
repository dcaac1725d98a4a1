/** A worker that finds QR codes in pixels; whoever started it ends it where it takes too long. */

import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";
import { add, apartIn, type Codes, codesOf, none } from "./codes";
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
/** The same for a picture that is too large to be enlarged. */
const AGAIN_LARGE: [number, number] = [1.5, 1];
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
  const isSure = await addCodes(pixels, codes);
  if (again) await addAgain(greyOf(pixels), codes, isSure);
  worker.postMessage(codes);
};

/** Add the codes in pixels; tell whether nothing else looks like a code. */
async function addCodes(pixels: ImageData, codes: Codes): Promise<boolean> {
  const symbols = await readBarcodes(pixels, HOW);
  add(codes, codesOf(symbols, pixels.width));
  return symbols.every(({ isValid }) => isValid);
}

/**
 * Look again where no code is a certificate's, or another is in sight that cannot be read: codes of
 * something else, and other certificates, may be clearer. A coarse picture is always looked at
 * twice: beside a clear code an unclear one is not even seen before it is sharpened.
 */
async function addAgain(grey: Grey, codes: Codes, isSure: boolean): Promise<void> {
  if (!codes.texts.length && isBlank(grey)) return;
  const size = grey.width * grey.height;
  const fits = AGAIN.filter(([, times]) => size * times ** 2 <= MOST_ENLARGED);
  for (const [at, [radius, times]] of (fits.length ? fits : [AGAIN_LARGE]).entries()) {
    const isDone = isSure && !apartIn(codes).length && codes.texts.some(isQrText);
    if (isDone && (at || size > COARSE)) return;
    const sharp = radius ? sharpened(grey, radius) : grey;
    isSure = await addCodes(pixelsOf(times > 1 ? enlarged(sharp, times) : sharp), codes);
  }
}
