/** The trust data this browser holds, and how it gets newer. */

import type { Algorithms } from "../credential/algorithms";
import { fromHex } from "../credential/encoding";
import { openTrustBundle, reopenTrustBundle, type Trust } from "../credential/trust_bundle";
import type { Roots } from "../credential/trust_list";

const BUNDLE = "trust/bundle.cgtrust";
const PATIENCE = 10_000;

export type Update = "taken" | "current" | "unreachable";

/** Seconds since 1970 by this device's clock. */
export const now = (): number => Math.floor(Date.now() / 1_000);

/** Return the root keys that came with the page: threshold, then keys in hexadecimal digits. */
export function rootsOf(text: string): Roots {
  const [threshold, ...keys] = text.split(" ");
  return { threshold: Number(threshold), keys: keys.map(fromHex) };
}

/** Trust data in force, kept from visit to visit under the root keys it was taken by. */
export class TrustStore {
  trust: Trust | null = null;
  /** Whether the data was compared with the service's during this visit. */
  isOnline = false;
  /** Whether this browser remembers it. */
  isKept = true;
  private data = new Uint8Array();
  private readonly roots: Roots;

  constructor(
    private readonly installed: string,
    private readonly by: Algorithms,
  ) {
    this.roots = rootsOf(installed);
  }

  /** Take up what an earlier visit left or, failing that, `inside`; whatever its dates are now. */
  async load(inside?: Uint8Array<ArrayBuffer>): Promise<void> {
    let data: Uint8Array<ArrayBuffer> | undefined;
    try {
      data = await withStore("readonly", (store) => store.get(this.installed));
    } catch {
      this.isKept = false;
    }
    await this.reopen(data ?? inside).catch(() => this.reopen(inside));
    if (data && inside) await this.take(inside).catch(() => undefined);
  }

  private async reopen(data: Uint8Array<ArrayBuffer> | undefined): Promise<void> {
    if (!data) return;
    this.trust = await reopenTrustBundle(data, this.roots, this.by);
    this.data = data;
  }

  /** Take a bundle that is not behind the one held; raises `Untrusted`. */
  async take(data: Uint8Array<ArrayBuffer>): Promise<void> {
    const held = this.trust ?? undefined;
    try {
      this.trust = await openTrustBundle(data, this.roots, this.by, now(), held);
    } catch (error) {
      // out of date by this device's clock: verification says so, where there is nothing better
      if (!held) await this.reopen(data);
      throw error;
    }
    this.data = data;
    try {
      await withStore("readwrite", (store) => store.put(data, this.installed));
      this.isKept = true;
    } catch {
      this.isKept = false;
    }
  }

  /** Ask the service for newer data; raises `Untrusted` where its answer is refused. */
  async update(): Promise<Update> {
    let data: Uint8Array<ArrayBuffer>;
    try {
      data = await fetched(BUNDLE);
    } catch {
      return "unreachable";
    }
    const isNew = data.length !== this.data.length || data.some((b, at) => b !== this.data[at]);
    if (isNew) await this.take(data);
    this.isOnline = true;
    return isNew ? "taken" : "current";
  }
}

async function fetched(url: string): Promise<Uint8Array<ArrayBuffer>> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), PATIENCE);
  try {
    const answer = await fetch(url, { cache: "no-cache", signal: stop.signal });
    if (!answer.ok) throw new Error(String(answer.status));
    return new Uint8Array(await answer.arrayBuffer());
  } finally {
    clearTimeout(timer);
  }
}

function asPromise<Value>(request: IDBRequest<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function withStore<Value>(
  mode: IDBTransactionMode,
  use: (store: IDBObjectStore) => IDBRequest,
): Promise<Value> {
  const opening = indexedDB.open("certgraph", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("trust");
  const database = await asPromise(opening);
  try {
    return (await asPromise(
      use(database.transaction("trust", mode).objectStore("trust")),
    )) as Value;
  } finally {
    database.close();
  }
}
