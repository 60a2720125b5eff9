import type { Result } from "./methods.ts";

export interface Cursor {
  epoch: string;
  seq: number;
}

type Reply = Pick<Result<"subscribe">, "epoch" | "seq" | "recovered">;

/** `gap`: an event before this one never came. `lost`: the log is another one now. */
export type Verdict = "apply" | "drop" | "gap" | "lost";

/** Where a subscription stands in its session's log, so that each event is applied once and in order. */
export class Position {
  #cursor: Cursor | null;
  /** Set by a reply: what comes before belongs to a subscription that this one replaced. */
  #started = false;
  /** The log of the reply. */
  #epoch: string | null = null;
  #forgotten = false;

  constructor(cursor: Cursor | null) {
    this.#cursor = cursor;
  }

  /** What to resume from; null when nothing is known yet. */
  get cursor(): Cursor | null {
    return this.#cursor;
  }

  /** Takes the reply of a subscribe; false when events may have been missed. */
  start(reply: Reply): boolean {
    const before = this.#cursor;
    const whole =
      !this.#forgotten && reply.recovered && (before === null || before.epoch === reply.epoch);
    this.#started = true;
    this.#forgotten = false;
    this.#epoch = reply.epoch;
    // A server that goes on later than where we are leaves a gap, and that shows.
    this.#cursor = whole && before !== null ? before : { epoch: reply.epoch, seq: reply.seq };
    return whole;
  }

  take(event: Cursor & { prev: number }): Verdict {
    if (!this.#started) return "drop";
    if (event.epoch !== this.#epoch) return "lost";
    if (this.#cursor !== null) {
      if (event.seq <= this.#cursor.seq) return "drop";
      if (event.prev > this.#cursor.seq) return "gap";
    }
    this.#cursor = { epoch: event.epoch, seq: event.seq };
    return "apply";
  }

  /** Everything up to `seq` has been sent. */
  sync({ epoch, seq }: Cursor): Verdict {
    if (!this.#started) return "drop";
    if (epoch !== this.#epoch) return "lost";
    if (this.#cursor === null || seq > this.#cursor.seq) this.#cursor = { epoch, seq };
    return "apply";
  }

  /** What comes until the next reply is of no known subscription, and says nothing. */
  pause(): void {
    this.#started = false;
  }

  /** Gives the position up: the next reply counts as not recovered. */
  forget(): void {
    this.#cursor = null;
    this.#started = false;
    this.#forgotten = true;
  }
}
