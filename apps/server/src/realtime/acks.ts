import type { Timers } from "./timers.ts";

interface Options {
  /** Events that may be sent and not acknowledged. */
  window: number;
  waitMs: number;
  /** Everything up to this seq is acknowledged already. */
  floor: number;
  timers: Timers;
  /** Called when nothing was acknowledged for `waitMs` although something was sent. */
  onWaited: () => void;
}

/**
 * What one subscription was sent and has not acknowledged: the floor, and the places after it,
 * at most a window of them. The events themselves stay in the log.
 */
export class Acks {
  readonly #options: Options;
  /** By seq in the order of the log: how often it was sent. */
  readonly #sent = new Map<number, number>();
  #floor: number;
  #highest: number;
  #cancel: (() => void) | null = null;
  #ended = false;

  constructor(options: Options) {
    this.#options = options;
    this.#floor = options.floor;
    this.#highest = options.floor;
  }

  /** Everything up to here is acknowledged. */
  get floor(): number {
    return this.#floor;
  }

  /** The newest event that was ever sent. */
  get highest(): number {
    return this.#highest;
  }

  get unacked(): number {
    return this.#sent.size;
  }

  get window(): number {
    return this.#options.window;
  }

  /** How many more may be sent before some are acknowledged. */
  get room(): number {
    return this.#options.window - this.#sent.size;
  }

  /** How often an event was sent. */
  times(seq: number): number {
    return this.#sent.get(seq) ?? 0;
  }

  sent(seqs: readonly number[]): void {
    for (const seq of seqs) {
      this.#sent.set(seq, this.times(seq) + 1);
      if (seq > this.#highest) this.#highest = seq;
    }
    if (this.#cancel === null) this.#wait();
  }

  /** Acknowledges everything up to a seq; false when that was nothing new. */
  acknowledge(seq: number): boolean {
    if (seq <= this.#floor) return false;
    this.#floor = seq;
    for (const other of this.#sent.keys()) {
      if (other > seq) break;
      this.#sent.delete(other);
    }
    this.#cancel?.();
    this.#cancel = null;
    if (this.#sent.size > 0) this.#wait();
    return true;
  }

  /** The floor goes up by itself over what is not wanted, when nothing is left to acknowledge. */
  pass(seq: number): void {
    if (this.#sent.size === 0 && seq > this.#floor) this.#floor = seq;
  }

  #wait(): void {
    if (this.#ended) return;
    this.#cancel = this.#options.timers.after(this.#options.waitMs, () => {
      this.#cancel = null;
      if (this.#sent.size === 0) return;
      this.#wait();
      this.#options.onWaited();
    });
  }

  end(): void {
    this.#ended = true;
    this.#cancel?.();
  }
}
