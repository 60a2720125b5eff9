import { overlap } from "../workspace-lock.ts";

/** Work on folders that nobody waits for: it stops as soon as other work wants its folder. */
export class Glances {
  readonly #running = new Map<AbortController, string>();

  /** `work` stops by its signal when it has to give way, or when the caller's own is aborted. */
  async run<T>(
    path: string,
    caller: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const own = new AbortController();
    const abort = (): void => own.abort();
    if (caller?.aborted === true) own.abort();
    caller?.addEventListener("abort", abort, { once: true });
    this.#running.set(own, path);
    try {
      return await work(own.signal);
    } finally {
      this.#running.delete(own);
      caller?.removeEventListener("abort", abort);
    }
  }

  /** Real paths; without any, all stop. */
  giveWay(paths?: string[]): void {
    for (const [own, path] of this.#running) {
      if (paths === undefined || overlap(paths, [path])) own.abort();
    }
  }
}
