/** What is on the screen; shown anew when the trust data or the language change. */

import type { Algorithms } from "../credential/algorithms";
import { findCodes } from "../credential/found_codes";
import { WORDING } from "../credential/generated/wording";
import type { Words } from "../credential/wording";
import type { Row } from "./batch";
import { Checker } from "./checker";
import { byId, el } from "./dom";
import type { Found, Reading } from "./files";
import { type Checked, resultView, verdictBox, verdictOf } from "./result";
import { leaveAddress, put, say } from "./show";
import type { TrustStore } from "./trust_store";
import { type Key, language, t } from "./words";

/** Says something besides the result, in the language of now. */
type Note = () => string;

/** Texts shorter than this are no certificate, but perhaps its number. */
const SHORTEST = 120;

/** The answer, and what it is made of. */
export class Screen {
  /** Called where an answer needs newer trust data than there is. */
  renew: () => void = () => {};
  private readonly checker: Checker;
  private paint: () => void | Promise<void> = () => {};
  private painting = 0;
  private turn = 0;
  private shown: Checked | null = null;
  private isReading = false;
  private closeRow: (() => void) | null = null;

  constructor(
    private readonly store: TrustStore,
    by: Algorithms,
  ) {
    this.checker = new Checker(store, by);
    addEventListener("popstate", () => {
      const close = this.closeRow;
      this.closeRow = null;
      close?.();
    });
  }

  /** Whether newer trust data is being fetched. */
  get isUpdating(): boolean {
    return this.checker.isUpdating;
  }

