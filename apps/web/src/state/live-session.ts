import { eventTypes, type LiveEvent, type TransientMessage } from "@cairn/shared/events";
import type { Result } from "@cairn/shared/methods";
import type { Session } from "@cairn/shared/session";
import type { Client, Gap, Subscription } from "@cairn/shared/client";
import { createStore } from "zustand/vanilla";
import { applyEvent } from "./apply-event.ts";
import { FeedLog } from "./feed-log.ts";
import { browserClock, IngestQueue, type IngestClock } from "./ingest.ts";
import { noteSessionFacts, noteTransientFacts, watchFacts } from "./live-facts.ts";
import { noteProgress } from "./progress.ts";
import { noteResync } from "./resync.ts";
import { TimelineLog } from "./timeline-log.ts";

const pageSize = 100;
/** Events of the past that the feed starts with. */
const feedStart = 50;
/** Bursts come as one frame; a lone event still comes at once. In ms. */
const batchMs = 50;

export interface LiveState {
  /** Grows whenever rows of the log changed. */
  version: number;
  status: "loading" | "ready" | "failed" | "missing" | "deleted";
  /** Why `failed`. */
  error: unknown;
  session: Session | null;
  head: string | null;
  older: "some" | "loading" | "failed" | "none";
  olderError: unknown;
  /** Paused at this sequence_number: newer rows wait. */
  frozen: { at: number; by: "scroll" | "key" } | null;
  /** Events of a replay that are still on their way. */
  catchingUp: { done: number; total: number } | null;
  /** Events that should have come and did not; asked for again until they do. */
  gap: Gap | null;
}

const start: LiveState = {
  version: 0,
  status: "loading",
  error: null,
  session: null,
  head: null,
  older: "none",
  olderError: null,
  frozen: null,
  catchingUp: null,
  gap: null,
};

type Listener = (event: LiveEvent) => void;

/** One session as this page follows it: its rows by page, and every event since. */
export class LiveSession {
  readonly session_id: string;
  readonly log = new TimelineLog();
  readonly feed: FeedLog;
  readonly store = createStore<LiveState>(() => start);
  readonly #client: () => Client;
  readonly #queue: IngestQueue<LiveEvent>;
  readonly #listeners = new Set<Listener>();
  /** What each page load under way has to apply once more: its page may be older than these. */
  readonly #recorders = new Set<LiveEvent[]>();
  #subscription: Subscription | null = null;
  #unwatchFacts: (() => void) | null = null;
  /** Seq of the latest event when the server ended the subscription. */
  #endedAt: number | null = null;
  #latest = 0;
  #loads = 0;
  #cursor: string | undefined;
  /** Events up to here are history: they are in the pages already. */
  #floor = 0;

  constructor(session_id: string, client: () => Client, clock: IngestClock = browserClock) {
    this.session_id = session_id;
    this.#client = client;
    this.feed = new FeedLog(clock);
    this.#queue = new IngestQueue((batch) => this.#take(batch), clock);
  }

