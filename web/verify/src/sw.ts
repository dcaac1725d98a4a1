/** The service worker: keeps one version of the page, whole, for visits without a network. */

/** Set by the build: name of this version, and the files that make it up. */
declare const VERSION: string;
declare const FILES: string[];
/** Set by the build: files that are fetched when they are first needed. */
declare const LATER: string[];

const worker = self as unknown as ServiceWorkerGlobalScope;
const CACHE = `certgraph-${VERSION}`;
const PAGE = "../v";
/** How long the network may take for the page, in milliseconds, where a copy is kept. */
const PATIENCE = 3_000;

worker.addEventListener("install", (event) => {
  const keep = async () => {
    const cache = await caches.open(CACHE);
    const requests = [PAGE, ...FILES].map((file) => new Request(file, { cache: "reload" }));
    await cache.addAll(requests);
    await worker.skipWaiting();
  };
  event.waitUntil(keep());
});

worker.addEventListener("activate", (event) => {
  const takeOver = async () => {
    const names = await caches.keys();
    await Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name)));
    await worker.clients.claim();
  };
  event.waitUntil(takeOver());
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const { pathname } = new URL(request.url);
  if (request.method === "POST" && request.mode === "navigate") event.respondWith(lookup(request));
  if (request.method !== "GET") return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (pathname.includes("/v/")) event.respondWith(file(request));
});

async function page(request: Request): Promise<Response> {
  const kept = await caches.match(PAGE);
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), PATIENCE);
  try {
    const answer = await fetch(request, kept ? { signal: stop.signal } : {});
    return answer.status >= 500 && kept ? kept : answer;
  } catch (error) {
    if (kept) return kept;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** A lookup that does not reach the service comes back to the page, which says so. */
function lookup(request: Request): Promise<Response> {
  return fetch(request).catch(() => Response.redirect("../v?unreached", 303));
}

/** Files that are large and seldom needed are kept once they were. */
async function file(request: Request): Promise<Response> {
  const kept = await caches.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok && LATER.some((name) => request.url.endsWith(name))) {
    const cache = await caches.open(CACHE);
    await cache.put(request, answer.clone());
  }
  return answer;
}
