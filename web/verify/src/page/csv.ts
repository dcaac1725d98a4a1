/** Results as CSV for a spreadsheet, in the columns of the command line. */

import { dayOf, toDate } from "../credential/days";
import { type Row, saidOf } from "./batch";
import { isMismatch } from "./saying";

type Cell = string | number | null | undefined;

const date = (instant?: number) => (instant === undefined ? "" : toDate(dayOf(instant)));

function verdictOf({ checked }: Row): string {
  if (!checked) return "unreadable";
  return isMismatch(checked) ? "document_mismatch" : checked.verification.verdict;
}

/** Name → value of each column; stable. */
function cellsOf(row: Row): [string, Cell][] {
  const { source, checked, sameAs } = row;
  const { verification, matches } = checked ?? {};
  const { claims, issuerKey } = verification ?? {};
  const issuer = issuerKey?.organization;
  const { title, line } = saidOf(row);
  return [
    ["source", source],
    ["verdict", verdictOf(row)],
    ["check", verification?.decisive],
    ["reason", verification?.reason],
    ["number", claims?.number],
    ["holder_name", claims?.holderName],
    ["certificate", claims?.certificateName],
    ["level", claims?.level],
    ["standard", claims && `${claims.standardCode} ${claims.standardVersion}`],
    ["issued_on", date(claims?.issuedAt)],
    ["expires_on", date(claims?.expiresAt)],
    ["masked_document", claims?.maskedDocument],
    ["issuer", issuer?.name],
    ["issuer_left_on", issuer?.hasLeft ? toDate(issuer.stateSince) : ""],
    ["status_as_of", date(verification?.statusAsOf)],
    ["message", `${title} — ${line}`],
    ["document_matches", matches == null ? "" : matches ? "yes" : "no"],
    ["same_as", sameAs],
  ];
}

/** Return a cell that a spreadsheet takes for text, never for a formula. */
function cell(value: Cell): string {
  const text = String(value ?? "");
  const safe = /^[=+\-@＝＋－＠\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

let shown = "";

/** Return an address from which the CSV can be saved. */
export function csvUrl(rows: Row[]): string {
  const names = cellsOf(rows[0]!).map(([name]) => name);
  const lines = rows.map((row) => cellsOf(row).map(([, value]) => cell(value)));
  const text = ["\ufeff" + names.join(","), ...lines.map((line) => line.join(",")), ""];
  URL.revokeObjectURL(shown);
  return (shown = URL.createObjectURL(new Blob([text.join("\r\n")], { type: "text/csv" })));
}
