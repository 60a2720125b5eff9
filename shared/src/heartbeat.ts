import type { Surroundings } from "./surroundings.ts";

const everyMs = 25_000;
const timeoutMs = 10_000;

interface Options {
  around: Surroundings;
  /** Sends a light request; `answered` is to be called with its round trip in ms. */
  probe: () => void;
  /** Whether silence proves nothing, because the server has stopped reading. */
  busy: () => boolean;
  /** Nothing came for too long. */
  dead: () => void;
}

/** Probes a connection while somebody can see it, and finds out one that is dead without saying so. */
export class Heartbeat {
  readonly #options: Options;
  #heardAt = 0;
  #cancel: () => void = () => undefined;

  constructor(options: Options) {
    this.#options = options;
  }

  /** Anything came. */
  heard(): void {
    this.#heardAt = performance.now();
  }

  start(): void {
    const { around } = this.#options;
    this.stop();
    this.#cancel = around.after(everyMs, () => {
      if (around.visible()) this.probe();
      else this.start();
    });
  }

  stop(): void {
    this.#cancel();
  }

  /** Probes now, and again later. */
  probe(): void {
    const { around, probe, busy, dead } = this.#options;
    const started = performance.now();
    const wasBusy = busy();
    this.start();
    const cancelNext = this.#cancel;
    const cancelTimeout = around.after(timeoutMs, () => {
      if (this.#heardAt < started && !wasBusy) dead();
    });
    this.#cancel = () => {
      cancelNext();
      cancelTimeout();
    };
    probe();
  }
}
