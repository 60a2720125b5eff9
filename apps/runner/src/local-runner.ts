import { join } from "node:path";
import type { SkippedPath } from "@cairn/shared/files";
import type { CountedDiffRequest, Calls } from "./calls.ts";
import type { WorkHooks } from "./cancelling.ts";
import type { Counted } from "./capture.ts";
import { describeScan, keepScan } from "./capture.ts";
import { diff } from "./diff/diff.ts";
import { list, read } from "./diff/files.ts";
import { RenameFinder } from "./diff/renames.ts";
import type { ReadableSide } from "./diff/sides.ts";
import { folderSide, storedSide } from "./diff/sides.ts";
import { repair } from "./diff/validate-repair.ts";
import { validate } from "./diff/validate.ts";
import { folderFacts, listFolders } from "./folders.ts";
import { gitPosition } from "./git-position.ts";
import { withoutLimits } from "./restore/preparation.ts";
import type { RestorePorts } from "./restore/restorer.ts";
import { Restorer } from "./restore/restorer.ts";
import type {
  CaptureRequest,
  Captured,
  DiffRequest,
  DiffResult,
  Dirty,
  DirtyRequest,
  ScanReport,
  ScanRequest,
} from "./runner.ts";
import type { Scan, ScanOptions } from "./scan/scan.ts";
import { Memory } from "./scan/memory.ts";
import { OwnFolders } from "./scan/own-folders.ts";
import { decodeSkipped } from "./scan/skipped.ts";
import { surveyWorkspace } from "./scan/survey.ts";
import { openWorkspace, refuseLinked } from "./scan/workspace.ts";
import { openStore } from "./store/store.ts";
import type { Store } from "./store/store.ts";
import { dirtyOf } from "./watch/dirty.ts";

export interface LocalRunnerOptions {
  /** Real path. */
  dataDir: string;
  storeDir: string;
  /** Bytes that the store may hold, null for as much as its disk does. */
  storeLimit: number | null;
  ports: RestorePorts;
}

/**
 * The runner's work, done in the thread that calls it. Whoever calls it queues what touches the
 * same workspace.
 */
export class LocalRunner implements Calls {
  readonly #dataDir: string;
  readonly #own: OwnFolders;
  readonly #store: Store;
  readonly #restorer: Restorer;
  #closed = false;
  readonly #renames = new RenameFinder();
  // A thread serves one workspace, as a rule.
  #memory: Memory | undefined;