  set isUpdating(isUpdating: boolean) {
    this.checker.isUpdating = isUpdating;
  }

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
    const { codes, others, words } = findCodes(text);
    const notes = words ? [() => t("words_left", { count: words, source: t("pasted") })] : [];
    if (codes.length === 1 && !others.length) {
      return this.showText(codes[0]!, undefined, notes);
    }
    if (codes.length) {
      const found = [...codes, ...others].map((one, at) => ({ source: `${at + 1}`, text: one }));
      return this.showRows(found, notes);
    }
    const trimmed = text.trim();
    if (trimmed.length >= SHORTEST || trimmed.includes("://")) return this.showText(trimmed);
    byId<HTMLDetailsElement>("lookup").open = true;
    return this.showProblem("not_a_code");
  }

  /** Verify what is behind the # of the address, perhaps with something behind it. */
  showAddress(fragment: string): Promise<void> {
    return this.showText(findCodes(fragment).codes[0] ?? fragment);
  }

  /** Verify one text. */
  async showText(text: string, source?: string, notes: Note[] = []): Promise<void> {
    const turn = this.next();
    this.paint = async () => {
      if (!this.store.trust && this.isUpdating) return say("checking");
      const [checked] = await this.checker.check([text]);
      const isCurrent = turn === this.turn && checked!.trust === this.store.trust;
      const from = { ...(source ? { source } : {}), notes: notes.map((note) => note()) };
      if (isCurrent) this.showChecked(checked!, this.again(), `${turn}`, from);
    };
    await this.repaint();
  }

  /** Begin another answer; newer trust data are asked for where it is time. */
  private next(): number {
    if (!this.store.isOnline && !this.isUpdating) this.renew();
    this.closeRow = null;
    return ++this.turn;
  }

  /** Read and verify files: one with one code as that certificate, more as a table. */
  async showFiles(files: File[]): Promise<void> {
    if (this.isReading && !confirm(t("stop_running"))) return;
    const turn = this.next();
    this.paint = () => {};
    say("loading_scanner");
    let reading: Reading;
    let isStopped = false;
    const stop = () => {
      isStopped = true;
    };
    this.isReading = files.length > 1;
    try {
      const [{ prepare }, { readFiles }] = await Promise.all([
        import("./scanner"),
        import("./files"),
      ]);
      await prepare();
      reading = await readFiles(files, (done, all) => {
        if (turn === this.turn) say("progress", { done, all }, all > 1 ? stop : undefined);
        return turn === this.turn && !isStopped;
      });
    } catch {
      return this.showProblem(navigator.onLine ? "outdated" : "scanner_failed");
    } finally {
      if (turn === this.turn) this.isReading = false;
    }
    if (turn === this.turn) await this.showReading(reading);
  }

  private showReading({ found, words, hidden, left }: Reading): Promise<void> {
    const [first] = found;
    if (!first) return this.showProblem("unread");
    const names = hidden.slice(0, 3).join(", ") + (hidden.length > 3 ? "…" : "");
    const notes = [
      ...(words ? [() => t("words_left", { count: words, source: t("texts") })] : []),
      ...(hidden.length ? [() => t("passed_over", { count: hidden.length, names })] : []),
      ...(left ? [() => t("stopped", { count: left })] : []),
    ];
    if (found.length > 1 || hidden.length || left) return this.showRows(found, notes);
    const { source, text, problem } = first;
    return text === undefined
      ? this.showWords(problem!, source)
      : this.showText(text, source, notes);
  }

  /** Say what went wrong on the way in. */
  showProblem(key: Key): Promise<void> {
    const kind = key === "not_a_code" ? "no_certificate" : "unreadable";
    return this.showWords(() => ({ title: titleOf(key, kind), line: t(key) }));
  }

  private async showWords(words: () => Words, source?: string): Promise<void> {
    const turn = ++this.turn;
    this.closeRow = null;
    this.paint = () => {
      const { title, line } = words();
      const from = source && el("p", { class: "small source" }, t("from_file", { source }));
      put(el("article", {}, verdictBox("warn", "–", title, line), from, this.again()), `${turn}`);
    };
    await this.repaint();
  }

  private async showRows(found: Found[], notes: Note[]): Promise<void> {
    const turn = this.next();
    const batch = await import("./batch").catch(() => null);
    if (!batch) return this.showProblem(navigator.onLine ? "outdated" : "scanner_failed");
    const look = batch.newLook();
    let opened: number | null = null;
    this.paint = async () => {
      const { trust } = this.store;
      const rows = await this.rows(found);
      if (turn !== this.turn || trust !== this.store.trust) return;
      const open = (row: Row) => {
        opened = rows.indexOf(row);
        look.at = row;
        if (!this.closeRow) history.pushState(null, ""); // so that the browser's Back leads here
        this.closeRow = () => {
          opened = null;
          showTable();
        };
        const back = el("button", { type: "button", click: () => history.back() }, t("back"));
        const print = el("button", { type: "button", click: () => window.print() }, t("print"));
        const actions = el("p", { class: "actions" }, back, print);
        this.showChecked(row.checked!, actions, `${turn}/${opened}`, row);
      };
      const showTable = () => {
        const shown = notes.map((note) => note());
        const view = batch.batchView(rows, look, shown, open, showTable);
        put(el("article", {}, view, this.again()), `${turn}`);
        const line = document.getElementById("come-back");
        look.at = null;
        line?.focus();
        line?.scrollIntoView({ block: "center" });
      };
      if (opened === null) showTable();
      else open(rows[opened]!);
    };
    await this.repaint();
  }

  /** Return rows with their results; the same certificate twice is said. */
  private async rows(found: Found[]): Promise<Row[]> {
    const checked = await this.checker.check(found.flatMap(({ text }) => text ?? []));
    const first = new Map<string, string>();
    return found.map(({ source, text, problem }) => {
      if (text === undefined) return { source, problem: problem!() };
      const one = checked.shift()!;
      const { claims } = one.verification;
      const key = claims && `${claims.issuer}\0${claims.number}`;
      const sameAs = key && first.get(key);
      if (key && !sameAs) first.set(key, source);
      return { source, checked: one, ...(sameAs ? { sameAs } : {}) };
    });
  }

  private showChecked(
    checked: Checked,
    actions: HTMLElement,
    id: string,
    from: { source?: string; sameAs?: string; notes?: string[] },
  ): void {
    this.shown = checked;
    const compared = (matches: boolean) => {
      const now = this.shown!; // verified anew, perhaps, since the number was typed
      now.matches = matches;
      this.checker.matches.set(now.text, matches);
      byId("result").querySelector(".verdict")!.replaceWith(verdictOf(now));
    };
    put(el("div", {}, resultView(checked, { ...from, compared }), actions), id);
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
    this.checker.matches.clear();
    leaveAddress();
    byId("result").replaceChildren();
    byId("announcer").textContent = "";
    byId<HTMLTextAreaElement>("text").value = "";
    document.body.classList.remove("answered", "is-table");
    byId("camera").focus();
  }
}

function titleOf(key: Key, kind: "no_certificate" | "unreadable"): string {
  const isScanner = ["outdated", "scanner_failed", "lookup_offline"].includes(key);
  return isScanner ? t("not_ready_title") : WORDING[language()][kind].title;
}
