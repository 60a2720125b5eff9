import { hashOf, newSecret } from "./secrets.ts";

export const loginCodeMs = 5 * 60_000;
const outstanding = 100;

/** One-time login codes, in memory: a restart voids them. */
export class LoginCodes {
  readonly #now: () => number;
  /** Hash of the code → when it expires, oldest first. */
  readonly #codes = new Map<string, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  issue(): string {
    const code = newSecret(128);
    this.#sweep();
    for (const oldest of this.#codes.keys()) {
      if (this.#codes.size < outstanding) break;
      this.#codes.delete(oldest);
    }
    this.#codes.set(hashOf(code), this.#now() + loginCodeMs);
    return code;
  }

  /** Whether the code was good; it never is again. */
  redeem(code: string): boolean {
    this.#sweep();
    return this.#codes.delete(hashOf(code));
  }

  #sweep(): void {
    for (const [hash, expires] of this.#codes) if (expires <= this.#now()) this.#codes.delete(hash);
  }
}
