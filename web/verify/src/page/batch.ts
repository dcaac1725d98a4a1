/** Many scans at once: a table, and the same as CSV for a spreadsheet. */

import { dayOf, toDate } from "../credential/days";
import type { Words } from "../credential/wording";
import { el } from "./dom";
import { basisOf, type Checked, levelOf } from "./result";
import { type Said, said } from "./saying";
import { t } from "./words";

/** One code with its result, or a file in which none was found, and why. */
export interface Row {
  source: string;
  checked?: Checked;
  problem?: Words;
}

const date = (instant?: number) => (instant === undefined ? "" : toDate(dayOf(instant)));

function saidOf({ checked, problem }: Row): Said {
  return checked ? said(checked) : { ...problem!, tone: "warn", icon: "–" };
}

/** Most lines of the table; the CSV holds all. */
const MOST_LINES = 1_000;

/** Return a table of results; `open` shows one of them whole. */
export function batchView(rows: Row[], open: (row: Row) => void): HTMLElement {
  const lines = rows.slice(0, MOST_LINES).map((row) => {
    const { checked } = row;
    const claims = checked?.verification.claims;
    const { tone, icon, title } = saidOf(row);
    const what = claims && `${claims.certificateName} · ${levelOf(claims.level)}`;
    const source = checked
      ? el("button", { type: "button", class: "link", click: () => open(row) }, row.source)
      : row.source;
    return el(
      "tr",
      { class: tone },
      el("th", { scope: "row" }, source),
      el("td", {}, el("span", { "aria-hidden": "true", class: "mark" }, icon), ` ${title}`),
      el("td", {}, claims?.holderName),
      el("td", {}, what),
      el("td", {}, claims?.number),
    );
  });
  const keys = ["column_source", "column_result", "holder", "certificate", "number"] as const;
  const heads = keys.map((key) => el("th", { scope: "col" }, t(key)));
  const first = rows.find(({ checked }) => checked)?.checked;
  return el(
    "section",
    {},
    el("h2", { id: "verdict", tabindex: "-1" }, `${t("results")} (${rows.length})`),
    el("ul", { class: "counts" }, ...counts(rows)),
    first && el("p", { class: "small" }, basisOf(first)),
    first?.gap && el("p", { class: "note" }, t(first.gap, { as_of: oldest(rows) })),
    el(
      "p",
      { class: "actions" },
      el("a", { class: "button", download: "certificates.csv", href: csvUrl(rows) }, t("csv")),
    ),
    el(
      "div",
      { class: "wide", tabindex: "0", role: "region", "aria-label": t("results") },
      el("table", {}, el("thead", {}, el("tr", {}, ...heads)), el("tbody", {}, ...lines)),
    ),
  );
}

function counts(rows: Row[]): HTMLElement[] {
  const found = new Map<string, number>();
  for (const row of rows) {
    const { icon, title } = saidOf(row);
    found.set(`${icon} ${title}`, (found.get(`${icon} ${title}`) ?? 0) + 1);
  }
  return [...found].map(([what, count]) => el("li", {}, `${what}: ${count}`));
}

function oldest(rows: Row[]): string {
  const dates = rows.map(({ checked }) => date(checked?.verification.statusAsOf)).filter(Boolean);
  return dates.sort()[0] ?? "–";
}

/** The columns of the command line's CSV. */
const COLUMNS: [string, (row: Row) => string | number | null | undefined][] = [
  ["source", (row) => row.source],
  ["verdict", ({ checked }) => checked?.verification.verdict ?? "unreadable"],
  ["check", ({ checked }) => checked?.verification.decisive],
  ["reason", ({ checked }) => checked?.verification.reason],
  ["number", ({ checked }) => checked?.verification.claims?.number],
  ["holder_name", ({ checked }) => checked?.verification.claims?.holderName],
  ["certificate", ({ checked }) => checked?.verification.claims?.certificateName],
  ["level", ({ checked }) => checked?.verification.claims?.level],
  [
    "standard",
    ({ checked }) => {
      const claims = checked?.verification.claims;
      return claims && `${claims.standardCode} ${claims.standardVersion}`;
    },
  ],
  ["issued_on", ({ checked }) => date(checked?.verification.claims?.issuedAt)],
  ["expires_on", ({ checked }) => date(checked?.verification.claims?.expiresAt)],
  ["masked_document", ({ checked }) => checked?.verification.claims?.maskedDocument],
  ["issuer", ({ checked }) => checked?.verification.issuerKey?.organization.name],
  [
    "issuer_left_on",
    ({ checked }) => {
      const issuer = checked?.verification.issuerKey?.organization;
      return issuer?.hasLeft ? toDate(issuer.stateSince) : "";
    },
  ],
  ["status_as_of", ({ checked }) => date(checked?.verification.statusAsOf)],
  [
    "message",
    (row) => {
      const { title, line } = saidOf(row);
      return `${title} — ${line}`;
    },
  ],
  ["document_matches", () => ""],
];

/** Return a cell that a spreadsheet takes for text, never for a formula. */
function cell(value: string | number | null | undefined): string {
  const text = String(value ?? "");
  const safe = /^[=+\-@＝＋－＠\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

let shown = "";

function csvUrl(rows: Row[]): string {
  const lines = rows.map((row) => COLUMNS.map(([, value]) => cell(value(row))).join(","));
  const text = ["\ufeff" + COLUMNS.map(([name]) => name).join(","), ...lines, ""].join("\r\n");
  URL.revokeObjectURL(shown);
  return (shown = URL.createObjectURL(new Blob([text], { type: "text/csv" })));
}
