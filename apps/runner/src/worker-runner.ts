import { mkdirSync, realpathSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ProtocolError } from "@cairn/shared/errors";
import type { Answer, Ask, Method } from "./calls.ts";
import { KnownCounts } from "./diff/known-counts.ts";
import { isThreadEnded, restoreEnded } from "./errors.ts";
import { Operations } from "./operations.ts";
import type * as r from "./runner.ts";
import { lockStore } from "./store/lock.ts";
import { prepareStore } from "./store/prepare.ts";
import { Glances } from "./watch/glances.ts";
import { unwatchedOf } from "./watch/unwatched.ts";
import { Watchers } from "./watch/watchers.ts";
import { WorkerPool } from "./worker-pool.ts";
import { WorkspaceLock } from "./workspace-lock.ts";

export interface RunnerOptions {
  /** Made when it is missing. One process at a time owns it. */
  dataDir: string;
  /** A module with `createPorts()`, which gives each thread its filesystem: for tests. */
  portsModule?: URL;
  /** A thread ends when nothing was asked of it for so long. */
  idleMs?: number;
  /** Bytes that the store may hold; without it, as much as its disk does. */
  storeLimit?: number;
}

const reads = "reads";
/** To read a whole store takes minutes: nobody else shall wait for that. */
const checks = "checks";
const collection = "collection";
const defaultIdleMs = 60_000;

/**
 * Starts the runner of a data folder, with its work in worker threads. Rejects with
 * `details.reason` `already_owned` when another process has the folder.
 */
// oxlint-disable-next-line require-await -- so that what it throws at once rejects too
export async function startRunner(options: RunnerOptions): Promise<r.Runner> {
  const storeDir = join(options.dataDir, "store");
  mkdirSync(storeDir, { recursive: true, mode: 0o700 });
  const lock = lockStore(storeDir);
  try {
    // Before any thread: tables are made, and packs of threads that crashed are free again.
    prepareStore(storeDir);
    return new WorkerRunner(options, storeDir, () => lock.release());
  } catch (error) {
    lock.release();
    throw error;
  }
}

class WorkerRunner implements r.Runner {
  readonly #pool: WorkerPool;
  readonly #locks = new WorkspaceLock();
  readonly #operations = new Operations();
  readonly #glances = new Glances();
  readonly #counts = new KnownCounts();
  readonly #watchers = new Watchers();
  readonly #releaseStore: () => void;
  readonly #running = new Set<Promise<unknown>>();
  #closed: Promise<void> | undefined;

