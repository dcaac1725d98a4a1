/** Reading QR codes out of pictures and the camera; loaded when first needed. */

import { isQrText } from "../credential/qr_text";
import { program } from "./program";

/** Longer sides of the picture, in pixels, at which a code is looked for, in turn. */
const SIZES = [1_400, 4_096];
/** How long the camera looks on past a code of something else, in milliseconds. */
const CAMERA_PATIENCE = 2_500;
/** How long one picture may take; more is a picture made to take long. */
const PATIENCE = 10_000;

let ready: Promise<Worker> | undefined;

/** Start the reader; raises where it cannot be had. */
export function prepare(): Promise<Worker> {
  return (ready ??= start().catch((error: unknown) => {
    ready = undefined;
    throw error;
  }));
}

async function start(): Promise<Worker> {
  const { script, wasm } = await program();
  const worker = new Worker(script);
  await answer(worker, wasm);
  return worker;
}

/** Send a message to the worker and return its answer; raises where it breaks or takes too long. */
function answer(worker: Worker, message: ArrayBuffer | ImageData): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("too long")), PATIENCE);
    worker.onmessage = ({ data }: MessageEvent<string[]>) => {
      clearTimeout(timer);
      resolve(data);
    };
    worker.onerror = (event) => {
      clearTimeout(timer);
      reject(new Error(event.message));
    };
    worker.postMessage(message);
  });
}

/** Return the texts in pixels; none where the reader did not come to an end, and was ended. */
async function read(pixels: ImageData): Promise<string[]> {
  const worker = await prepare();
  try {
    return await answer(worker, pixels);
  } catch {
    worker.terminate();
    ready = undefined;
    return [];
  }
}

const canvas = document.createElement("canvas");
const drawing = canvas.getContext("2d", { willReadFrequently: true })!;

function textsAt(
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
  return read(drawing.getImageData(0, 0, canvas.width, canvas.height));
}

/** Return the texts of all QR codes in a picture file; raises where it is no picture. */
export async function readPicture(file: Blob): Promise<string[]> {
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
        if (performance.now() - since > CAMERA_PATIENCE) return texts[0];
      }
      await new Promise(requestAnimationFrame);
    }
    return null;
  } finally {
    for (const track of camera.getTracks()) track.stop();
    video.srcObject = null;
  }
}
