/** What is on the screen; shown anew when the trust data or the language change. */

import type { Algorithms } from "../credential/algorithms";
import { WORDING } from "../credential/generated/wording";
import { fromQrText } from "../credential/qr_text";
import { verify } from "../credential/verification";
import type { Words } from "../credential/wording";
import { batchView, type Row } from "./batch";
import { byId, el } from "./dom";
import { type Checked, resultView, verdictBox } from "./result";
import { now, type TrustStore } from "./trust_store";
import { type Key, language, t } from "./words";

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
  private paint: () => void | Promise<void> = () => {};
  private turn = 0;

  constructor(
    private readonly store: TrustStore,
    private readonly by: Algorithms,
  ) {}

  /** Show the same again, by the trust data and in the language of now. */
  async repaint(): Promise<void> {
    await this.paint();
  }

  /** Verify one text. */
  async showText(text: string): Promise<void> {
    const turn = ++this.turn;
    this.paint = async () => {
      if (!this.store.trust && this.isUpdating) return say("checking");
      const checked = await this.check(text);
      if (turn === this.turn) this.showChecked(checked, this.again());
    };
    await this.paint();
  }

  /** Read and verify files: one with one code as that certificate, more as a table. */
  async showFiles(files: File[]): Promise<void> {
    const turn = ++this.turn;
    const found: Found[] = [];
    say("loading_scanner");
    try {
      const { prepare, readPicture } = await import("./scanner");
      await prepare();
      for (const [done, file] of inOrder(files).entries()) {
        say("progress", { done, all: files.length });
        found.push(...(await codesIn(file, readPicture)));
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
    return this.showWords(() => ({ title: WORDING[language()].unreadable.title, line: t(key) }));
  }

  private async showWords(words: () => Words): Promise<void> {
    this.turn++;
    this.paint = () => {
      const { title, line } = words();
      put(el("article", {}, verdictBox("warn", "–", title, line), this.again()));
    };
    await this.paint();
  }

  private async showRows(found: Found[]): Promise<void> {
    const turn = ++this.turn;
    this.paint = async () => {
      const rows = await Promise.all(found.map((one) => this.row(one)));
      if (turn !== this.turn) return;
      const back = el("button", { type: "button", click: () => this.repaint() }, t("results"));
      const open = (row: Row) =>
        this.showChecked(row.checked!, el("p", { class: "actions" }, back));
      put(el("article", {}, batchView(rows, open), this.again()));
    };
    await this.paint();
  }

  private async row({ source, text, problem }: Found): Promise<Row> {
    return text === undefined
      ? { source, problem: problem!() }
      : { source, checked: await this.check(text) };
  }

  private async check(text: string): Promise<Checked> {
    const { trust, isOnline } = this.store;
    const at = now();
    const verification = await verify(text, trust, this.by, at);
    return { verification, trust, isOnline, at, by: this.by };
  }

  private showChecked(checked: Checked, actions: HTMLElement): void {
    const note = this.isUpdating && el("p", { class: "note" }, t("updating"));
    put(el("div", {}, note, resultView(checked), actions));
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

  private reset(): void {
    this.turn++;
    this.paint = () => {};
    history.replaceState(null, "", location.pathname + location.search);
    byId("result").replaceChildren();
    byId("announcer").textContent = "";
    byId<HTMLTextAreaElement>("text").value = "";
    document.body.classList.remove("answered");
    byId("camera").focus();
  }
}

/** Show an answer, and have it read aloud; what somebody is typing into the last one stays. */
function put(view: HTMLElement): void {
  const before = byId("result").querySelector("input");
  const wasTyping = before !== null && before === document.activeElement;
  byId("result").replaceChildren(view);
  document.body.classList.add("answered");
  const heading = view.querySelector<HTMLElement>("#verdict")!;
  byId("announcer").textContent = heading.parentElement!.innerText;
  const field = view.querySelector("input");
  if (field && before) field.value = before.value;
  (wasTyping && field ? field : heading).focus({ preventScroll: true });
  if (!wasTyping) heading.scrollIntoView({ block: "nearest" });
}

/** Show that something goes on. */
function say(key: Key, values?: Record<string, number>): void {
  byId("result").replaceChildren(el("p", { class: "note" }, t(key, values)));
  byId("announcer").textContent = t(key, values);
}

const nameOf = (file: File) => file.webkitRelativePath || file.name;

/** Return the files one would see in a folder, as it lists them. */
function inOrder(files: File[]): File[] {
  const { compare } = new Intl.Collator(language(), { numeric: true });
  return files
    .filter(({ name }) => !name.startsWith("."))
    .sort((one, other) => compare(nameOf(one), nameOf(other)));
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
    texts = isText ? (await file.text()).split(/\s+/).filter(Boolean) : await readPicture(file);
  } catch {
    return problem(() => ({ title: WORDING[language()].not_ours.title, line: t("unread") }));
  }
  if (!texts.length) return problem(() => WORDING[language()].unreadable);
  const ours = texts.filter(isOurs);
  return (ours.length ? ours : texts.slice(0, 1)).map((text) => ({ source, text }));
}

function isOurs(text: string): boolean {
  try {
    fromQrText(text);
    return true;
  } catch {
    return false;
  }
}
