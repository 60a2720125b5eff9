import type { Surroundings } from "./surroundings.ts";

/** Longest that what was handled waits to be acknowledged together with more, in ms. */
const gatherMs = 50;
/** What the server takes for a window when it is not told. */
export const defaultWindow = 100;

type SendAck = (subscription_id: string, seq: number) => void;

/** Acknowledges what an owner has handled: at half the window or after 50 ms, whichever is first. */
export class Acks {
  readonly #around: Surroundings;
  readonly #send: SendAck;
  readonly #half: number;
  #subscription_id: string | null = null;
  #received = 0;
  #handled = 0;
  #acknowledged = 0;
  /** Events handled since the latest ack. */
  #count = 0;
  #cancel: (() => void) | null = null;

  constructor(around: Surroundings, window: number, send: SendAck) {
    this.#around = around;
    this.#send = send;
    this.#half = Math.ceil(window / 2);
  }

  /** Seq up to which everything is handled; null when all that came is. */
  get unhandledAfter(): number | null {
    return this.#handled < this.#received ? this.#handled : null;
  }

  /** A subscription begins at `seq`; `afresh` when what was before is of no use any more. */
  begin(subscription_id: string, seq: number, afresh: boolean): void {
    this.pause();
    this.#subscription_id = subscription_id;
    // Resumed from before a position that late events have moved since, it stays where it is.
    this.#handled = afresh ? seq : Math.max(this.#handled, seq);
    this.#received = afresh ? seq : Math.max(this.#received, seq);
    this.#acknowledged = seq;
    this.#count = 0;
  }

  /** The connection is gone. */
  pause(): void {
    this.#subscription_id = null;
    this.#cancel?.();
    this.#cancel = null;
  }

  received(seq: number): void {
    this.#received = Math.max(this.#received, seq);
  }

  /** The owner is done with `count` events up to this seq. */
  handled(seq: number, count: number): void {
    this.#handled = Math.max(this.#handled, seq);
    this.#count += count;
    if (this.#count >= this.#half) this.#flush();
    else this.#soon();
  }

  /** What came had been handled before: the ack of it was lost, or is late. */
  again(): void {
    this.#acknowledged = Math.min(this.#acknowledged, this.#handled - 1);
    this.#soon();
  }

  #soon(): void {
    if (this.#subscription_id === null) return;
    this.#cancel ??= this.#around.after(gatherMs, () => this.#flush());
  }

  #flush(): void {
    this.#cancel?.();
    this.#cancel = null;
    if (this.#subscription_id === null || this.#handled <= this.#acknowledged) return;
    this.#acknowledged = this.#handled;
    this.#count = 0;
    this.#send(this.#subscription_id, this.#handled);
  }
}
