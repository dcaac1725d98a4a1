/** What is on the screen; shown anew when the trust data or the language change. */

import type { Algorithms } from "../credential/algorithms";
import { WORDING } from "../credential/generated/wording";
import { isQrText } from "../credential/qr_text";
import { questionOf, withRegister } from "../credential/register";
import { verify } from "../credential/verification";
import type { Words } from "../credential/wording";
import { batchView, type Row } from "./batch";
import { byId, el } from "./dom";
import { askRegister } from "./register";
import { type Checked, resultView, verdictBox } from "./result";
import { now, type TrustStore } from "./trust_store";
import { type Key, language, t } from "./words";

/** Texts shorter than this are no certificate, but perhaps its number. */
const SHORTEST = 120;

/** Names of files that may hold a scan; others in a folder are passed over. */
const SCAN = /\.(png|jpe?g|webp|bmp|gif|avif|heic|heif|tiff?|pdf|txt)$/i;

/** Largest file of texts, in bytes, and most texts of one; more is for the command line. */
const LARGEST_TEXT = 20_000_000;
const MOST_TEXTS = 5_000;

/** A code that was read, or what to say where none was. */
interface Found {
  source: string;
  text?: string;
  problem?: () => Words;
}

/** The answer, and what it is made of. */
export class Screen {
  /** Whether newer trust data is being fetched. */
  isUpdating = false;
  /** Called where an answer needs newer trust data than there is. */
  renew: () => void = () => {};
  private paint: () => void | Promise<void> = () => {};
  private painting = 0;
  private turn = 0;

  constructor(
    private readonly store: TrustStore,
    private readonly by: Algorithms,
  ) {}

  /** Show the same again, by the trust data and in the language of now. */
  async repaint(): Promise<void> {
    const result = byId("result");
    this.painting += 1;
    result.setAttribute("aria-busy", "true");
    try {
      await this.paint();
    } finally {
      this.painting -= 1;
      if (!this.painting) result.removeAttribute("aria-busy");
    }
  }

