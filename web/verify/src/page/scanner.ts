/** Reading QR codes out of pictures and the camera; loaded when first needed. */

import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";

import { isQrText } from "../credential/qr_text";
import { wasm } from "./wasm";

/** Longer sides of the picture, in pixels, at which a code is looked for, in turn. */
const SIZES = [1_400, 4_096];
const HOW = { formats: ["QRCode" as const], tryHarder: true, maxNumberOfSymbols: 20 };

/** How long the camera looks on past a code of something else, in milliseconds. */
const PATIENCE = 2_500;

let ready: Promise<unknown> | undefined;

/** Load the reader; raises where it cannot be had. */
export function prepare(): Promise<unknown> {
  return (ready ??= (async () => {
    const overrides = { wasmBinary: await wasm() };
    return prepareZXingModule({ overrides, fireImmediately: true });
  })().catch((error: unknown) => {
    ready = undefined;
    throw error;
  }));
}

const canvas = document.createElement("canvas");
const drawing = canvas.getContext("2d", { willReadFrequently: true })!;

async function textsAt(
  picture: ImageBitmap | HTMLVideoElement,
  width: number,
  height: number,
  longest: number,
): Promise<string[]> {
  const scale = Math.min(1, longest / Math.max(width, height));
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  drawing.fillStyle = "#fff"; // transparency counts as paper
  drawing.fillRect(0, 0, canvas.width, canvas.height);
  drawing.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const pixels = drawing.getImageData(0, 0, canvas.width, canvas.height);
  const codes = await readBarcodes(pixels, HOW);
  return [...new Set(codes.filter((code) => code.isValid).map((code) => code.text))];
}

/** Return the texts of all QR codes in a picture file; raises where it is no picture. */
export async function readPicture(file: Blob): Promise<string[]> {
  await prepare();
  const picture = await createImageBitmap(file);
  try {
    const { width, height } = picture;
    const found = new Set<string>();
    for (const longest of SIZES) {
      for (const text of await textsAt(picture, width, height, longest)) found.add(text);
      if ([...found].some(isQrText) || Math.max(width, height) <= longest) break;
    }
    return [...found];
  } finally {
    picture.close();
  }
}

/** Return the text of a QR code once the camera sees one; null after `stop`. */
export async function readCamera(
  video: HTMLVideoElement,
  stop: AbortSignal,
): Promise<string | null> {
  await prepare();
  const camera = await navigator.mediaDevices.getUserMedia({
    video: { facingMode: "environment", width: { ideal: 1_920 }, height: { ideal: 1_080 } },
  });
  try {
    video.srcObject = camera;
    await video.play();
    let since: number | null = null;
    while (!stop.aborted) {
      const texts = await textsAt(video, video.videoWidth, video.videoHeight, 1_280);
      const ours = texts.find(isQrText);
      if (ours !== undefined) return ours;
      if (texts[0] !== undefined) {
        since ??= performance.now();
        if (performance.now() - since > PATIENCE) return texts[0];
      }
      await new Promise(requestAnimationFrame);
    }
    return null;
  } finally {
    for (const track of camera.getTracks()) track.stop();
    video.srcObject = null;
  }
}
