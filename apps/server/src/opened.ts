import type { Logger } from "./log.ts";

/** What was opened so far, to be closed in the opposite order. */
export class Opened {
  readonly #closers: (() => Promise<void>)[] = [];

  add(close: () => Promise<void>): void {
    this.#closers.push(close);
  }

  async close(log: Logger): Promise<void> {
    for (const close of this.#closers.toReversed()) {
      await close().catch((error: unknown) => log.error({ err: error }, "closing failed"));
    }
  }
}
