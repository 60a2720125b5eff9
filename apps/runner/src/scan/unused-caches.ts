import { readdirSync, rmSync, statSync, utimesSync } from "node:fs";
import { dirname, join } from "node:path";

const dayMs = 24 * 3_600_000;
/** Nothing tells when a folder is gone for good; what is lost by a mistake is one reading of it. */
const keptDays = 30;

/**
 * Keeps the files of one cache as ones that are used, and removes those that nobody used for a
 * month: of folders that are gone, or of sessions that were deleted.
 */
export class CacheUse {
  readonly #paths: string[];
  #markedAt = Number.NEGATIVE_INFINITY;

  constructor(paths: string[]) {
    this.#paths = paths;
  }

  /** Call now and then, once nobody waits. Milliseconds since 1970. */
  mark(now = Date.now()): void {
    if (now - this.#markedAt < dayMs) return;
    this.#markedAt = now;
    for (const path of this.#paths) quietly(() => utimesSync(path, now / 1000, now / 1000));
    const [path] = this.#paths;
    if (path !== undefined) quietly(() => removeUnused(dirname(path), now));
  }
}

function removeUnused(dir: string, now: number): void {
  for (const name of readdirSync(dir)) {
    const path = join(dir, name);
    quietly(() => {
      if (statSync(path).mtimeMs < now - keptDays * dayMs) rmSync(path);
    });
  }
}

function quietly(work: () => void): void {
  try {
    work();
  } catch {
    // Gone meanwhile, or not to be changed: a cache too many does no harm.
  }
}
