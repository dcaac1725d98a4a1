/** How one result is shown. */

import type { Algorithms } from "../credential/algorithms";
import { dayOf, toDate, toMinute } from "../credential/days";
import { WORDING } from "../credential/generated/wording";
import { findCodes } from "../credential/found_codes";
import { isHolder } from "../credential/holder_tag";
import { checkWords, reasonWords, stateWords } from "../credential/reasons";
import { place, type Trust } from "../credential/trust_bundle";
import { CHECKS, stateOf, type Verification } from "../credential/verification";
import { el } from "./dom";
import { said } from "./saying";
import { type Key, language, t } from "./words";

/** A result with what it was made by. */
export interface Checked {
  verification: Verification;
  trust: Trust | null;
  /** Whether that was compared with the service's just now, and the register asked. */
  isOnline: boolean;
  /** Whether the service has another date than this device. */
  isClockWrong: boolean;
  /** Why newer trust data is not in use; null where there is nothing to tell. */
  gap: Key | null;
  /** Seconds since 1970, by this device's clock. */
  at: number;
  by: Algorithms;
  /** Last day for entering it on the platform, where the register says that it is not yet. */
  dueOn: string | null;
  /** The text that was verified. */
  text: string;
  /** Whether the document number that was typed matches; null before one was. */
  matches: boolean | null;
}

/** What a result is shown with. */
export interface Shown {
  /** File that it came from; undefined where it was no file. */
  source?: string;
  /** What was left over where it was found. */
  notes?: string[];
  /** Where the same certificate was before, among several. */
  sameAs?: string;
  /** Whether the document number that was typed matches. */
  compared(matches: boolean): void;
}

const date = (instant: number) => toDate(dayOf(instant));

/** Return a verdict as it is shown alone: icon, title, line. */
export function verdictBox(tone: string, icon: string, title: string, line: string): HTMLElement {
  return el(
    "div",
    { class: `verdict ${tone}` },
    el("p", { class: "icon", "aria-hidden": "true" }, icon),
    el("div", {}, el("h2", { tabindex: "-1", id: "verdict" }, title), el("p", {}, line)),
  );
}

/** Return a result's verdict as it is shown. */
export function verdictOf(checked: Checked): HTMLElement {
  const { tone, icon, title, line } = said(checked);
  return verdictBox(tone, icon, title, line);
}

/** Return everything that is said about one certificate. */
export function resultView(checked: Checked, shown: Shown): HTMLElement {
  const { verification, gap } = checked;
  const { claims, statusAsOf } = verification;
  const tone = said({ ...checked, matches: null }).tone;
  const asOf = statusAsOf === undefined ? "–" : toMinute(statusAsOf);
  const { source, sameAs, notes } = shown;
  const view = el(
    "article",
    {},
    verdictOf(checked),
    source && el("p", { class: "small source" }, t("from_file", { source })),
    sameAs && el("p", { class: "note" }, t("same_as", { source: sameAs })),
    ...(notes ?? []).map((note) => el("p", { class: "note" }, note)),
    gap && claims && el("p", { class: "note" }, t(gap, { as_of: asOf })),
    claims && leftNote(verification),
    claims && certificate(checked),
    claims && tone !== "bad" && comparison(checked, shown),
    checkList(checked),
  );
  if (claims) void addReceipt(view, checked.text);
  return view;
}

/** Add what only a print shows; its program is loaded meanwhile, and missed by nobody. */
async function addReceipt(view: HTMLElement, text: string): Promise<void> {
  const { receipt } = await import("./receipt");
  view.append(receipt(findCodes(text).codes[0] ?? text));
}

function leftNote({ issuerKey }: Verification): HTMLElement | null {
  const { hasLeft, stateSince } = issuerKey!.organization;
  const line = WORDING[language()].left.line.replace("{left_on}", toDate(stateSince));
  return hasLeft ? el("p", { class: "note" }, line) : null;
}

/** Return a certificate's outcomes as (name or number, credits). */
export function outcomesOf({ verification, trust }: Checked): [string, number][] {
  const { standardCode, standardVersion, outcomes } = verification.claims!;
  const standard = trust?.standards.get(place(standardCode, standardVersion));
  return outcomes.map(({ number, text, creditsTenths }) => [
    text ?? standard?.outcomes.get(number!) ?? String(number),
    creditsTenths / 10,
  ]);
}

/** Return the level in words. */
export function levelOf(level: number): string {
  return WORDING[language()].levels[level] ?? String(level);
}

