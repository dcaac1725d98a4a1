/** Puts answers on the screen, and says that something goes on. */

import { byId, el } from "./dom";
import { type Key, language, t } from "./words";

/** Take the certificate out of the address, where another is shown. */
export function leaveAddress(): void {
  if (location.hash) history.replaceState(null, "", location.pathname + location.search);
}

const RUNNING = "running";
let shown = "";

/** Show an answer; shown again, what somebody typed about a document, and what was said of it, stays. */
export function put(view: HTMLElement, id: string): void {
  const result = byId("result");
  const isSame = id === shown && result.contains(document.activeElement);
  const comparison = id === shown ? result.querySelector(".compare") : null;
  const active = isSame ? (document.activeElement as HTMLElement) : null;
  if (comparison?.getAttribute("lang") === language()) {
    view.querySelector(".compare")?.replaceWith(comparison);
  }
  result.replaceChildren(view);
  document.body.classList.add("answered");
  document.body.classList.toggle("is-table", view.querySelector("table") !== null);
  const heading = view.querySelector<HTMLElement>("#verdict")!;
  const box = heading.closest<HTMLElement>(".verdict");
  byId("announcer").textContent = box ? box.innerText : heading.innerText;
  if (active?.isConnected) active.focus({ preventScroll: true });
  else if (id !== shown || isSame) heading.focus({ preventScroll: true });
  if (id !== shown) result.scrollIntoView({ block: "nearest" });
  shown = id;
}

/** Show that something goes on, and perhaps how to stop it. */
export function say(key: Key, values?: Record<string, number>, stop?: () => void): void {
  const result = byId("result");
  const running = shown === RUNNING && stop ? result.querySelector(".progress") : null;
  if (running) {
    running.textContent = t(key, values); // the button stays, and what has the focus
  } else {
    const note = el("p", { class: "note progress" }, t(key, values));
    const end = stop && el("button", { type: "button", click: stop }, t("stop"));
    result.replaceChildren(note, end ? el("p", { class: "actions" }, end) : "");
  }
  shown = stop ? RUNNING : "";
  byId("announcer").textContent = t(key, values);
}
