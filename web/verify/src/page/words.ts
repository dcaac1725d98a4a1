/** The page's own words, in the language chosen. */

import WORDS from "../../../../src/certgraph/verify_page/words.json";
import type { Language } from "../credential/wording";
import { byId } from "./dom";

export type Key = keyof typeof WORDS.zh;

let chosen: Language = "zh";

/** Return the language shown. */
export const language = (): Language => chosen;

/** Return a text of the page, its places in braces filled. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  return WORDS[chosen][key].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name]));
}

/** Show a language; `data-t` names the text of an element that came with the page. */
export function speak(wanted: Language): void {
  chosen = wanted;
  document.documentElement.lang = t("lang");
  document.title = t("title");
  byId<HTMLInputElement>("lookup-language").value = wanted;
  for (const element of document.querySelectorAll<HTMLElement>("[data-t]")) {
    element.textContent = t(element.dataset["t"] as Key);
  }
}
