import { sep } from "node:path";
import { cancelled } from "./cancelling.ts";

interface Claim {
  paths: string[];
  start: () => void;
  started: boolean;
}

/** Queues work on folders: two claims on the same folder, or on one inside the other, take turns. */
export class WorkspaceLock {
  /** In the order in which they came. */
  readonly #claims: Claim[] = [];

  /**
   * Resolves, to what gives the folders back, once no earlier claim overlaps. Real paths. Rejects
   * as `cancelled` when the signal is aborted before that.
   */
  acquire(paths: string[], signal?: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#end(claim);
        reject(cancelled());
      };
      const start = (): void => {
        signal?.removeEventListener("abort", leave);
        resolve(() => this.#end(claim));
      };
      const claim: Claim = { paths, started: false, start };
      if (signal?.aborted === true) {
        reject(cancelled());
        return;
      }
      signal?.addEventListener("abort", leave, { once: true });
      this.#claims.push(claim);
      this.#startNext();
    });
  }

  #end(claim: Claim): void {
    const at = this.#claims.indexOf(claim);
    if (at === -1) return;
    this.#claims.splice(at, 1);
    this.#startNext();
  }

  #startNext(): void {
    for (const [i, claim] of this.#claims.entries()) {
      if (claim.started) continue;
      if (this.#claims.slice(0, i).some((earlier) => overlap(earlier.paths, claim.paths))) continue;
      claim.started = true;
      claim.start();
    }
  }
}

/** Whether a folder of one list is one of the other, or stands in it. Real paths. */
export function overlap(a: string[], b: string[]): boolean {
  return a.some((one) => b.some((other) => within(one, other) || within(other, one)));
}

function within(outer: string, inner: string): boolean {
  return inner === outer || inner.startsWith(outer.endsWith(sep) ? outer : outer + sep);
}
