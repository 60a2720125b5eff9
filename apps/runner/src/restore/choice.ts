import { parentOf } from "./folders.ts";

/** Which paths a restore is about: all, or those named and what is below them. */
export class Choice {
  readonly #named: Set<string> | null;
  readonly #above = new Set<string>();

  constructor(paths: Buffer[] | null) {
    this.#named = paths === null ? null : new Set(paths.map(key));
    for (const path of paths ?? []) {
      for (let at = path; at.length > 0;) {
        at = parentOf(at);
        this.#above.add(key(at));
      }
    }
  }

  /** `above`: a named path lies below this one, which itself is not meant. */
  relation(path: Buffer): "inside" | "above" | "outside" {
    if (this.#named === null || this.names(path)) return "inside";
    return this.#above.has(key(path)) ? "above" : "outside";
  }

  /** Whether the caller named the path itself, or a folder above it. */
  names(path: Buffer): boolean {
    if (this.#named === null) return false;
    for (let at = path; at.length > 0; at = parentOf(at)) {
      if (this.#named.has(key(at))) return true;
    }
    return false;
  }
}

const key = (path: Buffer): string => path.toString("latin1");
