/** A worker that draws the pages of PDF and TIFF files; started when the first one comes. */

import { type PDFiumDocument, PDFiumLibrary } from "@hyzyla/pdfium";
import { decode, decodeImage, type IFD, toRGBA8 } from "utif2";
import type { Draw, Drawn, Problem, Take } from "./messages";

const worker = self as unknown as DedicatedWorkerGlobalScope;
/** Points an inch, in which PDF measures pages. */
const POINTS = 72;
const MOST_PIXELS = 36_000_000;

class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem);
  }
}

let library: PDFiumLibrary | undefined;
let open: PDFiumDocument | undefined;
let draw: (page: number, dpi: number) => Promise<ImageData>;

worker.onmessage = async ({ data }: MessageEvent<Take | Draw>) => {
  let answer: Drawn;
  try {
    answer = "file" in data ? await taken(data) : { pixels: await draw(data.page, data.dpi) };
  } catch (error) {
    answer = { problem: error instanceof Refused ? error.problem : "damaged" };
  }
  worker.postMessage(answer);
};

async function taken({ file, program }: Take): Promise<Drawn> {
  if (!program) return tiff(file);
  library ??= await PDFiumLibrary.init({ wasmBinary: program });
  open?.destroy(); // or its memory would stay taken
  open = undefined;
  let document: PDFiumDocument;
  try {
    document = open = await library.loadDocument(new Uint8Array(file));
  } catch (error) {
    throw new Refused(/password/i.test(String(error)) ? "password" : "damaged");
  }
  draw = async (number, dpi) => {
    const page = document.getPage(number);
    const { originalWidth, originalHeight } = page.getOriginalSize();
    const finest = Math.sqrt(MOST_PIXELS / Math.max(1, originalWidth * originalHeight));
    const { width, height, data } = await page.render({ scale: Math.min(dpi / POINTS, finest) });
    return new ImageData(new Uint8ClampedArray(data), width, height);
  };
  return { pages: document.getPageCount() };
}

function tiff(file: ArrayBuffer): Drawn {
  cutCircle(file);
  const pages = decode(file).filter((page) => "t256" in page);
  if (!pages.length) throw new Refused("damaged");
  draw = (number) => pixelsOf(file, pages[number]!);
  return { pages: pages.length };
}

async function pixelsOf(file: ArrayBuffer, page: IFD): Promise<ImageData> {
  const width = numberOf(page, "t256");
  const height = numberOf(page, "t257");
  if (width * height > MOST_PIXELS) throw new Refused("too_large");
  if (numberOf(page, "t259", 1) === JPEG) return ofJpegs(file, page, width, height);
  decodeImage(file, page);
  const data = ofInks(page) ?? new Uint8ClampedArray(toRGBA8(page));
  page.data = new Uint8Array(); // one page in memory is enough
  return new ImageData(data, page.width, page.height);
}

/** Compression 7: strips or tiles, each a JPEG (TIFF Technical Note 2). */
const JPEG = 7;

const numberOf = (page: IFD, tag: string, otherwise = 0): number =>
  (page[tag] as number[] | undefined)?.[0] ?? otherwise;

/** Draw the JPEGs of a page: the browser knows them all, the library not those in grey. */
async function ofJpegs(file: ArrayBuffer, page: IFD, width: number, height: number) {
  const isTiled = "t324" in page;
  const offsets = page[isTiled ? "t324" : "t273"] as number[];
  const counts = page[isTiled ? "t325" : "t279"] as number[];
  const wide = isTiled ? numberOf(page, "t322") : width;
  const high = isTiled ? numberOf(page, "t323") : numberOf(page, "t278", height);
  const across = Math.ceil(width / wide);
  const tables = Uint8Array.from((page["t347"] as number[] | undefined) ?? []);
  const drawing = new OffscreenCanvas(width, height).getContext("2d")!;
  for (const [at, offset] of offsets.entries()) {
    const part = new Uint8Array(file, offset, counts[at]!);
    // the tables' end and the part's beginning are left out between them
    const whole = tables.length ? [tables.subarray(0, -2), part.subarray(2)] : [part];
    const picture = await createImageBitmap(new Blob(whole, { type: "image/jpeg" }));
    drawing.drawImage(picture, (at % across) * wide, Math.floor(at / across) * high);
    picture.close();
  }
  return drawing.getImageData(0, 0, width, height);
}

/** Return the colours of a page in cyan, magenta, yellow and black; null of others. */
function ofInks(page: IFD): Uint8ClampedArray<ArrayBuffer> | null {
  const { data, width, height } = page;
  const samples = numberOf(page, "t277", 1);
  const isInks = numberOf(page, "t262") === 5 && samples === 4 && numberOf(page, "t258") === 8;
  if (!isInks || data.length < width * height * 4) return null;
  const colours = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let at = 0; at < colours.length; at += 4) {
    const light = 255 - data[at + 3]!;
    for (let part = 0; part < 3; part += 1) {
      colours[at + part] = ((255 - data[at + part]!) * light) / 255;
    }
  }
  return colours;
}

/** End the list of pages where it leads back to one that was there: the library would go round. */
function cutCircle(file: ArrayBuffer): void {
  const view = new DataView(file);
  const isLittle = view.getUint8(0) === 0x49;
  const seen = new Set<number>();
  for (let from = 4; ;) {
    if (from + 4 > file.byteLength) return;
    const at = view.getUint32(from, isLittle);
    if (!at || at + 2 > file.byteLength) return;
    if (seen.has(at)) return view.setUint32(from, 0, isLittle);
    seen.add(at);
    from = at + 2 + 12 * view.getUint16(at, isLittle);
  }
}
