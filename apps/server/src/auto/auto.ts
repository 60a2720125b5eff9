import type { Runner } from "@cairn/runner/runner";
import type { Bus } from "../bus/bus.ts";
import type { Clock, Log } from "../checkpoints/deps.ts";
import type { Timers } from "../realtime/timers.ts";
import type { Service } from "../service.ts";
import type { SessionRow, Store } from "../storage/store.ts";
import { FollowedSession } from "./followed-session.ts";
import type { Around, Known } from "./followed-session.ts";
import type { Reason } from "./schedule.ts";

const page = 200;
/** After a start nothing is captured for so long, and then not all at once. */
const startMs = 15_000;
const spreadMs = 45_000;
/** However often a session changes, its row is read so often; of one that nobody follows, rarely. */
const readMs = 100;
const strangerMs = 1_000;
/** A capture that takes longer, of a disk that does not answer say, holds up no others. */
const patienceMs = 60_000;
/** A page that is loaded anew unsubscribes and subscribes again. */
const lingerMs = 10_000;

interface Options {
  store: Store;
  bus: Pick<Bus, "listen">;
  runner: Pick<Runner, "dirty" | "watch">;
  service: Pick<Service, "checkpointIfChanged" | "live">;
  timers: Timers;
  clock: Clock;
  log: Log;
  /** `made`, `unchanged` or an error's code. */
  onCaptured?: (reason: Reason, outcome: string) => void;
  /** From 0 to 1. */
  random?: () => number;
}