  /** Verify what somebody pasted or typed: one code, several, or something else. */
  async showTyped(text: string): Promise<void> {
    const pieces = text.split(/[\s"'“”]+/).filter(Boolean);
    if (pieces.length > 1 && pieces.every((piece) => /^http/i.test(piece) && isQrText(piece))) {
      return this.showRows(pieces.map((piece, at) => ({ source: String(at + 1), text: piece })));
    }
    const whole = pieces.join(""); // a line break, or quotes, came in on the way
    if (whole.length >= SHORTEST || /^https?:/i.test(whole)) return this.showText(whole);
    byId<HTMLDetailsElement>("lookup").open = true;
    return this.showProblem("not_a_code");
  }

  /** Verify one text. */
  async showText(text: string): Promise<void> {
    const turn = this.next();
    this.paint = async () => {
      if (!this.store.trust && this.isUpdating) return say("checking");
      const [checked] = await this.check([text]);
      const isCurrent = turn === this.turn && checked!.trust === this.store.trust;
      if (isCurrent) this.showChecked(checked!, this.again(), `${turn}`);
    };
    await this.repaint();
  }

  /** Begin another answer; newer trust data are asked for where it is time. */
  private next(): number {
    if (!this.store.isOnline && !this.isUpdating) this.renew();
    return ++this.turn;
  }

  /** Read and verify files: one with one code as that certificate, more as a table. */
  async showFiles(files: File[]): Promise<void> {
    const turn = this.next();
    const found: Found[] = [];
    const scans = files.length > 1 ? inOrder(files) : files;
    this.paint = () => {};
    say("loading_scanner");
    try {
      const { prepare, readPicture } = await import("./scanner");
      await prepare();
      for (const [done, file] of scans.entries()) {
        say("progress", { done, all: scans.length });
        for (const code of await codesIn(file, readPicture)) found.push(code);
        if (turn !== this.turn) return;
      }
    } catch {
      return this.showProblem("scanner_failed");
    }
    const [first] = found;
    if (!first) return this.showProblem("unread");
    if (found.length > 1) return this.showRows(found);
    if (first.text !== undefined) return this.showText(first.text);
    return this.showWords(first.problem!);
  }

  /** Say what went wrong on the way in. */
  showProblem(key: Key): Promise<void> {
    const title = () => WORDING[language()][key === "not_a_code" ? "not_ours" : "unreadable"].title;
    return this.showWords(() => ({ title: title(), line: t(key) }));
  }

  private async showWords(words: () => Words): Promise<void> {
    const turn = ++this.turn;
    this.paint = () => {
      const { title, line } = words();
      put(el("article", {}, verdictBox("warn", "–", title, line), this.again()), `${turn}`);
    };
    await this.repaint();
  }

  private async showRows(found: Found[]): Promise<void> {
    const turn = this.next();
    this.paint = async () => {
      const { trust } = this.store;
      const rows = await this.rows(found);
      if (turn !== this.turn || trust !== this.store.trust) return;
      const back = el("button", { type: "button", click: () => this.repaint() }, t("results"));
      const actions = el("p", { class: "actions" }, back);
      const open = (row: Row) => this.showChecked(row.checked!, actions, `${turn}/${row.source}`);
      put(el("article", {}, batchView(rows, open), this.again()), `${turn}`);
    };
    await this.repaint();
  }

  private async rows(found: Found[]): Promise<Row[]> {
    const checked = await this.check(found.flatMap(({ text }) => text ?? []));
    return found.map(({ source, text, problem }) =>
      text === undefined ? { source, problem: problem!() } : { source, checked: checked.shift()! },
    );
  }

  /** Verify texts here; while online, the register is asked for those that are right. */
  private async check(texts: string[]): Promise<Checked[]> {
    const { trust, isOnline, isClockWrong } = this.store;
    const at = now();
    const gap: Key | null = this.isUpdating ? "updating" : this.store.gap;
    const checkOne = async (text: string): Promise<Checked> => {
      const verification = await verify(text, trust, this.by, at);
      return { verification, trust, isOnline, isClockWrong, gap, at, by: this.by, dueOn: null };
    };
    const found = await Promise.all(texts.map(checkOne));
    return isOnline ? this.registered(texts, found) : found;
  }

  private async registered(texts: string[], found: Checked[]): Promise<Checked[]> {
    const ask = ({ verification }: Checked, at: number) =>
      questionOf(texts[at]!, verification, this.by);
    const questions = await Promise.all(found.map(ask));
    try {
      const entries = await askRegister(questions.filter((one) => one !== null));
      return found.map((checked, at) => {
        if (!questions[at]) return checked;
        const entry = entries.shift()!;
        const verification = withRegister(checked.verification, entry);
        return { ...checked, verification, dueOn: entry.registrationDueOn };
      });
    } catch {
      return found.map((checked) => ({ ...checked, isOnline: false, gap: "not_online" as const }));
    }
  }

  private showChecked(checked: Checked, actions: HTMLElement, id: string): void {
    put(el("div", {}, resultView(checked), actions), id);
  }

  private again(): HTMLElement {
    const print = () => window.print();
    const reset = () => this.reset();
    return el(
      "p",
      { class: "actions" },
      el("button", { type: "button", click: print }, t("print")),
      el("button", { type: "button", click: reset }, t("again")),
    );
  }

  /** Put the answer away. */
  reset(): void {
    this.turn++;
    this.paint = () => {};
    leaveAddress();
    byId("result").replaceChildren();
    byId("announcer").textContent = "";
    byId<HTMLTextAreaElement>("text").value = "";
    document.body.classList.remove("answered");
    byId("camera").focus();
  }
}

/** Take the certificate out of the address, where another is shown. */
export function leaveAddress(): void {
  if (location.hash) history.replaceState(null, "", location.pathname + location.search);
}

let shown = "";

/** Show an answer; shown again, what somebody typed and was told about a document stays. */
function put(view: HTMLElement, id: string): void {
  const result = byId("result");
  const isSame = id === shown && result.contains(document.activeElement);
  const comparison = id === shown ? result.querySelector(".compare") : null;
  const active = isSame ? (document.activeElement as HTMLElement) : null;
  if (comparison?.getAttribute("lang") === language()) {
    view.querySelector(".compare")?.replaceWith(comparison);
  }
  result.replaceChildren(view);
  document.body.classList.add("answered");
  const heading = view.querySelector<HTMLElement>("#verdict")!;
  const box = heading.closest<HTMLElement>(".verdict");
  byId("announcer").textContent = box ? box.innerText : heading.innerText;
  if (active?.isConnected) active.focus({ preventScroll: true });
  else if (id !== shown || isSame) heading.focus({ preventScroll: true });
  if (id !== shown) result.scrollIntoView({ block: "nearest" });
  shown = id;
}

/** Show that something goes on. */
function say(key: Key, values?: Record<string, number>): void {
  shown = "";
  byId("result").replaceChildren(el("p", { class: "note" }, t(key, values)));
  byId("announcer").textContent = t(key, values);
}

const nameOf = (file: File) => file.webkitRelativePath || file.name;

/** Return the files one would see in a folder, as it lists them. */
function inOrder(files: File[]): File[] {
  const { compare } = new Intl.Collator(language(), { numeric: true });
  return files
    .filter(({ name }) => !name.startsWith(".") && SCAN.test(name))
    .sort((one, other) => compare(nameOf(one), nameOf(other)));
}

/** Return the words of a text file, each perhaps a code; raises where they are too many. */
async function textsIn(file: File): Promise<string[]> {
  if (file.size > LARGEST_TEXT) throw new RangeError("larger than any list of codes");
  return (await file.text()).split(/\s+/).filter(Boolean).slice(0, MOST_TEXTS);
}

async function codesIn(
  file: File,
  readPicture: (file: Blob) => Promise<string[]>,
): Promise<Found[]> {
  const source = nameOf(file);
  const problem = (words: () => Words): Found[] => [{ source, problem: words }];
  let texts: string[];
  try {
    const isText = file.name.toLowerCase().endsWith(".txt");
    texts = isText ? await textsIn(file) : await readPicture(file);
  } catch {
    return problem(() => ({ title: WORDING[language()].not_ours.title, line: t("unread") }));
  }
  if (!texts.length) return problem(() => WORDING[language()].unreadable);
  const ours = texts.filter(isQrText);
  return (ours.length ? ours : texts.slice(0, 1)).map((text) => ({ source, text }));
}
