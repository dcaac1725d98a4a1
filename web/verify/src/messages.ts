/** What the page and its workers say to each other. */

/** Pixels up to which a picture is taken for a coarse scan; see `scanning/pictures.py`. */
export const COARSE = 6_000_000;

/** Pixels in which the reader looks, and whether it tries again where there is no code. */
export interface Look {
  pixels: ImageData;
  again: boolean;
}

/** A file to take up, with the program for PDF where it is one. */
export interface Take {
  file: ArrayBuffer;
  program: ArrayBuffer | null;
}

/** A page of the file to draw. */
export interface Draw {
  page: number;
  dpi: number;
}

/** Why a document, or a page of it, cannot be read. */
export type Problem = "password" | "damaged" | "too_large" | "too_long" | "not_loaded";

/** How many pages a document has, a page's pixels, or why not. */
export type Drawn = { pages: number } | { pixels: ImageData } | { problem: Problem };