function certificate(checked: Checked): HTMLElement {
  const { claims, issuerKey } = checked.verification;
  const { name, nameEn } = issuerKey!.organization;
  const { standardCode, standardVersion, expiresAt } = claims!;
  const standard = checked.trust?.standards.get(place(standardCode, standardVersion))?.name;
  const outcomes = outcomesOf(checked).map(([outcome, credits]) =>
    el("li", {}, `${outcome} · ${credits} ${t("credits")}`),
  );
  const facts: [Key, (string | HTMLElement | null | undefined)?][] = [
    ["holder", el("strong", {}, claims!.holderName)],
    ["certificate", claims!.certificateName],
    ["level", levelOf(claims!.level)],
    ["standard", [standard, standardCode, standardVersion].filter(Boolean).join(" · ")],
    ["outcomes", outcomes.length ? el("ul", {}, ...outcomes) : null],
    ["issuer", (language() === "en" && nameEn) || name],
    ["issued_on", date(claims!.issuedAt)],
    ["expires_on", expiresAt === undefined ? t("no_end") : date(expiresAt)],
    ["masked_document", claims!.maskedDocument],
    ["number", claims!.number],
  ];
  const rows = facts.map(
    ([key, value]) => value && el("div", {}, el("dt", {}, t(key)), el("dd", {}, value)),
  );
  return el("dl", {}, ...rows);
}

function comparison(checked: Checked, { compared }: Shown): HTMLElement {
  const { verification, by } = checked;
  const claims = verification.claims!;
  const answer = el("p", { role: "status" });
  const tell = (matches: boolean) => {
    const no = WORDING[language()].document_no.title;
    answer.className = `verdict ${matches ? "good" : "bad"}`;
    answer.textContent = matches ? `✔\ufe0e ${t("document_yes")}` : `✘\ufe0e ${no}`;
  };
  if (checked.matches !== null) tell(checked.matches);
  const compare = async (event: Event) => {
    event.preventDefault();
    const typed = new FormData(event.target as HTMLFormElement).get("document") as string;
    if (!typed.trim()) return;
    const matches = await isHolder(claims, typed, by);
    tell(matches);
    compared(matches);
  };
  const form = el(
    "form",
    { class: "row", submit: compare },
    el(
      "label",
      {},
      t("document_label"),
      el("input", { name: "document", autocomplete: "off", maxlength: "40", spellcheck: "false" }),
    ),
    el("button", {}, t("document_go")),
  );
  const byEye = claims.maskedDocument
    ? t("document_masked")
    : WORDING[language()].document_none.line;
  return el(
    "section",
    { class: "compare", lang: language() },
    el("h3", {}, t("compare_title")),
    el("p", {}, t("compare_line")),
    claims.holderTag && form,
    claims.holderTag && answer,
    !claims.holderTag && el("p", {}, byEye),
  );
}

const MARKS = { passed: "✔\ufe0e", failed: "✘\ufe0e", could_not_run: "–" };

function checkList(checked: Checked): HTMLElement {
  const { verification, by } = checked;
  const rows = CHECKS.map((check) => {
    const state = stateOf(verification, check);
    const mark = el("span", { "aria-hidden": "true" }, MARKS[state]);
    const isDecisive = verification.decisive === check && verification.reason;
    const reason = isDecisive && reasonWords(verification.reason!, language());
    const why = reason ? t("why", { reason }) : "";
    const ended = `${stateWords(state, language())}${why}`;
    return el("li", { class: state }, mark, ` ${checkWords(check, language())} – ${ended}`);
  });
  return el(
    "div",
    {},
    el(
      "details",
      {},
      el("summary", {}, t("checks")),
      el("ol", {}, ...rows),
      stateOf(verification, "signature") !== "could_not_run" && el("p", {}, t(`by_${by.name}`)),
    ),
    el("p", { class: "small" }, basisOf(checked)),
  );
}

/** Return when this was checked, and by what. */
export function basisOf({ trust, at }: Checked): string {
  const list = trust?.trustList;
  const basis = list && t("trust_at", { sequence: list.sequence, date: date(list.issuedAt) });
  return [t("checked_at", { now: localMinute(at) }), basis].filter(Boolean).join(" · ");
}

function localMinute(at: number): string {
  const offset = new Date(at * 1_000).getTimezoneOffset() * 60;
  return new Date((at - offset) * 1_000).toISOString().slice(0, 16).replace("T", " ");
}
