/** What is in the files that somebody chose: a row for each code, and for each file without. */

import { type Codes, hasUnread } from "../codes";
import { findCodes } from "../credential/found_codes";
import { WORDING } from "../credential/generated/wording";
import { isQrText } from "../credential/qr_text";
import type { Words } from "../credential/wording";
import { MOST_PAGES, readPages, readPicture, Unreadable } from "./scanner";
import { type Key, language, t } from "./words";

/** A code that was read, or what to say where none was. */
export interface Found {
  source: string;
  text?: string;
  problem?: () => Words;
}

/** All that was found, and what was left out. */
export interface Reading {
  found: Found[];
  /** Lines of texts that hold nothing like a code. */
  words: number;
  /** Files that a system keeps for itself, as `.DS_Store`. */
  hidden: string[];
  /** Files that were not read any more, since somebody said stop. */
  left: number;
}

/** Largest file of texts, in bytes; more is for the command line. */
const LARGEST_TEXT = 50_000_000;
const HIDDEN = /(^|\/)(\.|~\$|__MACOSX\/|(eh)?thumbs\.db$|desktop\.ini$|icon\r$)/i;
const TEXT = /\.(txt|csv|tsv|md|jsonl?)$/i;
/** Kinds that are not read, with what to say of them. */
const NOT_READ: [RegExp, Key][] = [
  [/\.(heic|heif)$/i, "unread_heic"],
  [/\.(docx?|wps|pptx?)$/i, "unread_office"],
  [/\.(xlsx?|et)$/i, "unread_table"],
  [/\.ofd$/i, "unread_ofd"],
  [/\.(zip|rar|7z)$/i, "unread_archive"],
  [/\.svg$/i, "unread_drawing"],
];

export const nameOf = (file: File): string => file.webkitRelativePath || file.name;

/** Read files in the order of people, while `goOn` says so. */
export async function readFiles(
  files: File[],
  goOn: (done: number, all: number) => boolean,
): Promise<Reading> {
  const { compare } = new Intl.Collator(language(), { numeric: true });
  const isHidden = (file: File) => files.length > 1 && HIDDEN.test(nameOf(file));
  const scans = files.filter((file) => !isHidden(file));
  scans.sort((one, other) => compare(nameOf(one), nameOf(other)));
  const hidden = files.filter(isHidden).map(nameOf);
  const reading: Reading = { found: [], words: 0, hidden, left: 0 };
  for (const [done, file] of scans.entries()) {
    if (!goOn(done, scans.length)) {
      reading.left = scans.length - done;
      break;
    }
    await readOne(file, reading);
  }
  return reading;
}

async function readOne(file: File, reading: Reading): Promise<void> {
  const source = nameOf(file);
  const add = (one: Omit<Found, "source">, where = source) =>
    reading.found.push({ source: where, ...one });
  try {
    if (!file.size) return void add({ problem: problem("unread_empty") });
    const start = await beginningOf(file);
    if (start.includes("%PDF-")) return await readAll(file, true, add);
    if (/^(II\*\0|MM\0\*)/.test(start)) return await readAll(file, false, add);
    if (/\.svg$/i.test(file.name)) return addDrawing(await textOf(file), add);
    if (TEXT.test(file.name)) {
      const { found, words } = foundIn(await textOf(file), source);
      for (const one of found) reading.found.push(one);
      reading.words += words;
      return;
    }
    addCodes(await readPicture(file), (place) => source + place, add);
  } catch (error) {
    const known = await kindOf(file);
    add({ problem: problem(error instanceof Unreadable ? `unread_${error.reason}` : known) });
  }
}

type Add = (one: Omit<Found, "source">, where?: string) => void;

async function readAll(file: File, isPdf: boolean, add: Add): Promise<void> {
  let number = 0;
  let all = 0;
  const page = (which: string, place = "") =>
    `${nameOf(file)}${place} ${t("page", { page: which })}`;
  for await (const { codes, problem: why, pages } of readPages(file, isPdf)) {
    all = pages;
    number += 1;
    const which = pages > 1 || isPdf ? String(number) : undefined;
    const where = (place: string) => (which ? page(which, place) : nameOf(file) + place);
    if (why) add({ problem: problem(`unread_${why}`) }, where(""));
    else addCodes(codes, where, add);
  }
  if (all > MOST_PAGES) {
    add({ problem: problem("unread_more_pages") }, page(`${MOST_PAGES + 1}-${all}`));
  }
}

/** Add the certificates of one picture, others where there is none, and a code that is unread. */
function addCodes(codes: Codes, where: (place: string) => string, add: Add): void {
  const ours = codes.texts.filter(isQrText);
  const all: Omit<Found, "source">[] = (ours.length ? ours : codes.texts).map((text) => ({ text }));
  const say = (key: "unreadable" | "code_beside") => ({ problem: () => WORDING[language()][key] });
  if (!all.length) all.push(say("unreadable"));
  else if (hasUnread(codes)) all.push(say("code_beside"));
  for (const [at, one] of all.entries()) add(one, where(all.length > 1 ? ` [${at + 1}]` : ""));
}

/** Add the code whose text a drawing states, as our own do. */
function addDrawing(text: string, add: Add): void {
  const { codes } = findCodes(text);
  for (const code of codes) add({ text: code });
  if (!codes.length) add({ problem: problem("unread_drawing") });
}

/** Return the certificates and other codes of a text, one entry each. */
export function foundIn(text: string, source: string): { found: Found[]; words: number } {
  const { codes, others, words } = findCodes(text);
  const texts = [...codes, ...others];
  const place = (at: number) => (texts.length > 1 ? `${source} [${at + 1}]` : source);
  if (texts.length)
    return { found: texts.map((one, at) => ({ source: place(at), text: one })), words };
  return { found: [{ source, problem: problem("unread_no_code_in_text") }], words: 0 };
}

/** Return what to say of a file that cannot be read, by its content or else by its name. */
async function kindOf(file: File): Promise<Key> {
  const start = await beginningOf(file).catch(() => "");
  if (start.slice(4, 8) === "ftyp") return "unread_heic";
  if (/^(\x89PNG|\xff\xd8|GIF8|RIFF|BM)/.test(start)) return "unread_damaged";
  return NOT_READ.find(([kind]) => kind.test(file.name))?.[1] ?? "unread_not_a_picture";
}

function problem(key: Key): () => Words {
  return () => ({ title: WORDING[language()].not_opened.title, line: t(key) });
}

async function beginningOf(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.slice(0, 1_024).arrayBuffer());
  return String.fromCharCode(...bytes);
}

/** Return a text that people saved: UTF-8, UTF-16 or GB 18030, with or without its mark. */
async function textOf(file: File): Promise<string> {
  if (file.size > LARGEST_TEXT) throw new Unreadable("too_large");
  const bytes = new Uint8Array(await file.arrayBuffer());
  const zeros = (from: number) => bytes.filter((byte, at) => at % 2 === from && !byte).length;
  const [first, second] = bytes;
  const many = bytes.length / 4;
  if ((first === 0xff && second === 0xfe) || zeros(1) > many) {
    return new TextDecoder("utf-16le").decode(bytes);
  }
  if ((first === 0xfe && second === 0xff) || zeros(0) > many) {
    return new TextDecoder("utf-16be").decode(bytes);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("gb18030").decode(bytes);
  }
}
