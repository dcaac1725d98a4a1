/** The panel that tells which trust data this device holds, and makes it newer. */

import { dayOf, toDate, toMinute } from "../credential/days";
import { Untrusted } from "../credential/trust_list";
import { byId } from "./dom";
import type { Screen } from "./screen";
import type { TrustStore } from "./trust_store";
import { t } from "./words";

/** Keeps the panel true to what is held. */
export class TrustPanel {
  private note: () => string = () => "";

  constructor(
    private readonly store: TrustStore,
    private readonly screen: Screen,
  ) {
    byId("trust-update").addEventListener("click", () => this.update());
    const input = byId<HTMLInputElement>("trust-file");
    input.addEventListener("change", async () => {
      const [file] = input.files ?? [];
      input.value = "";
      if (file) await this.takeFile(file);
    });
  }

  /** Fetch newer trust data, and show what is on the screen by it. */
  async update(): Promise<void> {
    this.screen.isUpdating = true;
    this.tell(() => t("updating"));
    try {
      const update = await this.store.update();
      const isNone = update === "unreachable" && !this.store.trust;
      this.tell(() => t(isNone ? "trust_unreachable_none" : `trust_${update}`));
    } catch (error) {
      this.refuse(error);
    } finally {
      this.screen.isUpdating = false;
      await this.screen.repaint();
    }
  }

  /** Take trust data from a file. */
  async takeFile(file: Blob): Promise<void> {
    byId<HTMLDetailsElement>("trust").open = true;
    try {
      await this.store.take(new Uint8Array(await file.arrayBuffer()));
      this.tell(() => t("trust_taken"));
    } catch (error) {
      this.refuse(error);
    }
    await this.screen.repaint();
  }

  /** Show what is held, and what became of the last try. */
  show(): void {
    const { trust, isKept } = this.store;
    byId("trust-held").textContent = trust ? describe(trust) : t("trust_none");
    const notes = [this.note(), trust && !isKept && t("trust_not_kept")];
    byId("trust-note").textContent = notes.filter(Boolean).join(" ");
  }

  private tell(note: () => string): void {
    this.note = note;
    this.show();
  }

  private refuse(error: unknown): void {
    if (!(error instanceof Untrusted)) throw error;
    const { reason } = error;
    this.tell(() => t("trust_refused", { reason: t(`refused_${reason}`) }));
  }
}

function describe({ trustList, statusLists }: NonNullable<TrustStore["trust"]>): string {
  const dates = [...statusLists.values()].map((list) => list.issuedAt);
  return t("trust_of", {
    sequence: trustList.sequence,
    date: toDate(dayOf(trustList.issuedAt)),
    until: toDate(dayOf(trustList.expiresAt)),
    lists: statusLists.size,
    oldest: dates.length ? toMinute(Math.min(...dates)) : "–",
  });
}
