import type { Runner } from "@cairn/runner/runner";
import { ProtocolError } from "@cairn/shared/errors";
import type { AutoState } from "@cairn/shared/session";
import type { Clock, Log } from "../checkpoints/deps.ts";
import type { Timers } from "../realtime/timers.ts";
import type { Service } from "../service.ts";
import type { SessionRow } from "../storage/store.ts";
import { FolderWatch } from "./folder-watch.ts";
import type { Look } from "./folder-watch.ts";
import { nextDue } from "./schedule.ts";
import type { Due, Reason, Standing } from "./schedule.ts";

/** A restore of the session is at work. */
const busyMs = 5_000;

export interface Around {
  runner: Pick<Runner, "dirty" | "watch">;
  service: Pick<Service, "checkpointIfChanged" | "live">;
  timers: Timers;
  clock: Clock;
  log: Log;
  onCaptured: (reason: Reason, outcome: string) => void;
  /** Does captures one after the other. */
  inTurn: (work: () => Promise<void>) => Promise<void>;
  isBusy: (session_id: string) => Promise<boolean>;
}

/** A session as it is stored, and what of its head matters here. */
export interface Known {
  session: SessionRow;
  head: { tree: string | null; created_at: string } | null;
  /** When Cairn last captured it by itself. */
  lastAutoAt: string | null;
}

/**
 * A session that somebody watches, or that is captured by itself: keeps its live facts, and makes
 * its automatic checkpoints.
 */