  constructor(options: RunnerOptions, storeDir: string, releaseStore: () => void) {
    const portsModule = options.portsModule?.href ?? null;
    const data = {
      dataDir: realpathSync.native(options.dataDir),
      storeDir,
      portsModule,
      storeLimit: options.storeLimit ?? null,
    };
    this.#pool = new WorkerPool(data, options.idleMs ?? defaultIdleMs, (name) =>
      this.#operations.uses(name),
    );
    this.#releaseStore = releaseStore;
  }

  scan(request: r.ScanRequest, hooks?: r.Hooks): Promise<r.ScanReport> {
    return this.#onWorkspace(request.workspace, "scan", request, hooks);
  }

  dirty(request: r.DirtyRequest, hooks?: r.Hooks): Promise<r.Dirty> {
    return this.#glance(request.workspace, "dirty", request, hooks);
  }

  watch(request: r.ScanRequest, onHint: (hint: r.WatchHint) => void): Promise<() => Promise<void>> {
    return this.#run(async () => {
      const { workspace, rules } = request;
      // In vain where something else is at work there: then more is watched than need be.
      const report = await this.#glance(workspace, "scan", request).catch((error: unknown) => {
        if (error instanceof ProtocolError && error.code === "cancelled") return { left_out: [] };
        throw error;
      });
      const unwatched = unwatchedOf(workspace, rules, report.left_out);
      const end = this.#watchers.watch(workspace, unwatched, (lost) => {
        onHint({ at: Date.now(), ...(lost === undefined ? {} : { lost }) });
      });
      // oxlint-disable-next-line require-await -- as others may have to wait
      return async () => end();
    });
  }

  async capture(request: r.CaptureRequest, hooks?: r.Hooks): Promise<r.Captured> {
    const { counted, ...captured } = await this.#onWorkspace(
      request.workspace,
      "capture",
      request,
      hooks,
    );
    this.#counts.remember(request.parent, captured.tree, counted);
    return captured;
  }

  plan(request: r.PlanRequest, hooks?: r.Hooks): Promise<r.Plan> {
    return this.#onWorkspace(request.workspace, "plan", request, hooks);
  }

  prepare(request: r.PrepareRequest, hooks?: r.Hooks): Promise<r.Prepared> {
    return this.#run(() => this.#prepare(request, hooks));
  }

  apply(operationId: string, hooks?: r.Hooks): Promise<r.Applied> {
    return this.#run(() => this.#apply(operationId, hooks));
  }

  settle(operationId: string): Promise<void> {
    return this.#run(() => this.#finish("settle", operationId));
  }

  abandon(operationId: string): Promise<void> {
    return this.#run(() => this.#finish("abandon", operationId));
  }

  recover(committed: string[]): Promise<r.Recovered[]> {
    // The whole disk: a journal of a restore that runs now is not a crash's.
    return this.#run(() => this.#locked(["/"], () => this.#pool.call(reads, "recover", committed)));
  }

  reconcile(pins: string[]): Promise<number> {
    return this.#read("reconcile", pins);
  }

  release(pins: string[]): Promise<void> {
    return this.#read("release", pins);
  }

  waiting(): Promise<r.Waiting> {
    return this.#read("waiting", undefined);
  }

  repin(snapshots: { pin: string; snapshot: r.Snapshot }[]): Promise<number> {
    return this.#read("repin", snapshots);
  }

  diff(request: r.DiffRequest, hooks?: r.Hooks): Promise<r.DiffResult> {
    const side = [request.to, request.from].find(
      (side) => typeof side === "object" && side !== null,
    );
    return typeof side === "object" && side !== null
      ? this.#onWorkspace(side.workspace, "diff", request, hooks)
      : this.#read("diff", { ...request, ...this.#counts.of(request.from, request.to) }, hooks);
  }

  list(request: r.ListRequest): Promise<Answer<"list">> {
    return this.#read("list", request);
  }

  read(request: r.ReadRequest): Promise<r.ReadResult> {
    return this.#read("read", request);
  }

  skipped(hash: string): Promise<Answer<"skipped">> {
    return this.#read("skipped", hash);
  }

  validate(request: r.ValidateRequest, hooks?: r.Hooks): Promise<r.ValidateResult> {
    return this.#run(() => this.#pool.call(checks, "validate", request, hooks));
  }

  repair(request: r.RepairRequest, hooks?: r.Hooks): Promise<r.Repaired> {
    return this.#run(() => this.#pool.call(checks, "repair", request, hooks));
  }

  collect(request: r.CollectRequest, hooks?: r.Hooks): Promise<r.Collected> {
    return this.#run(() => this.#pool.call(collection, "collect", request, hooks));
  }

  folder(path: string): Promise<r.FolderFacts> {
    return this.#read("folder", path);
  }

  folders(path: string | undefined): Promise<r.FolderListing> {
    return this.#read("folders", path);
  }

  usage(request: r.UsageRequest, hooks?: r.Hooks): Promise<r.UsedBytes[]> {
    return this.#run(() => this.#pool.call(checks, "usage", request, hooks));
  }

  facts(): Promise<r.StoreFacts> {
    return this.#read("facts", undefined);
  }

  /** Lets running calls end; a restore that was prepared stays in its journal. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#glances.giveWay();
    await Promise.allSettled(this.#running);
    this.#watchers.close();
    await this.#pool.close();
    this.#releaseStore();
  }

  #run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed !== undefined) {
      return Promise.reject(
        new ProtocolError("shutting_down", "Cairn is shutting down. Try again when it is back."),
      );
    }
    const running = work();
    this.#running.add(running);
    return running.finally(() => this.#running.delete(running));
  }

  #read<M extends Method>(method: M, request: Ask<M>, hooks?: r.Hooks): Promise<Answer<M>> {
    return this.#run(() => this.#pool.call(reads, method, request, hooks));
  }

  /** Queues on the workspace and asks its own thread. */
  #onWorkspace<M extends Method>(
    workspace: string,
    method: M,
    request: Ask<M>,
    hooks?: r.Hooks,
  ): Promise<Answer<M>> {
    return this.#run(async () => {
      const path = await realOf(workspace);
      const ask = (): Promise<Answer<M>> => this.#pool.call(path, method, request, hooks);
      return await this.#locked([path], ask, hooks?.signal);
    });
  }

  /** As `#onWorkspace`, for what gives way to whatever else wants the folder. */
  #glance<M extends "dirty" | "scan">(
    workspace: string,
    method: M,
    request: Ask<M>,
    hooks?: r.Hooks,
  ): Promise<Answer<M>> {
    return this.#run(async () => {
      const path = await realOf(workspace);
      return await this.#glances.run(path, hooks?.signal, async (signal) => {
        const release = await this.#locks.acquire([path], signal);
        return await this.#pool.call(path, method, request, { ...hooks, signal }).finally(release);
      });
    });
  }

  async #locked<T>(paths: string[], work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    this.#glances.giveWay(paths);
    const release = await this.#locks.acquire(paths, signal);
    try {
      return await work();
    } finally {
      release();
    }
  }

  async #prepare(request: r.PrepareRequest, hooks: r.Hooks | undefined): Promise<r.Prepared> {
    const { operation_id, workspace, into } = request;
    this.#operations.claim(operation_id);
    try {
      const path = await realOf(workspace);
      const paths = into === undefined ? [path] : [path, await realOf(into)];
      this.#glances.giveWay(paths);
      const release = await this.#locks.acquire(paths, hooks?.signal);
      this.#operations.hold(operation_id, { thread: path, release });
      return await this.#pool.call(path, "prepare", request, hooks).catch(async (error) => {
        if (isThreadEnded(error)) await this.#takeBack(path, operation_id);
        throw error;
      });
    } catch (error) {
      this.#operations.end(operation_id);
      throw error;
    }
  }

  async #apply(operationId: string, hooks: r.Hooks | undefined): Promise<r.Applied> {
    const held = this.#operations.get(operationId);
    if (held === undefined) throw notPrepared();
    try {
      return await this.#pool.call(held.thread, "apply", operationId, hooks);
    } catch (error) {
      if (!isThreadEnded(error)) throw error;
      throw restoreEnded(error, await this.#takeBack(held.thread, operationId));
    }
  }

  /** After a thread broke under a restore: a new one takes back what was done, if it can. */
  async #takeBack(thread: string, operationId: string): Promise<boolean> {
    // What cannot be taken back now stays in the journal, which `recover` resolves at start.
    const done = this.#pool.call(thread, "abandon", operationId);
    return await done.then(
      () => true,
      () => false,
    );
  }

  async #finish(method: "settle" | "abandon", operationId: string): Promise<void> {
    const held = this.#operations.get(operationId);
    try {
      await this.#pool.call(held?.thread ?? reads, method, operationId);
    } finally {
      // Whatever is left to tidy up is found again by its journal.
      this.#operations.end(operationId);
    }
  }
}

function notPrepared(): ProtocolError {
  return new ProtocolError("operation_not_found", "No restore is prepared under this operation.");
}

/** Real path; of what is not there, by its nearest parent that is. */
async function realOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(await realOf(parent), basename(path));
  }
}
