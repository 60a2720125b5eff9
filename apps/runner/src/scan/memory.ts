import { availableParallelism } from "node:os";
import type { ObjectStore } from "../store/objects.ts";
import { Ahead } from "./ahead.ts";
import type { Scan, ScanOptions } from "./scan.ts";
import { scanWorkspace } from "./scan.ts";
import { Rereading } from "./rereading.ts";
import { cachePath, StatCache } from "./stat-cache.ts";
import { CacheUse } from "./unused-caches.ts";

// A second thread costs some 10 MB; below this a scan takes less than one would gain.
const sharedFiles = 5000;
/** So long a call waits at most for what is done while nobody waits. */
const sliceMs = 15;

/** What a thread remembers of a workspace from one scan to the next. */
export class Memory {
  readonly workspace: string;
  readonly #store: ObjectStore;
  readonly #cache: StatCache;
  readonly #use: CacheUse;
  #ahead: Ahead | undefined;
  readonly #rereading: Rereading;
  #isNew: boolean;
  #files = 0;

  /** `dir` is the store's folder. */
  constructor(store: ObjectStore, dir: string, workspace: string) {
    this.workspace = workspace;
    this.#store = store;
    const path = cachePath(dir, workspace);
    this.#cache = new StatCache(path);
    const read = `${path}.read`;
    this.#rereading = new Rereading({ store, cache: this.#cache, workspace, path: read });
    this.#use = new CacheUse([path, read]);
    this.#isNew = this.#cache.root === undefined;
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
    if (this.#isNew) this.#rereading.begin();
    this.#isNew = false;
    this.#use.mark();
  }

  /** Reads a little of everything again. Whether there is more to do, later. */
  reread(): boolean {
    return this.#rereading.slice(sliceMs);
  }

  close(): void {
    this.#rereading.pause();
    this.#ahead?.close();
  }
}
