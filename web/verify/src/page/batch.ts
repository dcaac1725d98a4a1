/** Many results at once: a table to sort and filter, and the same as CSV for a spreadsheet. */

import { toMinute } from "../credential/days";
import type { Words } from "../credential/wording";
import { el } from "./dom";
import { csvUrl } from "./csv";
import { basisOf, type Checked, levelOf } from "./result";
import { type Said, said } from "./saying";
import { t } from "./words";

/** One code with its result, or a file in which none was found, and why. */
export interface Row {
  source: string;
  checked?: Checked;
  problem?: Words;
  /** Where the same certificate was before. */
  sameAs?: string;
}

/** How a table is looked at; kept while one of its results is open. */
export interface Look {
  /** Entry of the results shown; null for all. */
  only: string | null;
  /** Column sorted by, and whether downwards; null for the order of the files. */
  by: { column: number; isDown: boolean } | null;
  /** How many lines are shown at most. */
  most: number;
  /** The line to come back to. */
  at: Row | null;
}

/** Lines that are shown at first, and that come with each step. */
const STEP = 1_000;
export const newLook = (): Look => ({ only: null, by: null, most: STEP, at: null });

/** Return what is said about a row. */
export function saidOf({ checked, problem }: Row): Said {
  return checked ? said(checked) : { ...problem!, entry: problem!.title, tone: "warn", icon: "–" };
}

const COLUMNS = ["column_source", "column_result", "holder", "certificate", "number"] as const;
const WORST_FIRST = { bad: 0, warn: 1, good: 2 };

/** Return a table of results; `open` shows one of them whole, `change` shows the table anew. */
export function batchView(
  rows: Row[],
  look: Look,
  notes: string[],
  open: (row: Row) => void,
  change: () => void,
): HTMLElement {
  const sayings = new Map(rows.map((row) => [row, saidOf(row)]));
  const counted = filters([...sayings.values()], look, change);
  const wanted = sorted(
    rows.filter((row) => look.only === null || sayings.get(row)!.entry === look.only),
    look,
    sayings,
  );
  const lines = wanted.slice(0, look.most).map((row) => lineOf(row, sayings.get(row)!, look, open));
  const first = rows.find(({ checked }) => checked)?.checked;
  const gap = first?.gap;
  const more = () => {
    look.most += STEP;
    change();
  };
  const left = wanted.length - lines.length;
  const label = t("more", { count: Math.min(STEP, left), all: wanted.length });
  return el(
    "section",
    { class: "batch" },
    el("h2", { id: "verdict", tabindex: "-1" }, t("results_of", { count: rows.length })),
    el("p", { class: "small hint" }, t("sorted_by")),
    counted,
    ...notes.map((note) => el("p", { class: "note" }, note)),
    first && el("p", { class: "small" }, basisOf(first)),
    gap && el("p", { class: "note" }, t(gap, { as_of: oldest(rows) })),
    el(
      "p",
      { class: "actions" },
      el("a", { class: "button", download: "certificates.csv", href: csvUrl(rows) }, t("csv")),
    ),
    el(
      "div",
      { class: "wide", tabindex: "0", role: "region", "aria-label": t("results") },
      el("table", {}, el("thead", {}, heads(look, change)), el("tbody", {}, ...lines)),
    ),
    left > 0 && el("p", { class: "actions" }, el("button", { type: "button", click: more }, label)),
  );
}

function lineOf(row: Row, { tone, icon, title, line }: Said, look: Look, open: (row: Row) => void) {
  const { checked, sameAs } = row;
  const claims = checked?.verification.claims;
  const what = claims && `${claims.certificateName} · ${levelOf(claims.level)}`;
  const properties = { type: "button", class: "link", click: () => open(row) };
  const source = checked ? el("button", properties, row.source) : row.source;
  if (look.at === row && checked) (source as HTMLElement).id = "come-back";
  return el(
    "tr",
    { class: tone },
    el("th", { scope: "row" }, source),
    el(
      "td",
      {},
      el("span", { "aria-hidden": "true", class: "mark" }, icon),
      ` ${title}`,
      !checked && el("span", { class: "small" }, ` ${line}`),
      sameAs && el("span", { class: "small" }, ` ${t("same_as", { source: sameAs })}`),
    ),
    el("td", { class: "holder" }, claims?.holderName),
    el("td", {}, what),
    el("td", { class: "number" }, claims?.number),
  );
}

/** Return how many there are of each result; each shows these alone. */
function filters(sayings: Said[], look: Look, change: () => void): HTMLElement {
  const counts = new Map<string, { what: string; count: number }>();
  for (const { icon, title, entry } of sayings) {
    counts.set(entry, { what: `${icon} ${title}`, count: (counts.get(entry)?.count ?? 0) + 1 });
  }
  if (look.only !== null && !counts.has(look.only)) look.only = null; // there is none any more
  const button = (what: string, count: number, only: string | null) => {
    const choose = () => {
      look.only = only;
      look.most = STEP;
      change();
    };
    const pressed = String(look.only === only);
    const label = t("count_of", { what, count });
    return el("button", { type: "button", "aria-pressed": pressed, click: choose }, label);
  };
  const each = [...counts].map(([entry, { what, count }]) => button(what, count, entry));
  const all = counts.size > 1 ? [button(t("all_results"), sayings.length, null)] : [];
  return el("p", { class: "counts actions" }, ...all, ...each);
}

function heads(look: Look, change: () => void): HTMLElement {
  const cells = COLUMNS.map((key, column) => {
    const isBy = look.by?.column === column;
    const sort = () => {
      look.by = !isBy
        ? { column, isDown: false }
        : look.by!.isDown
          ? null
          : { column, isDown: true };
      change();
    };
    const order = !isBy ? "none" : look.by!.isDown ? "descending" : "ascending";
    const sign = !isBy ? "" : look.by!.isDown ? " ▼" : " ▲";
    const button = el("button", { type: "button", class: "link", click: sort }, t(key), sign);
    return el("th", { scope: "col", "aria-sort": order }, button);
  });
  return el("tr", {}, ...cells);
}

function sorted(rows: Row[], { by }: Look, sayings: Map<Row, Said>): Row[] {
  if (!by) return rows;
  const { compare } = new Intl.Collator("zh", { numeric: true });
  const textOf = (row: Row): string => {
    const claims = row.checked?.verification.claims;
    const { tone, title } = sayings.get(row)!;
    return (
      [
        row.source,
        `${WORST_FIRST[tone]} ${title}`,
        claims?.holderName,
        claims && `${claims.certificateName} ${claims.level}`,
        claims?.number,
      ][by.column] ?? ""
    );
  };
  const keyed = rows.map((row) => [textOf(row), row] as const);
  keyed.sort(([one], [other]) => (by.isDown ? compare(other, one) : compare(one, other)));
  return keyed.map(([, row]) => row);
}

function oldest(rows: Row[]): string {
  const dates = rows.flatMap(({ checked }) => checked?.verification.statusAsOf ?? []);
  return dates.length ? toMinute(Math.min(...dates)) : "–";
}
