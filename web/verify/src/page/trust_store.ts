/** The trust data this browser holds, and how it gets newer. */

import type { Algorithms } from "../credential/algorithms";
import { fromHex, isSame, toHex } from "../credential/encoding";
import {
  checkNotBehind,
  CLOCK_TOLERANCE,
  openTrustBundle,
  reopenTrustBundle,
  type Trust,
} from "../credential/trust_bundle";
import { type Roots, Untrusted } from "../credential/trust_list";
import { fetched } from "./network";

const BUNDLE = "trust/bundle.cgtrust";
const PATIENCE = 10_000;
const STORE_PATIENCE = 2_000;
/** How long an answer of the service counts as of now, in milliseconds. */
const JUST_NOW = 120_000;

export type Update = "taken" | "current" | "unreachable";

/** Seconds since 1970 by this device's clock. */
export const now = (): number => Math.floor(Date.now() / 1_000);

/** Return the root keys that came with the page: threshold, then keys in hexadecimal digits. */
export function rootsOf(text: string): Roots {
  const [threshold, ...keys] = text.split(" ");
  return { threshold: Number(threshold), keys: keys.map(fromHex) };
}

type Bytes = Uint8Array<ArrayBuffer>;

/** What is kept from visit to visit: a bundle, and the root keys that open it again. */
interface Kept {
  roots: string;
  data: Bytes;
  /** All root keys that ever opened anything here. */
  seen: string[];
}

/** Return root keys as the page carries them. */
const textOf = ({ threshold, keys }: Roots) => [threshold, ...keys.map(toHex)].join(" ");

/** Trust data in force. */
export class TrustStore {
  trust: Trust | null = null;
  /** Whether this browser remembers it. */
  isKept = true;
  /** Whether the service has another date than this device. */
  isClockWrong = false;
  /** Why newer data is not in use; null where there is nothing to tell. */
  gap: "not_online" | "update_refused" | null = null;
  private data = new Uint8Array();
  /** When the data was last compared with the service's, by the page's own clock. */
  private comparedAt: number | null = null;
  /** The root keys that open what is held. */
  private roots: string;
  private seen: string[] = [];
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly installed: string,
    private readonly by: Algorithms,
  ) {
    this.roots = installed;
  }

  /** Whether the data was compared with the service's just now. */
  get isOnline(): boolean {
    return this.comparedAt !== null && performance.now() - this.comparedAt < JUST_NOW;
  }

  /** Forget that the service was asked: the network is gone. */
  goOffline(): void {
    this.comparedAt = null;
    this.gap = "not_online";
  }

  /** Take up what an earlier visit left or, failing that, `inside`; whatever its dates are now. */
  async load(inside?: Bytes): Promise<void> {
    let kept: Kept | undefined;
    try {
      kept = await readKept();
    } catch {
      this.isKept = false;
    }
    const own = inside && { roots: this.installed, data: inside, seen: [] };
    await this.reopen(kept ?? own).catch(() => this.reopen(own));
    if (kept && inside) await this.take(inside).catch(() => undefined);
  }

  private async reopen(kept: Kept | undefined): Promise<void> {
    if (!kept) return;
    this.trust = await reopenTrustBundle(kept.data, rootsOf(kept.roots), this.by);
    this.roots = kept.roots;
    this.data = kept.data;
    this.seen = kept.seen;
  }

  /** Take a bundle that is not behind the one held, here or in another tab; raises `Untrusted`. */
  take(data: Bytes): Promise<void> {
    const turn = this.last.catch(() => undefined).then(() => alone(() => this.takeNow(data)));
    this.last = turn;
    return turn;
  }

  private async takeNow(data: Bytes): Promise<void> {
    const kept = await readKept().catch(() => undefined);
    if (kept && !isSame(kept.data, this.data)) await this.reopenNewer(kept);
    try {
      await this.open(data);
    } catch (error) {
      const reason = error instanceof Untrusted ? error.reason : null;
      if (reason === "not_yet_valid") this.isClockWrong = true;
      // out of date by this device's clock: verification says so, where there is nothing better
      if (!this.trust) await this.reopen({ roots: this.installed, data, seen: [] });
      throw error;
    }
    try {
      this.seen = [...new Set([...this.seen, this.installed, this.roots])];
      const kept: Kept = { roots: this.roots, data, seen: this.seen };
      await withStore("readwrite", (store) => store.put(kept, "held"));
      this.isKept = true;
    } catch {
      this.isKept = false;
    }
  }

  /** Take up what another tab took, unless it is behind what this one has. */
  private async reopenNewer(kept: Kept): Promise<void> {
    const { trust, roots, data, seen } = this;
    try {
      await this.reopen(kept);
      if (trust) checkNotBehind(this.trust!, trust);
    } catch {
      Object.assign(this, { trust, roots, data, seen });
    }
  }

  /** Open by the root keys in force; by the page's own, if they are new here and those lead nowhere. */
  private async open(data: Bytes): Promise<void> {
    const held = this.trust ?? undefined;
    const roots = held ? textOf(held.trustList.roots) : this.roots;
    try {
      this.trust = await openTrustBundle(data, rootsOf(roots), this.by, now(), held);
      this.roots = roots; // those that open it again
    } catch (error) {
      const reason = error instanceof Untrusted ? error.reason : "";
      const isOtherRoots = ["too_few_signatures", "new_roots_not_signed"].includes(reason);
      if (!isOtherRoots || this.seen.includes(this.installed)) throw error;
      this.trust = await openTrustBundle(data, rootsOf(this.installed), this.by, now());
      this.roots = this.installed;
    }
    this.data = data;
  }

  /** Ask the service for newer data; raises `Untrusted` where its answer is refused. */
  async update(): Promise<Update> {
    let data: Bytes;
    try {
      data = await fetched(BUNDLE, { cache: "no-cache" }, PATIENCE, (answer) =>
        this.bytesIn(answer),
      );
    } catch {
      this.goOffline();
      return "unreachable";
    }
    const isNew = !isSame(data, this.data);
    this.comparedAt = null;
    this.gap = "update_refused";
    if (isNew) await this.take(data);
    this.gap = null;
    this.comparedAt = performance.now();
    return isNew ? "taken" : "current";
  }

  private async bytesIn(answer: Response): Promise<Bytes> {
    const date = Date.parse(answer.headers.get("date") ?? "") / 1_000;
    this.isClockWrong = Math.abs(date - now()) > CLOCK_TOLERANCE; // false where there is none
    return new Uint8Array(await answer.arrayBuffer());
  }
}

/** Run work that no other tab does at the same time, where the browser can tell. */
function alone<Value>(work: () => Promise<Value>): Promise<Value> {
  return navigator.locks ? navigator.locks.request("certgraph-trust", work) : work();
}

function readKept(): Promise<Kept | undefined> {
  return withStore("readonly", (store) => store.get("held"));
}

function asPromise<Value>(request: IDBRequest<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Use the browser's store; raises where it does not answer in time. */
function withStore<Value>(
  mode: IDBTransactionMode,
  use: (store: IDBObjectStore) => IDBRequest,
): Promise<Value> {
  const late = new Promise<never>((_, reject) => setTimeout(reject, STORE_PATIENCE));
  return Promise.race([useStore<Value>(mode, use), late]);
}

async function useStore<Value>(
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