/** Follows the folders of sessions that are watched or captured by themselves. */
export class Auto {
  readonly #options: Options;
  readonly #around: Around;
  readonly #followed = new Map<string, FollowedSession>();
  readonly #watched = new Map<string, () => void>();
  /** Sessions whose rows are to be read anew, and those of them that nobody follows. */
  readonly #stale = new Set<string>();
  readonly #strangers = new Set<string>();
  readonly #unlisten: () => void;
  #read: Promise<void> = Promise.resolve();
  #cancelRead: (() => void) | null = null;
  #cancelStrangers: (() => void) | null = null;
  #readAt = -Infinity;
  #captures: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: Options) {
    const { store, bus, runner, service, timers, clock, log } = options;
    this.#options = options;
    this.#around = {
      runner,
      service,
      timers,
      clock,
      log,
      onCaptured: (reason, outcome) => options.onCaptured?.(reason, outcome),
      inTurn: (work) => this.#inTurn(work),
      isBusy: async (session_id) =>
        (await store.pendingOperations()).some((row) => row.session_id === session_id),
    };
    this.#unlisten = bus.listen(({ session_id }) => this.#refresh(session_id));
  }

  /** Takes up the sessions that are captured by themselves, as after a restart. */
  async start(): Promise<void> {
    const { store, timers, random = Math.random } = this.#options;
    let cursor: string | undefined;
    do {
      const { rows, next_cursor } = await store.sessions({ limit: page, cursor });
      for (const row of rows) {
        if (this.#closed) return;
        if (!isAuto(row) || this.#followed.has(row.session_id)) continue;
        const notBefore = timers.now() + startMs + random() * spreadMs;
        await this.#follow(row, notBefore);
      }
      cursor = next_cursor;
    } while (cursor !== undefined);
  }

  /** Somebody subscribed to the session, or the last one has left. */
  watched(session_id: string, isWatched: boolean): void {
    if (this.#closed) return;
    this.#watched.get(session_id)?.();
    this.#watched.delete(session_id);
    if (isWatched) {
      this.#watched.set(session_id, () => undefined);
      this.#followed.get(session_id)?.lookSoon();
      this.#refresh(session_id);
      return;
    }
    const cancel = this.#options.timers.after(lingerMs, () => {
      this.#watched.delete(session_id);
      this.#refresh(session_id);
    });
    this.#watched.set(session_id, cancel);
  }

  /** Sessions by how their automatic checkpoints stand. */
  get statuses(): Record<string, number> {
    const counts = { waiting: 0, working: 0, backing_off: 0, paused: 0 };
    for (const { status } of this.#followed.values()) if (status !== "off") counts[status] += 1;
    return counts;
  }

  /** Folders by how changes in them are learned of. */
  get hearing(): Record<string, number> {
    const counts = { hints: 0, looks: 0 };
    for (const { hears } of this.#followed.values()) if (hears !== null) counts[hears] += 1;
    return counts;
  }

  #refresh(session_id: string): void {
    if (this.#closed) return;
    const { timers } = this.#options;
    if (!this.#followed.has(session_id) && !this.#watched.has(session_id)) {
      this.#strangers.add(session_id);
      this.#cancelStrangers ??= timers.after(strangerMs, () => {
        this.#cancelStrangers = null;
        for (const stranger of this.#strangers) this.#stale.add(stranger);
        this.#strangers.clear();
        this.#readSoon();
      });
      return;
    }
    this.#stale.add(session_id);
    this.#readSoon();
  }

  #readSoon(): void {
    const { timers } = this.#options;
    const ms = Math.max(this.#readAt + readMs - timers.now(), 0);
    this.#cancelRead ??= timers.after(ms, () => {
      this.#cancelRead = null;
      this.#readAt = timers.now();
      this.#read = this.#read.then(async () => await this.#readStale());
    });
  }

  async #readStale(): Promise<void> {
    const { store, log } = this.#options;
    for (const session_id of this.#stale) {
      this.#stale.delete(session_id);
      try {
        const row = await store.session(session_id);
        if (this.#closed) return;
        await this.#keep(session_id, row?.deleted_at === null ? row : null);
      } catch (error) {
        // The next event of the session tries again.
        log.error({ session_id, err: error }, "a session could not be followed");
      }
    }
  }

  async #keep(session_id: string, row: SessionRow | null): Promise<void> {
    const isWatched = this.#watched.has(session_id);
    const followed = this.#followed.get(session_id);
    if (row === null || !(isWatched || isAuto(row))) {
      if (followed === undefined) return;
      if (row === null) this.#options.service.live.forget(session_id);
      else {
        followed.update(await this.#known(row));
        followed.setWatched(false);
      }
      this.#followed.delete(session_id);
      await followed.close();
      return;
    }
    if (followed === undefined) {
      await this.#follow(row, 0);
      return;
    }
    followed.update(await this.#known(row));
    followed.setWatched(isWatched);
  }

  async #follow(row: SessionRow, notBefore: number): Promise<void> {
    const known = await this.#known(row);
    if (this.#closed) return;
    const followed = new FollowedSession(this.#around, known, notBefore);
    this.#followed.set(row.session_id, followed);
    followed.setWatched(this.#watched.has(row.session_id));
  }

  async #known(session: SessionRow): Promise<Known> {
    const { store } = this.#options;
    const { session_id, head } = session;
    const before = this.#followed.get(session_id)?.known;
    // A checkpoint's row may be large: it is read only when there is another.
    if (before !== undefined && before.session.head === head) return { ...before, session };
    const row = head === null ? null : await store.checkpoint(session_id, head);
    const known = {
      session,
      head: row === null ? null : { tree: row.tree, created_at: row.created_at },
      lastAutoAt: null,
    };
    if (before !== undefined || !isAuto(session)) return known;
    const filter = { authors: ["cairn"], triggers: ["automatic", "scheduled"] };
    const { rows } = await store.checkpoints({ session_id, filter, limit: 1, order: "desc" });
    return { ...known, lastAutoAt: rows[0]?.created_at ?? null };
  }

  /** However many are due, after a sleep of the machine say, one is made at a time. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const { timers } = this.#options;
    const done = this.#captures.then(work);
    this.#captures = this.#captures.then(async () => {
      await new Promise<void>((resolve) => {
        const cancel = timers.after(patienceMs, resolve);
        void done.finally(() => {
          cancel();
          resolve();
        });
      });
    });
    return done;
  }

  /** Begins nothing more; resolves once a capture that is at work has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#unlisten();
    this.#cancelRead?.();
    this.#cancelStrangers?.();
    for (const cancel of this.#watched.values()) cancel();
    await this.#read;
    await Promise.all([...this.#followed.values()].map((followed) => followed.close()));
  }
}

function isAuto({ settings, workspace }: SessionRow): boolean {
  const { every_minutes, quiet_seconds } = settings.auto;
  return workspace !== null && (every_minutes !== undefined || quiet_seconds !== undefined);
}
