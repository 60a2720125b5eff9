import { splitPath } from "../scan/paths.ts";
import type { TreeEntry } from "../store/objects.ts";
import { typeOf } from "./compare.ts";

/** A file that is only in one of two trees. */
export interface Lone {
  path: Buffer;
  entry: TreeEntry;
}

/** A path as a key: its bytes as one character each. */
export function keyOf(path: Buffer): string {
  return path.toString("latin1");
}

/** What is gone and what has come, less the pairs found so far. */
export class Pool {
  readonly renames = new Map<string, Lone>();
  readonly #gone: Map<string, Lone>;
  readonly #come: Map<string, Lone>;

  constructor(gone: readonly Lone[], come: readonly Lone[]) {
    this.#gone = new Map(gone.map((lone) => [keyOf(lone.path), lone]));
    this.#come = new Map(come.map((lone) => [keyOf(lone.path), lone]));
  }

  get gone(): Lone[] {
    return [...this.#gone.values()];
  }

  get come(): Lone[] {
    return [...this.#come.values()];
  }

  /** False if one of them has its like already. */
  pair(gone: Lone, come: Lone): boolean {
    const [old, now] = [keyOf(gone.path), keyOf(come.path)];
    if (!this.#gone.has(old) || !this.#come.has(now)) return false;
    this.#gone.delete(old);
    this.#come.delete(now);
    this.renames.set(now, gone);
    return true;
  }

  /** Pairs equal contents whose last `names` names are equal too, each in the order of paths. */
  matchEqual(names: number): void {
    const waiting = Map.groupBy(this.gone, (lone) => likeness(lone, names));
    for (const lone of this.come) {
      const next = waiting.get(likeness(lone, names))?.shift();
      if (next !== undefined) this.pair(next, lone);
    }
  }
}

function likeness({ path, entry }: Lone, names: number): string {
  const ends = names === 0 ? [] : splitPath(path).slice(-names);
  return [typeOf(entry), entry.hash, ...ends.map(keyOf)].join("/");
}
