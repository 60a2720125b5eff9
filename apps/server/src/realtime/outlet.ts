import { closeCodes } from "./close-codes.ts";
import type { Sink } from "./sink.ts";
import type { Slices } from "./slices.ts";
import type { Timers } from "./timers.ts";

export interface Holding {
  /** Events of one subscription that a sink may hold. */
  events: number;
  /** Bytes that a sink may hold; one event may be larger than that. */
  bytes: number;
  /** How long a sink may take nothing while events wait. */
  stallMs: number;
}

export const holding: Holding = { events: 100, bytes: 256 * 1024, stallMs: 30_000 };

/** What takes turns at an outlet: a subscription. */
export interface Source {
  /** Puts what is next, a chunk at most; asks for another turn when there may be more. */
  pump(): void;
  /** There is room again, after it was told to wait. */
  resume(): void;
}

interface Options {
  sink: Sink;
  slices: Pick<Slices, "add">;
  timers: Timers;
  holding: Holding;
  /** Ends the connection. */
  close: (code: number, reason: string) => void;
  onStalled: () => void;
}

/**
 * The way of all subscriptions of one connection into its sink: what they put in one turn leaves
 * in one write, and when the sink holds too much they wait, with nothing but their cursors.
 */
export class Outlet {
  readonly sink: Sink;
  readonly #options: Options;
  #sources: Source[] = [];
  #out: Uint8Array[] = [];
  #outBytes = 0;
  readonly #waiting = new Set<Source>();
  #draining = false;
  /** Sources of this sink. */
  #users = 0;
  #cancelStall: (() => void) | null = null;

  constructor(options: Options) {
    this.#options = options;
    this.sink = options.sink;
  }

  /** Whether what is sent now may go by itself: nobody else may have something for this write. */
  get isAlone(): boolean {
    return this.#users === 1 && this.#out.length === 0;
  }

  join(): void {
    this.#users += 1;
  }

  /** Events of one subscription that may be held. */
  get events(): number {
    return this.#options.holding.events;
  }

  /** Bytes that are on their way and not taken. */
  get held(): number {
    return this.#outBytes + this.sink.held();
  }

  /** Bytes that may still be put. */
  get room(): number {
    return this.#options.holding.bytes - this.held;
  }

  /** Gives a source a turn soon; it asks once. */
  mark(source: Source): void {
    this.#sources.push(source);
    this.#options.slices.add(this);
  }

  put(frames: Uint8Array): void {
    if (frames.length === 0) return;
    this.#out.push(frames);
    this.#outBytes += frames.length;
    this.#options.slices.add(this);
  }

  /** For what may be lost: dropped when there is no room. */
  offer(frame: Uint8Array): boolean {
    if (this.room < frame.length) return false;
    this.put(frame);
    return true;
  }

  /** A job: one chunk of each source that has a turn, in one write. */
  run(): void {
    const sources = this.#sources;
    if (sources.length > 0) {
      this.#sources = [];
      for (const source of sources) source.pump();
    }
    this.flush();
    if (this.#waiting.size === 0) return;
    if (!this.#draining) this.#drain();
    if (this.#cancelStall === null) this.#watchStall();
  }

  /** Sends what was put. */
  flush(): void {
    if (this.#out.length === 0) return;
    const frames = this.#out;
    this.#out = [];
    this.#outBytes = 0;
    this.sink.send(frames);
  }

  /** Has a source wait until the sink has taken what it holds. */
  wait(source: Source): void {
    this.#waiting.add(source);
    this.#options.slices.add(this);
  }

  /** A source that had joined is gone. */
  leave(source: Source): void {
    this.#users -= 1;
    if (this.#waiting.delete(source) && this.#waiting.size === 0) this.#stopWatching();
  }

  #stopWatching(): void {
    this.#cancelStall?.();
    this.#cancelStall = null;
  }

  #drain(): void {
    this.#draining = true;
    void this.sink.drained().then(() => {
      this.#draining = false;
      this.#stopWatching();
      const waiting = [...this.#waiting];
      this.#waiting.clear();
      for (const source of waiting) source.resume();
    });
  }

  #watchStall(): void {
    const { timers, holding: bounds, close, onStalled } = this.#options;
    const before = this.sink.held();
    this.#cancelStall = timers.after(bounds.stallMs, () => {
      this.#cancelStall = null;
      if (this.sink.held() < before) {
        this.#watchStall();
        return;
      }
      onStalled();
      close(closeCodes.slow, "too slow: connect again and resume");
    });
  }
}