export class FollowedSession {
  readonly #around: Around;
  #known: Known;
  #isWatched = false;
  #watch: FolderWatch | null = null;
  #standing: Standing;
  /** Null when a look could not find it out, undefined until there was one. */
  #dirty: number | null | undefined;
  #isAsHead = false;
  #lastAutoAt: string | null;
  #lastError: string | null = null;
  #isAway = false;
  #isBusy = false;
  #toldState = false;
  #timer: (() => void) | null = null;
  #working: Promise<void> | null = null;
  #endings: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(around: Around, known: Known, notBefore: number) {
    this.#around = around;
    this.#known = known;
    this.#lastAutoAt = known.lastAutoAt;
    this.#standing = {
      since: this.#ageOf(known),
      changedAt: null,
      made: null,
      failures: 0,
      failedAt: 0,
      notBefore,
    };
    this.#arrange();
  }

  get known(): Known {
    return this.#known;
  }

  get status(): AutoState["status"] {
    return this.#state(this.#due).status;
  }

  /** How it learns of changes; null where it need not. */
  get hears(): "hints" | "looks" | null {
    return this.#watch === null ? null : this.#watch.isHeard ? "hints" : "looks";
  }

  setWatched(isWatched: boolean): void {
    this.#isWatched = isWatched;
    this.#arrange();
  }

  /** Changes that no hint told of are otherwise found only by the next slow look. */
  lookSoon(): void {
    this.#watch?.lookSoon();
  }

  /** Takes note of how the session is stored now. */
  update(known: Known): void {
    const before = this.#known;
    this.#known = known;
    const { session } = known;
    if (before.session.head !== session.head) {
      this.#standing.since = this.#around.timers.now();
      this.#standing.changedAt = null;
      this.#forgetCount();
      this.#isAsHead = false;
    }
    const isSameFolder =
      before.session.workspace === session.workspace &&
      JSON.stringify(before.session.settings) === JSON.stringify(session.settings);
    if (!isSameFolder || before.session.status !== session.status) {
      // Whoever changed the settings may have mended what failed.
      Object.assign(this.#standing, { failures: 0, notBefore: 0 });
      this.#isAway = false;
      this.#lastError = null;
    }
    // Whatever was at work has said something.
    this.#isBusy = false;
    if (!isSameFolder) this.#unwatch();
    this.#watch?.setHead(known.head?.tree ?? null);
    this.#arrange();
  }

  /** The interval goes on where it stood before a restart; a clock that jumped counts as none. */
  #ageOf({ session, head }: Known): number {
    const { timers, clock } = this.#around;
    const passed = clock() - Date.parse(head?.created_at ?? session.created_at);
    const most = (session.settings.auto.every_minutes ?? 0) * 60_000;
    return timers.now() - Math.min(Math.max(passed, 0), most);
  }

  get #isOn(): boolean {
    const { workspace, settings } = this.#known.session;
    const { every_minutes, quiet_seconds } = settings.auto;
    return workspace !== null && (every_minutes !== undefined || quiet_seconds !== undefined);
  }

  get #isOpen(): boolean {
    const { status, deleted_at } = this.#known.session;
    return status === "open" && deleted_at === null;
  }

  get #due(): Due | null {
    return this.#isOn && this.#isOpen
      ? nextDue(this.#known.session.settings.auto, this.#standing)
      : null;
  }

  /** Watches the folder where that is wanted, and waits for what is due next. */
  #arrange(): void {
    if (this.#closed) return;
    const { head } = this.#known;
    const { workspace } = this.#known.session;
    // Without a head all is new, which need not be looked at to be shown.
    const wanted = this.#isOpen && (this.#isOn || (this.#isWatched && head !== null));
    if (!wanted || workspace === null) this.#unwatch();
    else if (this.#watch === null) this.#follow(workspace);
    this.#wait();
  }

  #follow(workspace: string): void {
    const { session_id, settings } = this.#known.session;
    this.#forgetCount();
    this.#watch = new FolderWatch({
      ...this.#around,
      session_id,
      workspace,
      rules: settings,
      head: this.#known.head?.tree ?? null,
      onLook: (look) => this.#looked(look),
      onHearing: () => this.#wait(),
    });
  }

  /** It is of another time or head, which is no reason to say that it cannot be found out. */
  #forgetCount(): void {
    this.#dirty = undefined;
    this.#around.service.live.clear(this.#known.session.session_id, "dirty_files");
  }

  #unwatch(): void {
    const watch = this.#watch;
    if (watch === null) return;
    this.#watch = null;
    this.#forgetCount();
    this.#isAsHead = false;
    this.#endings = Promise.all([this.#endings, watch.close()]).then(() => undefined);
  }

  #looked({ files, isAsHead, changed }: Look): void {
    const { timers } = this.#around;
    this.#dirty = files;
    this.#isAsHead = isAsHead;
    if (isAsHead) this.#standing.changedAt = null;
    else if (changed) this.#standing.changedAt = timers.now();
    if (files !== null) this.#isAway = false;
    this.#wait();
  }

  #wait(): void {
    this.#timer?.();
    this.#timer = null;
    if (this.#closed) return;
    const due = this.#due;
    if (due !== null && this.#working === null) {
      const ms = Math.max(due.at - this.#around.timers.now(), 0);
      this.#timer = this.#around.timers.after(ms, () => this.#begin());
    }
    this.#tell(due);
  }

  #begin(): void {
    this.#timer = null;
    const due = this.#due;
    const { timers, inTurn } = this.#around;
    if (due === null || this.#working !== null) return;
    if (this.#isAsHead) {
      this.#standing.since = timers.now();
      this.#wait();
      return;
    }
    this.#working = inTurn(async () => await this.#capture(due.reason)).finally(() => {
      this.#working = null;
      this.#wait();
    });
    this.#tell(due);
  }

  async #capture(reason: Reason): Promise<void> {
    const { service, timers, clock, isBusy, log, onCaptured } = this.#around;
    const { session_id } = this.#known.session;
    if (this.#closed || this.#due === null) return;
    this.#isBusy = await isBusy(session_id);
    if (this.#isBusy) {
      this.#standing.notBefore = timers.now() + busyMs;
      return;
    }
    const began = timers.now();
    try {
      const made = await service.checkpointIfChanged(session_id, reason);
      const now = timers.now();
      Object.assign(this.#standing, { since: now, changedAt: null, failures: 0 });
      this.#lastError = null;
      this.#isAway = false;
      onCaptured(reason, made ? "made" : "unchanged");
      if (!made) return;
      this.#standing.made = { at: now, took: now - began };
      this.#lastAutoAt = new Date(clock()).toISOString();
    } catch (error) {
      // The server stops: that is no failure.
      if (this.#closed) return;
      this.#standing.failures += 1;
      this.#standing.failedAt = timers.now();
      this.#lastError = error instanceof Error ? error.message : String(error);
      const code = error instanceof ProtocolError ? error.code : "internal";
      this.#isAway = code === "workspace_unavailable";
      onCaptured(reason, code);
      log.warn({ session_id, reason, err: error }, "an automatic checkpoint failed");
    }
  }

  #state(due: Due | null): AutoState {
    const { timers, clock } = this.#around;
    const { failures } = this.#standing;
    const unheard = this.#watch?.unheard ?? null;
    const next = due === null || this.#working !== null ? null : due.at - timers.now();
    return {
      status: this.#statusNow(),
      next_at: next === null ? null : new Date(clock() + Math.max(next, 0)).toISOString(),
      last_at: this.#lastAutoAt,
      failures,
      last_error: this.#lastError,
      ...(unheard === null ? {} : { unheard }),
    };
  }

  #statusNow(): AutoState["status"] {
    if (!this.#isOn) return "off";
    if (!this.#isOpen || this.#isBusy || this.#isAway) return "paused";
    if (this.#working !== null) return "working";
    return this.#standing.failures > 0 ? "backing_off" : "waiting";
  }

  #tell(due: Due | null): void {
    const { session, head } = this.#known;
    const { live } = this.#around.service;
    const dirty_files = head === null ? undefined : this.#dirty;
    if (this.#isOn || (this.#watch?.unheard ?? null) !== null) this.#toldState = true;
    live.set(session.session_id, {
      ...(dirty_files === undefined ? {} : { dirty_files }),
      ...(this.#toldState ? { auto_state: this.#state(due) } : {}),
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.();
    this.#unwatch();
    await this.#working;
    await this.#endings;
  }
}
