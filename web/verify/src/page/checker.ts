/** Verifies texts by the trust data of now and, while online, asks the register of them. */

import type { Algorithms } from "../credential/algorithms";
import { questionOf, withRegister } from "../credential/register";
import { verify } from "../credential/verification";
import { askRegister } from "./register";
import type { Checked } from "./result";
import { now, type TrustStore } from "./trust_store";
import type { Key } from "./words";

/** See above. */
export class Checker {
  /** Whether newer trust data is being fetched. */
  isUpdating = false;
  /** Text → whether the document number that was typed for it matches. */
  readonly matches = new Map<string, boolean>();

  constructor(
    private readonly store: TrustStore,
    private readonly by: Algorithms,
  ) {}

  /** Verify texts here; while online, the register is asked for those that are right. */
  async check(texts: string[]): Promise<Checked[]> {
    const { trust, isOnline, isClockWrong } = this.store;
    const at = now();
    const gap: Key | null = this.isUpdating ? "updating" : this.store.gap;
    const checkOne = async (text: string): Promise<Checked> => {
      const verification = await verify(text, trust, this.by, at);
      const matches = this.matches.get(text) ?? null;
      const by = this.by;
      return {
        text,
        verification,
        trust,
        isOnline,
        isClockWrong,
        gap,
        at,
        by,
        matches,
        dueOn: null,
      };
    };
    const found = await Promise.all(texts.map(checkOne));
    return isOnline ? this.registered(found) : found;
  }

  private async registered(found: Checked[]): Promise<Checked[]> {
    const ask = ({ text, verification }: Checked) => questionOf(text, verification, this.by);
    const questions = await Promise.all(found.map(ask));
    try {
      const entries = await askRegister(questions.filter((one) => one !== null));
      return found.map((checked, at) => {
        if (!questions[at]) return checked;
        const entry = entries.shift()!;
        const verification = withRegister(checked.verification, entry);
        return { ...checked, verification, dueOn: entry.registrationDueOn };
      });
    } catch {
      return found.map((checked) => ({ ...checked, isOnline: false, gap: "not_online" as const }));
    }
  }
}
