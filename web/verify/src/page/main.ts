/** The verify page: what comes in is verified here, by trust data that is kept here. */

import { algorithms } from "../credential/algorithms";
import type { Language } from "../credential/wording";
import { byId, el } from "./dom";
import { Screen } from "./screen";
import { leaveAddress } from "./show";
import { TrustPanel } from "./trust_panel";
import { TrustStore } from "./trust_store";
import { connect } from "./ways_in";
import { language, speak, t } from "./words";

const meta = (name: string) =>
  document.querySelector<HTMLMetaElement>(`meta[name="certgraph-${name}"]`)?.content ?? "";

/** Trust data that is inside the page, where it is one file. */
const inside = document.getElementById("bundle")?.textContent?.trim();

async function start(): Promise<void> {
  speak(firstLanguage());
  const by = await algorithms();
  const store = new TrustStore(meta("roots"), by);
  const screen = new Screen(store, by);
  const panel = new TrustPanel(store, screen);
  connectLanguage(screen, panel);
  connectLookup(screen);
  document.documentElement.classList.replace("no-js", "js");
  // the lookup is the only way without scripts, else the last one
  byId<HTMLDetailsElement>("lookup").open = byId("result").childElementCount > 0;
  if (!inside) screen.isUpdating = navigator.onLine;
  await store.load(inside ? bytesOf(inside) : undefined);
  panel.show();
  connect({
    address: (fragment) => void (fragment === null ? screen.reset() : screen.showAddress(fragment)),
    scan: (text) => {
      leaveAddress();
      void screen.showAddress(text);
    },
    text: (text) => {
      leaveAddress();
      void screen.showTyped(text);
    },
    problem: (key) => void screen.showProblem(key),
    files: ([file, ...more]) => {
      const isTrust = file?.name.endsWith(".cgtrust") && !more.length;
      if (!isTrust) leaveAddress();
      if (file) void (isTrust ? panel.takeFile(file) : screen.showFiles([file, ...more]));
    },
  });
  if (inside) return;
  screen.renew = () => void panel.update();
  addEventListener("online", screen.renew);
  addEventListener("offline", () => store.goOffline());
  addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && !store.isOnline) screen.renew();
  });
  await Promise.all([panel.update(), installWorker()]);
}

function firstLanguage(): Language {
  const kept = storedLanguage();
  const wanted = new URLSearchParams(location.search).get("lang") ?? kept ?? meta("language");
  return wanted.startsWith("en") ? "en" : "zh";
}

function storedLanguage(): string | null {
  try {
    return localStorage.getItem("language");
  } catch {
    return null; // storage is off
  }
}

function connectLanguage(screen: Screen, panel: TrustPanel): void {
  const link = byId<HTMLAnchorElement>("language");
  link.addEventListener("click", (event) => {
    event.preventDefault();
    const served = byId("result").querySelector("[data-served]");
    speak(language() === "zh" ? "en" : "zh");
    try {
      localStorage.setItem("language", language());
    } catch {
      // storage is off: the choice lasts for this visit
    }
    panel.show();
    if (served && navigator.onLine) return byId<HTMLFormElement>("lookup-form").submit();
    void screen.repaint();
  });
}

/** Without a network nothing is looked up, and what is on the page stays there. */
function connectLookup(screen: Screen): void {
  const offline = () => void screen.showProblem("lookup_offline");
  byId("lookup-form").addEventListener("submit", (event) => {
    if (navigator.onLine) return;
    event.preventDefault();
    offline();
  });
  if (new URLSearchParams(location.search).has("unreached")) {
    history.replaceState(null, "", location.pathname);
    offline();
  }
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** Keep the page itself for visits without a network; tell when there is a newer one. */
async function installWorker(): Promise<void> {
  if (!navigator.serviceWorker) return;
  let isFirst = !navigator.serviceWorker.controller;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (isFirst) {
      isFirst = false;
      return;
    }
    const reload = el("button", { type: "button", click: () => location.reload() }, t("reload"));
    byId("news").replaceChildren(t("new_version"), " ", reload);
  });
  await navigator.serviceWorker.register("v/sw.js", { scope: "v" }).catch(() => undefined);
}

start().catch((error: unknown) => {
  document.documentElement.className = "no-js is-broken"; // says what can still be done
  throw error;
});