  constructor({ dataDir, storeDir, storeLimit, ports }: LocalRunnerOptions) {
    this.#dataDir = dataDir;
    const store = openStore(storeDir, { limit: storeLimit });
    this.#store = store;
    this.#own = new OwnFolders([dataDir, storeDir, join(storeDir, "packs")]);
    this.#restorer = new Restorer({
      store,
      journals: store.journals,
      ports,
      dataFolder: dataDir,
      deviceOf: (workspace) => store.index.device(workspace),
      scan: (options) => this.#scan(options),
      describe: (scan, workspace, parent) => describeScan(store, scan, workspace, parent),
      gitPosition,
    });
  }

  scan(request: ScanRequest, hooks: WorkHooks): ScanReport {
    const workspace = openWorkspace(request.workspace, this.#dataDir);
    return surveyWorkspace({ ...request, workspace }, hooks);
  }

  dirty({ tree, ...request }: DirtyRequest, hooks: WorkHooks): Dirty {
    const workspace = openWorkspace(request.workspace, this.#dataDir);
    refuseLinked(request.workspace, workspace);
    const scan = this.#scan({ workspace, rules: request.rules, store: false, ...hooks });
    return dirtyOf(this.#store, scan, tree, hooks.check);
  }

  capture(request: CaptureRequest, hooks: WorkHooks): Captured & Counted {
    const workspace = openWorkspace(request.workspace, this.#dataDir);
    if (request.exact === true) refuseLinked(request.workspace, workspace);
    const scan = this.#scan({ workspace, rules: request.rules, store: true, ...hooks });
    return keepScan(this.#store, scan, { ...request, workspace }, hooks);
  }

  plan: Calls["plan"] = (request, hooks) => this.#restorer.plan(request, hooks);

  prepare: Calls["prepare"] = (request, hooks) =>
    this.#restoring(() => this.#restorer.prepare(request, hooks));

  apply: Calls["apply"] = (operationId, hooks) =>
    this.#restoring(() => this.#restorer.apply(operationId, hooks));

  settle(operationId: string): void {
    this.#restoring(() => this.#restorer.settle(operationId));
  }

  abandon(operationId: string): void {
    this.#restoring(() => this.#restorer.abandon(operationId));
  }

  recover: Calls["recover"] = (committed) =>
    this.#restoring(() => this.#restorer.recover(committed));

  /** Pins of journals that are still to be resolved stay too. */
  reconcile(pins: string[]): number {
    const journals = this.#store.journals.list().map(({ operation_id }) => operation_id);
    const known = new Set([...pins, ...journals]);
    const stray = this.#store.index.pins().filter((pin) => !known.has(pin));
    if (stray.length > 0) this.release(stray);
    return stray.length;
  }

  release(pins: string[]): void {
    this.#restoring(() => this.#store.unpin(pins));
  }

  waiting: Calls["waiting"] = () => this.#store.care.waiting();

  repin: Calls["repin"] = (snapshots) => this.#restoring(() => this.#store.care.repin(snapshots));

  diff({ from, to, ...rest }: CountedDiffRequest, hooks: WorkHooks): DiffResult {
    const sides = { from: this.#side(from, hooks), to: this.#side(to, hooks) };
    return diff({ ...rest, ...sides, finder: this.#renames }, hooks);
  }

  list: Calls["list"] = (request) => list(this.#store, request);

  read: Calls["read"] = (request) => read(this.#store, request);

  skipped(hash: string): SkippedPath[] {
    return decodeSkipped(this.#store.readRecord("skipped", hash));
  }

  validate: Calls["validate"] = (request, hooks) => validate(this.#store, request, hooks);

  repair: Calls["repair"] = (request, hooks) =>
    this.#restoring(() =>
      repair(
        this.#store,
        request,
        ({ workspace, rules }) => {
          const path = openWorkspace(workspace, this.#dataDir);
          this.#scan({ workspace: path, rules: withoutLimits(rules), store: true, ...hooks });
        },
        hooks,
      ),
    );

  collect: Calls["collect"] = (request, hooks) => this.#store.collect(request, hooks);

  folder: Calls["folder"] = (path) => folderFacts(path);

  folders: Calls["folders"] = (path) => listFolders(path);

  usage: Calls["usage"] = (request, hooks) => this.#store.care.usage(request, hooks);

  facts: Calls["facts"] = () => this.#store.facts();

  /** Call after each call: what it put and did not commit is dropped. */
  rest(): void {
    if (!this.#closed) this.#store.discard();
  }

  /** Call once nobody waits for an answer: what was learnt is written down, small commits joined. */
  tidy(): void {
    if (this.#closed) return;
    this.#memory?.tidy();
    this.#store.tidy();
  }

  /** Call now and then while nobody asks for anything, until it says that nothing is left. */
  reread(): boolean {
    return !this.#closed && (this.#memory?.reread() ?? false);
  }

  close(): void {
    this.#memory?.close();
    this.#closed = true;
    this.#store.close();
  }

  /** Restores, and what lets go of things, work on where captures find the store full. */
  #restoring<T>(work: () => T): T {
    return this.#store.as("restore", work);
  }

  #scan(options: Omit<ScanOptions, "cache" | "ahead" | "own">): Scan {
    const { workspace } = options;
    if (this.#memory?.workspace !== workspace) {
      this.#memory?.close();
      this.#memory = new Memory(this.#store, this.#store.dir, workspace);
    }
    return this.#memory.scan({ ...options, own: this.#own });
  }

  #side(side: DiffRequest["from"], hooks: WorkHooks): ReadableSide {
    if (side === null || typeof side === "string") return storedSide(this.#store, side);
    const workspace = openWorkspace(side.workspace, this.#dataDir);
    const scan = this.#scan({ workspace, rules: side.rules, store: false, ...hooks });
    return folderSide(this.#store, scan, workspace);
  }
}
