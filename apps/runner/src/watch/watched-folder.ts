import { lstatSync } from "node:fs";
import type { AsyncSubscription, Event } from "@parcel/watcher";
import watcher from "@parcel/watcher";
import type { Budget, Watched } from "./budget.ts";
import { NotWatched } from "./budget.ts";
import { Paced } from "./paced.ts";

const hintMs = 300;
/** After new folders were made: so long without another one, and at most so long in all. */
const settleMs = 1_000;
const mostSettleMs = 5_000;
/** Walking the folder anew takes at most a twentieth of the time. */
const renewShare = 20;
/** Folders that are left out by their path; each costs a comparison a path. */
const maxPaths = 100;
/** Events of one batch that are looked at for new folders. */
const maxLooks = 200;

interface Options extends Watched {
  budget: Budget;
  onChange: () => void;
  /**
   * It watches no more. What it took of the system is given back when the process ends, unless
   * that was nothing.
   */
  onLost: (reason: string, tookNothing: boolean) => void;
}

/**
 * Beginnings and ends of all folders, one after the other: where one ended while another began,
 * `@parcel/watcher` watched neither, and said nothing (10 to 19 times of 60).
 */
let native: Promise<unknown> = Promise.resolve();

function alone<T>(work: () => Promise<T>): Promise<T> {
  const done = native.then(work);
  native = done.catch(() => undefined);
  return done;
}

/**
 * One folder under `@parcel/watcher`. On Linux that watches no folders below one that it finds
 * new, nor says so: each time new ones were made it is begun anew once they are.
 */
export class WatchedFolder {
  readonly #options: Options;
  readonly #hints: Paced;
  #subscription: AsyncSubscription | undefined;
  #lane: Promise<void> = Promise.resolve();
  #renewal: NodeJS.Timeout | undefined;
  #renewBy = 0;
  #restUntil = 0;
  #closed = false;

  constructor(options: Options) {
    this.#options = options;
    this.#hints = new Paced(hintMs, options.onChange);
    this.#inTurn(async () => await this.#subscribe());
  }

  #inTurn(work: () => Promise<void>): void {
    this.#lane = this.#lane
      .then(async () => {
        if (!this.#closed) await work();
      })
      .catch((error: unknown) => this.#lose(error));
  }

  async #subscribe(): Promise<void> {
    const { folder, names, budget } = this.#options;
    const paths = this.#options.paths.filter(isFolder).slice(0, maxPaths);
    const began = performance.now();
    await budget.take(this, { folder, names, paths });
    const onEvents = (error: Error | null, events: Event[]): void => this.#heard(error, events);
    await alone(async () => {
      if (this.#closed) return;
      this.#subscription = await watcher.subscribe(folder, onEvents, {
        // One pattern for all names: each costs a match a path.
        ignore: [`**/{${names.join(",")}}/**`, ...paths],
      });
    });
    const ended = performance.now();
    this.#restUntil = ended + (ended - began) * renewShare;
    // Whatever changed while it was not watched.
    this.#hints.ask();
  }

  #heard(error: Error | null, events: Event[]): void {
    if (this.#closed) return;
    if (error !== null) {
      this.#lose(error);
      return;
    }
    const { folder } = this.#options;
    if (events.some(({ type, path }) => type === "delete" && path === folder)) {
      this.#lose(new Error("the folder was moved or removed"));
      return;
    }
    this.#hints.ask();
    const created = events.filter(({ type }) => type === "create");
    if (created.length > maxLooks || created.some(({ path }) => isFolder(path))) this.#renew();
  }

  async #unsubscribe(): Promise<void> {
    await alone(async () => await this.#subscription?.unsubscribe());
    this.#subscription = undefined;
  }

  #renew(): void {
    const now = performance.now();
    if (this.#renewal === undefined) this.#renewBy = now + mostSettleMs;
    clearTimeout(this.#renewal);
    const at = Math.max(Math.min(now + settleMs, this.#renewBy), this.#restUntil);
    this.#renewal = setTimeout(() => {
      this.#renewal = undefined;
      this.#inTurn(async () => {
        await this.#unsubscribe();
        await this.#subscribe();
      });
    }, at - now);
  }

  #lose(error: unknown): void {
    if (this.#closed) return;
    this.close();
    this.#options.onLost(reasonOf(error), error instanceof NotWatched);
  }

  close(): void {
    this.#closed = true;
    this.#hints.close();
    clearTimeout(this.#renewal);
    this.#lane = this.#lane
      .then(async () => await this.#unsubscribe())
      // Of a folder that is gone.
      .catch(() => undefined)
      .finally(() => this.#options.budget.release(this));
  }
}

function isFolder(path: string): boolean {
  try {
    return lstatSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** The kernel's words for its limits on watches mean disks and files to whoever reads them. */
function reasonOf(error: unknown): string {
  const said = error instanceof Error ? error.message : String(error);
  if (/inotify_add_watch.*No space left/.test(said)) {
    return "the system lets no more folders be watched (fs.inotify.max_user_watches)";
  }
  if (/inotify.*Too many open files/.test(said)) {
    return "the system lets no more programs watch folders (fs.inotify.max_user_instances)";
  }
  return said;
}
