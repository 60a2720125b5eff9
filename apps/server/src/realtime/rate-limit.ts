import { ProtocolError } from "@cairn/shared/errors";

/** Calls of one actor in any second. */
const callsPerSecond = 1_000;
const windowMs = 1_000;
/** Callers who are remembered before those who rest are forgotten. */
const sweepAt = 1_000;

/** When the last calls of one caller were made: a ring as long as the limit. */
class Recent {
  readonly #times: Float64Array;
  #next = 0;

  constructor(limit: number) {
    this.#times = new Float64Array(limit).fill(-Infinity);
  }

  /** Takes a call and gives 0, or how many ms it came too early. */
  take(now: number): number {
    const oldest = this.#times[this.#next] ?? -Infinity;
    const wait = oldest + windowMs - now;
    if (wait > 0) return wait;
    this.#times[this.#next] = now;
    this.#next = (this.#next + 1) % this.#times.length;
    return 0;
  }

  resting(now: number): boolean {
    const latest = this.#times.at(this.#next - 1) ?? -Infinity;
    return latest + windowMs <= now;
  }
}

interface Options {
  /** Monotonic, in ms. */
  now: () => number;
  /** Calls in any window of a second. */
  limit?: number;
  onLimited?: () => void;
}

/** Bounds the calls of each caller in any second, whatever way they come in. */
export class RateLimit {
  readonly #options: Options;
  readonly #limit: number;
  readonly #callers = new Map<string, Recent>();

  constructor(options: Options) {
    this.#options = options;
    this.#limit = options.limit ?? callsPerSecond;
  }

  /** Counts a call; throws `rate_limited`, which is not counted. */
  take(caller: string): void {
    const now = this.#options.now();
    let recent = this.#callers.get(caller);
    if (recent === undefined) {
      if (this.#callers.size >= sweepAt) this.#sweep(now);
      recent = new Recent(this.#limit);
      this.#callers.set(caller, recent);
    }
    const wait = recent.take(now);
    if (wait === 0) return;
    this.#options.onLimited?.();
    const retry_after_ms = Math.ceil(wait);
    throw new ProtocolError(
      "rate_limited",
      `More than ${this.#limit} calls within a second. Try again in ${retry_after_ms} ms.`,
      { details: { retry_after_ms } },
    );
  }

  #sweep(now: number): void {
    for (const [caller, recent] of this.#callers) {
      if (recent.resting(now)) this.#callers.delete(caller);
    }
  }
}