  start(): void {
    if (this.#subscription !== null) return;
    this.#unwatchFacts = watchFacts(this.session_id);
    this.#subscription = this.#client().subscribe(this.session_id, {
      events: eventTypes,
      transient: true,
      since: { last: feedStart },
      batch: { interval_ms: batchMs },
      onEvents: (events) => this.#queue.push(...events),
      onTransient: (message) => this.#hear(message),
      onSubscribed: (reply) => this.#subscribed(reply),
      onGap: (gap) => this.store.setState({ gap }),
      onEnded: () => this.#ended(),
      onError: (error) => this.#fail(error),
    });
  }

  /** The session as an overview gives it: follows it again when it came back from the trash. */
  see({ seq }: Session): void {
    if (this.#endedAt === null || seq <= this.#endedAt) return;
    this.stop();
    this.start();
  }

  stop(): void {
    this.#endedAt = null;
    this.#subscription?.unsubscribe();
    this.#subscription = null;
    this.#unwatchFacts?.();
    this.#unwatchFacts = null;
    this.#queue.clear();
    this.#loads += 1;
    this.#floor = 0;
  }

  /** Calls back for every event that is news, after the rows show it. */
  onEvent(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Stops the list from moving: what comes waits above it. */
  freeze(by: "scroll" | "key"): void {
    const at = this.log.newest()?.sequence_number ?? 0;
    if (this.store.getState().frozen === null) this.store.setState({ frozen: { at, by } });
  }

  /** Shows what waited and follows again. */
  follow(): void {
    if (this.store.getState().frozen !== null) this.store.setState({ frozen: null });
  }

  /** Loads the first page again, and what else is known of the session. */
  async reload(): Promise<void> {
    this.#loads += 1;
    const load = this.#loads;
    const { session_id } = this;
    const meanwhile = this.#record();
    if (this.log.length === 0) this.store.setState({ status: "loading", error: null });
    try {
      const [page, { session }] = await Promise.all([
        this.#client().call("list_checkpoints", { session_id, limit: pageSize }),
        this.#client().call("get_session", { session_id }),
      ]);
      if (load !== this.#loads) return;
      noteSessionFacts(session);
      this.log.clear();
      this.#takePage(page);
      this.store.setState({
        status: session.deleted_at === null ? "ready" : "deleted",
        error: null,
        session,
        head: session.head,
      });
      this.#apply(meanwhile);
    } catch (error) {
      if (load === this.#loads) this.#fail(error);
    } finally {
      this.#recorders.delete(meanwhile);
    }
  }

  /** Loads the next page of older rows, if there is one. */
  async loadOlder(): Promise<void> {
    const { older } = this.store.getState();
    if (older !== "some" && older !== "failed") return;
    const load = this.#loads;
    const meanwhile = this.#record();
    this.store.setState({ older: "loading" });
    try {
      const { session_id } = this;
      const cursor = this.#cursor;
      const page = await this.#client().call("list_checkpoints", {
        session_id,
        limit: pageSize,
        ...(cursor === undefined ? {} : { cursor }),
      });
      if (load !== this.#loads) return;
      this.#takePage(page);
      this.#apply(meanwhile);
    } catch (error) {
      if (load === this.#loads) this.store.setState({ older: "failed", olderError: error });
    } finally {
      this.#recorders.delete(meanwhile);
    }
  }

  #record(): LiveEvent[] {
    const events: LiveEvent[] = [];
    this.#recorders.add(events);
    return events;
  }

  #takePage(page: Result<"list_checkpoints">): void {
    for (const row of page.checkpoints) this.log.put(row);
    this.#cursor = page.next_cursor;
    this.store.setState(({ version }) => ({
      version: version + 1,
      older: page.next_cursor === undefined ? "none" : "some",
      olderError: null,
    }));
  }

  #subscribed(reply: Result<"subscribe">): void {
    const { status } = this.store.getState();
    const afresh = !reply.recovered || this.#floor === 0 || status !== "ready";
    this.store.setState({
      catchingUp: reply.replayed > 0 ? { done: 0, total: reply.replayed } : null,
    });
    if (!afresh) return;
    const missed = !reply.recovered && this.#floor > 0 && status === "ready";
    // What this subscription replays is older than the pages that are loaded now.
    this.#queue.flush();
    this.#floor = Math.max(reply.seq, 1);
    void this.reload().then(() => {
      if (missed) noteResync();
    });
  }

  #hear(message: TransientMessage): void {
    if (message.event_type === "progress") noteProgress(message.data);
    noteTransientFacts(message);
    if (message.event_type !== "sync") return;
    this.#queue.flush();
    this.store.setState({ catchingUp: null });
  }

  #ended(): void {
    this.#queue.flush();
    this.#endedAt = this.#latest;
    this.store.setState({ status: "deleted" });
  }

  #take(batch: LiveEvent[]): void {
    this.#latest = batch.at(-1)?.seq ?? this.#latest;
    this.feed.push(batch);
    const { catchingUp } = this.store.getState();
    if (catchingUp !== null) {
      const done = Math.min(catchingUp.total, catchingUp.done + batch.length);
      this.store.setState({ catchingUp: { ...catchingUp, done } });
    }
    const news = batch.filter((event) => event.seq > this.#floor);
    if (news.length === 0) return;
    for (const recorder of this.#recorders) recorder.push(...news);
    this.#apply(news);
    for (const event of news) for (const listener of this.#listeners) listener(event);
  }

  #apply(events: readonly LiveEvent[]): void {
    if (events.length === 0) return;
    const before = this.store.getState();
    let { head, session, status } = before;
    let reload = false;
    for (const event of events) {
      reload = applyEvent(this.log, event, before.older === "none") || reload;
      if (event.head !== undefined) head = event.head;
      if (event.session !== undefined) session = event.session;
      if (event.event_type === "session_deleted") status = "deleted";
      else if (status === "deleted" && event.session?.deleted_at === null) status = "ready";
    }
    this.store.setState({ version: before.version + 1, head, session, status });
    if (reload) void this.reload();
  }

  #fail(error: unknown): void {
    const code = (error as { code?: unknown }).code;
    if (code === "session_not_found" || code === "invalid_params") {
      this.store.setState({ status: "missing", error });
    } else if (this.log.length === 0) {
      this.store.setState({ status: "failed", error });
    }
  }
}
