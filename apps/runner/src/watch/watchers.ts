import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import type { FromWatcher, ToWatcher } from "./messages.ts";

export interface WatchTimes {
  /** After the first loss; twice as long after each further one. */
  retryMs: number;
  mostRetryMs: number;
  /** Whoever watched for so long begins to count its losses anew. */
  steadyMs: number;
  /** How long it may take until a folder is watched. */
  patienceMs: number;
  /** How long the process stays when nothing is watched any more. */
  idleMs: number;
}

const usualTimes: WatchTimes = {
  retryMs: 1_000,
  mostRetryMs: 300_000,
  steadyMs: 60_000,
  patienceMs: 60_000,
  idleMs: 10_000,
};

/** What watches leave out: names wherever they stand, and folders by their absolute path. */
export interface Unwatched {
  names: string[];
  paths: string[];
}

/** Says that something may have changed, or, with `lost`, that no more is heard until it is told. */
type OnHint = (lost?: string) => void;

interface Watch {
  id: number;
  folder: string;
  unwatched: Unwatched;
  onHint: OnHint;
  losses: number;
  /** Since when it is watched; null while it is not. */
  since: number | null;
  /** Until it is tried again, or given up if it is not watched by then. */
  timer: NodeJS.Timeout | undefined;
  isLost: boolean;
}

/**
 * Folders that are watched for changes, in one process of their own. It never fails: where it
 * cannot watch it says so, and tries again ever more rarely.
 */
export class Watchers {
  readonly #program: URL;
  readonly #times: WatchTimes;
  readonly #watches = new Map<number, Watch>();
  #child: ChildProcess | undefined;
  #idle: NodeJS.Timeout | undefined;
  #lastId = 0;

  constructor(times = usualTimes, program = new URL("process.ts", import.meta.url)) {
    this.#times = times;
    this.#program = program;
  }

  /** The first hint comes once the folder is watched. The result ends it. */
  watch(folder: string, unwatched: Unwatched, onHint: OnHint): () => void {
    this.#lastId += 1;
    const id = this.#lastId;
    const watch = { id, folder, unwatched, onHint, losses: 0, since: null };
    this.#watches.set(id, { ...watch, timer: undefined, isLost: false });
    this.#begin(id);
    return () => this.#end(id);
  }

  close(): void {
    for (const { timer } of this.#watches.values()) clearTimeout(timer);
    this.#watches.clear();
    this.#stop();
  }

  #begin(id: number): void {
    const watch = this.#watches.get(id);
    if (watch === undefined) return;
    watch.since = null;
    watch.isLost = false;
    clearTimeout(watch.timer);
    watch.timer = setTimeout(() => {
      this.#lost(id, "it takes too long to look at all its folders");
      this.#renew();
    }, this.#times.patienceMs).unref();
    const { folder, unwatched } = watch;
    this.#tell({ kind: "watch", id, folder, ...unwatched });
  }

  #end(id: number): void {
    const watch = this.#watches.get(id);
    if (watch === undefined) return;
    clearTimeout(watch.timer);
    this.#watches.delete(id);
    if (this.#child === undefined) return;
    this.#tell({ kind: "unwatch", id });
    if (this.#watches.size > 0) return;
    this.#idle = setTimeout(() => this.#stop(), this.#times.idleMs).unref();
  }

  #tell(message: ToWatcher): void {
    clearTimeout(this.#idle);
    this.#child ??= this.#start();
    // What could not be sent, the end of the process tells of.
    this.#child.send(message, () => undefined);
  }

  #start(): ChildProcess {
    const child = fork(this.#program, {
      execArgv: [],
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    child.on("message", (message: FromWatcher) => {
      if (this.#child === child) this.#heard(message);
    });
    const ended = (why: string): void => {
      if (this.#child !== child) return;
      this.#child = undefined;
      for (const { id, isLost } of this.#watches.values()) {
        if (!isLost) this.#lost(id, `the watching process ended (${why})`);
      }
    };
    child.on("error", (error) => ended(error.message));
    child.once("exit", (code, signal) => ended(signal ?? String(code)));
    child.unref();
    child.channel?.unref();
    return child;
  }

  #heard(message: FromWatcher): void {
    const watch = this.#watches.get(message.id);
    if (watch === undefined) return;
    if (message.kind === "lost") {
      this.#lost(message.id, message.reason);
      // What that folder took, such as all the watches that the system allows, is given back so.
      if (!message.tookNothing) this.#renew();
      return;
    }
    if (watch.since === null) clearTimeout(watch.timer);
    watch.since ??= performance.now();
    watch.onHint();
  }

  #lost(id: number, reason: string): void {
    const watch = this.#watches.get(id);
    if (watch === undefined) return;
    const { retryMs, mostRetryMs, steadyMs } = this.#times;
    if (watch.since !== null && performance.now() - watch.since > steadyMs) watch.losses = 0;
    const pause = Math.min(retryMs * 2 ** watch.losses, mostRetryMs);
    watch.losses += 1;
    watch.isLost = true;
    clearTimeout(watch.timer);
    watch.timer = setTimeout(() => this.#begin(id), pause).unref();
    watch.onHint(reason);
  }

  /** A process anew, for those that are not lost. */
  #renew(): void {
    this.#stop();
    for (const { id, isLost } of this.#watches.values()) if (!isLost) this.#begin(id);
  }

  #stop(): void {
    clearTimeout(this.#idle);
    const child = this.#child;
    this.#child = undefined;
    if (child?.connected === true) child.disconnect();
  }
}
