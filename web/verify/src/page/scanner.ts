/** Reading QR codes out of pictures, pages and the camera; loaded when first needed. */

import { add, type Codes, hasUnread, none } from "../codes";
import { isQrText } from "../credential/qr_text";
import { COARSE, type Draw, type Drawn, type Look, type Problem, type Take } from "../messages";
import { program, script } from "./program";
import { answer, Helper } from "./worker";

/** Longer sides of the picture, in pixels, at which a code is looked for, in turn. */
const SIZES = [1_400, 4_096];
/** How long the camera looks on past a code of something else, in milliseconds. */
const CAMERA_PATIENCE = 2_500;
/** How long one picture, or one page, may take; more is made to take long. */
const PATIENCE = 15_000;
/** Dots an inch at which a page of a PDF is drawn, in turn. */
const DPIS = [200, 300];
/** Pages of one file that are read. */
export const MOST_PAGES = 1_000;

/** Why a file cannot be read: a key of the page's words behind `unread_`. */
export class Unreadable extends Error {
  constructor(readonly reason: Problem) {
    super(reason);
  }
}

const reader = new Helper<Look, Codes>(async () => {
  const worker = new Worker(script("reader"));
  const wasm = await program("wasm");
  await answer(worker, wasm, PATIENCE, [wasm]);
  return worker;
}, PATIENCE);

const documents = new Helper<Take | Draw, Drawn>(
  () => Promise.resolve(new Worker(script("documents"))),
  PATIENCE,
);
let pdfium: Promise<ArrayBuffer> | undefined;

/** Start the reader; raises where it cannot be had. */
export const prepare = (): Promise<unknown> => reader.prepare();

async function read(pixels: ImageData, again: boolean): Promise<Codes> {
  return (await reader.ask({ pixels, again })) ?? none();
}

const canvas = document.createElement("canvas");
const drawing = canvas.getContext("2d", { willReadFrequently: true })!;

function pixelsAt(
  picture: ImageBitmap | HTMLVideoElement,
  width: number,
  height: number,
  longest: number,
): ImageData {
  const scale = Math.min(1, longest / Math.max(width, height));
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  drawing.fillStyle = "#fff"; // transparency counts as paper
  drawing.fillRect(0, 0, canvas.width, canvas.height);
  drawing.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return drawing.getImageData(0, 0, canvas.width, canvas.height);
}

/** Return all QR codes in a picture file; raises where it is no picture. */
export async function readPicture(file: Blob): Promise<Codes> {
  const picture = await createImageBitmap(file);
  try {
    const { width, height } = picture;
    const found = none();
    for (const longest of width * height <= COARSE ? SIZES.slice(-1) : SIZES) {
      const isLast = Math.max(width, height) <= longest || longest === SIZES[SIZES.length - 1];
      add(found, await read(pixelsAt(picture, width, height, longest), isLast));
      if (hasAll(found) || isLast) break;
    }
    return found;
  } finally {
    picture.close();
  }
}

const hasAll = (codes: Codes): boolean => codes.texts.some(isQrText) && !hasUnread(codes);

/** A page of a document: its codes, or why there are none, and how many pages there are. */
export interface Page {
  codes: Codes;
  problem?: Problem;
  pages: number;
}

/** Yield the pages of a PDF or TIFF; raises `Unreadable` where it has none that can be read. */
export async function* readPages(file: Blob, isPdf: boolean): AsyncGenerator<Page> {
  let pages = await taken(file, isPdf);
  for (let page = 0; page < Math.min(pages, MOST_PAGES); page += 1) {
    try {
      yield { codes: await codesOn(page, isPdf), pages };
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      yield { codes: none(), problem: error.reason, pages };
      // the worker was ended, and knows nothing of the file any more
      if (error.reason !== "too_large") pages = await taken(file, isPdf);
    }
  }
}

/** Let the worker take up a file; return how many pages it has. */
async function taken(file: Blob, isPdf: boolean): Promise<number> {
  if (isPdf) pdfium ??= program("pdfium");
  const wasm = await (isPdf ? pdfium! : null)?.catch(() => {
    pdfium = undefined;
    throw new Unreadable("not_loaded");
  });
  const data = await file.arrayBuffer();
  const answered = await documents.ask({ file: data, program: wasm ?? null }, [data]);
  return expect(answered, "pages").pages;
}

async function codesOn(page: number, isPdf: boolean): Promise<Codes> {
  const found = none();
  for (const dpi of isPdf ? DPIS : DPIS.slice(0, 1)) {
    const { pixels } = expect(await documents.ask({ page, dpi }), "pixels");
    add(found, await read(pixels, true));
    if (hasAll(found)) break;
  }
  return found;
}

function expect<Key extends string>(
  answered: Drawn | null,
  key: Key,
): Extract<Drawn, Record<Key, unknown>> {
  if (answered && key in answered) return answered as Extract<Drawn, Record<Key, unknown>>;
  const reason = answered && "problem" in answered ? answered.problem : "too_long";
  if (reason === "damaged") documents.end(); // what broke on one file is not used for another
  throw new Unreadable(reason);
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
  const [track] = camera.getVideoTracks();
  try {
    video.srcObject = camera;
    await video.play();
    let since: number | null = null;
    while (!stop.aborted) {
      if (track!.readyState === "ended") throw new DOMException("", "AbortError");
      const pixels = pixelsAt(video, video.videoWidth, video.videoHeight, 1_280);
      const { texts } = await read(pixels, false);
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
    for (const one of camera.getTracks()) one.stop();
    video.srcObject = null;
  }
}
