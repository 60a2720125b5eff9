import type { DiffRequest } from "../runner.ts";

/** A file that differs, by the hashes of its contents (null is no file), and its lines. */
export interface CountedFile {
  before: string | null;
  after: string | null;
  added: number;
  removed: number;
}

/** What tells a file's change by its contents; no hash is no file. */
export function contentsKey(
  before: string | null | undefined,
  after: string | null | undefined,
): string {
  return `${before ?? ""} ${after ?? ""}`;
}

/** Of all comparisons together: some megabytes. */
const keptFiles = 10_000;

/**
 * What captures have counted of the files that they changed. Who looks at a checkpoint wants just
 * that: without, both contents of each file would be read and compared once more.
 */
export class KnownCounts {
  /** By the hashes of both trees, the latest last. */
  readonly #comparisons = new Map<string, readonly CountedFile[]>();
  #files = 0;

  remember(from: string | null, to: string, counted: readonly CountedFile[]): void {
    const key = keyOf(from, to);
    this.#forget(key);
    if (counted.length === 0) return;
    this.#comparisons.set(key, counted);
    this.#files += counted.length;
    for (const oldest of this.#comparisons.keys()) {
      if (this.#files <= keptFiles) break;
      this.#forget(oldest);
    }
  }

  /** Empty where nothing is known. */
  of(from: DiffRequest["from"], to: DiffRequest["to"]): { counted?: readonly CountedFile[] } {
    // A folder as it is now is in no comparison that is over.
    if (typeof to === "object" || (typeof from === "object" && from !== null)) return {};
    const counted = this.#comparisons.get(keyOf(from, to));
    return counted === undefined ? {} : { counted };
  }

  #forget(key: string): void {
    this.#files -= this.#comparisons.get(key)?.length ?? 0;
    this.#comparisons.delete(key);
  }
}

function keyOf(from: string | null, to: string): string {
  return `${from} ${to}`;
}
