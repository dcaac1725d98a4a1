/** A worker that is asked one thing after another, and ended where it takes too long. */

/** See above; `start` makes a worker that is ready. */
export class Helper<Asked, Answer> {
  private ready: Promise<Worker> | undefined;

  constructor(
    private readonly start: () => Promise<Worker>,
    private readonly patience: number,
  ) {}

  /** Start it; raises where its program cannot be had. */
  prepare(): Promise<Worker> {
    return (this.ready ??= this.start().catch((error: unknown) => {
      this.ready = undefined;
      throw error;
    }));
  }

  /** Ask, and return its answer; null where it broke or did not come to an end, and was ended. */
  async ask(asked: Asked, moved: Transferable[] = []): Promise<Answer | null> {
    const worker = await this.prepare();
    try {
      return await answer<Answer>(worker, asked, this.patience, moved);
    } catch {
      this.end();
      return null;
    }
  }

  /** End it; the next question starts another. */
  end(): void {
    void this.ready?.then((worker) => worker.terminate());
    this.ready = undefined;
  }
}

/** Send a message to a worker and return its answer; raises where it breaks or takes too long. */
export function answer<Answer>(
  worker: Worker,
  message: unknown,
  patience: number,
  moved: Transferable[] = [],
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("too long")), patience);
    worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      clearTimeout(timer);
      resolve(data);
    };
    worker.onerror = (event) => {
      clearTimeout(timer);
      reject(new Error(event.message));
    };
    worker.postMessage(message, moved);
  });
}
