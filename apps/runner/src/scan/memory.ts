import { availableParallelism } from "node:os";
import type { ObjectStore } from "../store/objects.ts";
import { Ahead } from "./ahead.ts";
import type { Scan, ScanOptions } from "./scan.ts";
import { scanWorkspace } from "./scan.ts";
import { StatCache } from "./stat-cache.ts";

// A second thread costs some 10 MB; below this a scan takes less than one would gain.
const sharedFiles = 5000;

/** What a thread remembers of a workspace from one scan to the next. */
export class Memory {
  readonly workspace: string;
  readonly #store: ObjectStore;
  readonly #cache: StatCache;
  #ahead: Ahead | undefined;
  #files = 0;

  /** `dir` is the store's folder. */
  constructor(store: ObjectStore, dir: string, workspace: string) {
    this.workspace = workspace;
    this.#store = store;
    this.#cache = StatCache.of(dir, workspace);
  }

  scan(options: Omit<ScanOptions, "cache" | "ahead">): Scan {
    const scan = scanWorkspace(this.#store, {
      ...options,
      cache: this.#cache,
      ahead: this.#ahead,
    });
    this.#files = scan.files;
    return scan;
  }

  /** Writes down what was learnt. Call it once nobody waits. */
  tidy(): void {
    const { root } = this.#cache;
    if (root === undefined) return;
    this.#cache.save();
    if (this.#files >= sharedFiles && availableParallelism() > 1) {
      this.#ahead ??= new Ahead(this.workspace);
    }
    this.#ahead?.remember(root);
  }

  close(): void {
    this.#ahead?.close();
  }
}
