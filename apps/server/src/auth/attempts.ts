import { ProtocolError } from "@cairn/shared/errors";

/** Bounds failed attempts within a sliding window; successes are not counted. */
export class Attempts {
  readonly #limit: number;
  readonly #windowMs: number;
  readonly #now: () => number;
  #failures: number[] = [];

  constructor({ limit, windowMs, now }: { limit: number; windowMs: number; now: () => number }) {
    this.#limit = limit;
    this.#windowMs = windowMs;
    this.#now = now;
  }

  /** Throws `rate_limited` after too many failures. */
  check(): void {
    const since = this.#now() - this.#windowMs;
    this.#failures = this.#failures.filter((at) => at > since);
    const oldest = this.#failures[0];
    if (oldest === undefined || this.#failures.length < this.#limit) return;
    const retry_after_ms = oldest + this.#windowMs - this.#now();
    const seconds = Math.ceil(retry_after_ms / 1000);
    throw new ProtocolError("rate_limited", `Too many failed logins. Try in ${seconds} s.`, {
      details: { retry_after_ms },
    });
  }

  failed(): void {
    this.#failures.push(this.#now());
  }
}
