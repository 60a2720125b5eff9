import { sep } from "node:path";

interface Claim {
  paths: string[];
  start: () => void;
  started: boolean;
}

/** Queues work on folders: two claims on the same folder, or on one inside the other, take turns. */
export class WorkspaceLock {
  /** In the order in which they came. */
  readonly #claims: Claim[] = [];

  /** Resolves, to what gives the folders back, once no earlier claim overlaps. Real paths. */
  acquire(paths: string[]): Promise<() => void> {
    return new Promise((resolve) => {
      const claim: Claim = { paths, started: false, start: () => resolve(() => this.#end(claim)) };
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

function overlap(a: string[], b: string[]): boolean {
  return a.some((one) => b.some((other) => within(one, other) || within(other, one)));
}

function within(outer: string, inner: string): boolean {
  return inner === outer || inner.startsWith(outer.endsWith(sep) ? outer : outer + sep);
}
