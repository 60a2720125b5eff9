import type * as z from "zod/mini";
import { Acks, defaultWindow } from "./acks.ts";
import type { Filter } from "./checkpoint.ts";
import { Delivery } from "./delivery.ts";
import type { EventType, LiveEvent, TransientMessage, transients } from "./events.ts";
import type { Params, Result } from "./methods.ts";
import { Position, type Cursor, type Verdict } from "./position.ts";
import type { Surroundings } from "./surroundings.ts";

/** Seqs, both included, among which at least one event that is wanted did not come. */
export interface Gap {
  from: number;
  to: number;
}

/** `handler_failed`: under `ack`, a handler threw or rejected; what it was given is not acknowledged. */
export type EndReason =
  | z.infer<(typeof transients)["subscription_ended"]>["reason"]
  | "handler_failed";

export interface SubscribeOptions {
  events?: readonly EventType[];
  filter?: Filter;
  since?: NonNullable<Params<"subscribe">["since"]>;
  /**
   * Acknowledge what a handler below has returned from, or resolved. A named `consumer` goes on
   * after the last that it acknowledged, whichever process it runs in.
   */
  ack?: NonNullable<Params<"subscribe">["ack"]>;
  batch?: NonNullable<Params<"subscribe">["batch"]>;
  transient?: boolean;
  /** A logged event of the session, each once and in order, across reconnects. */
  onEvent?: (event: LiveEvent) => unknown;
  /** The same events, as many at once as came in one frame. */
  onEvents?: (events: LiveEvent[]) => unknown;
  onTransient?: (message: TransientMessage) => void;
  /**
   * Live (again). `recovered: false` means events may have been missed: load afresh.
   * `sessions` is the snapshot that "*" replies with.
   */
  onSubscribed?: (reply: Result<"subscribe">) => void;
  /** Something did not come; null once it has, or was given up with `recovered: false`. */
  onGap?: (gap: Gap | null) => void;
  /** The server ended the subscription, or a failed handler did. It is not made again. */
  onEnded?: (reason: EndReason) => void;
  /** The subscription ended because the server refused it, or a callback above threw. */
  onError?: (error: Error) => void;
}

export interface Progress {
  done: number;
  total: number;
}

const nothing = () => undefined;

interface Hooks {
  around: Surroundings;
  sendAck: (subscription_id: string, seq: number) => void;
  /** A handler failed under `ack`. */
  handlerFailed: () => void;
}

/** What one owner follows, over all connections: where it stands, what is missing, what is handled. */
export class Following {
  readonly session_id: string;
  readonly options: SubscribeOptions;
  /** A subscribe is under way. */
  asking = false;
  subscription_id: string | null = null;
  failures = 0;
  cancelRetry: () => void = () => undefined;
  readonly #hooks: Hooks;
  readonly #position: Position;
  readonly #acks: Acks | null;
  readonly #delivery: Delivery;
  #gap: Gap | null = null;
  #replay: Progress | null = null;
  /** Resumes in a row that did not close the gap at `#resumedAt`. */
  #resumes = 0;
  #resumedAt = -1;
  /** Counts the logs: what is handled of one before says nothing about the next. */
  #log = 0;

  constructor(session_id: string, options: SubscribeOptions, hooks: Hooks) {
    const { since, ack } = options;
    this.session_id = session_id;
    this.options = options;
    this.#hooks = hooks;
    const cursor = typeof since === "object" && "epoch" in since ? since : null;
    this.#position = new Position(cursor);
    this.#delivery = new Delivery(ack !== undefined);
    const window = ack?.window ?? defaultWindow;
    this.#acks = ack === undefined ? null : new Acks(hooks.around, window, hooks.sendAck);
  }

  /** Where it stands; null when nothing is known yet. */
  get cursor(): Cursor | null {
    return this.#position.cursor;
  }

  /** How far a replay is, or that one may be due; null when there is nothing to wait for. */
  get catchingUp(): Progress | null {
    if (this.#replay !== null) return this.#replay;
    return this.asking && this.cursor !== null ? { done: 0, total: 0 } : null;
  }

  /** What to ask the server for. */
  params(): Params<"subscribe"> {
    const { session_id, options } = this;
    const { events, filter, since, ack, batch, transient } = options;
    const from = this.#resumeFrom() ?? since;
    return {
      session_id,
      ...(events === undefined ? {} : { events: [...events] }),
      ...(filter === undefined ? {} : { filter }),
      ...(from === undefined || session_id === "*" ? {} : { since: from }),
      ...(ack === undefined ? {} : { ack }),
      ...(batch === undefined ? {} : { batch }),
      ...(transient === undefined ? {} : { transient }),
    };
  }

  /** What was received and is still being handled is not to be taken for handled by the server. */
  #resumeFrom(): Cursor | null {
    const { cursor } = this;
    const unhandledAfter = this.#acks?.unhandledAfter ?? null;
    if (cursor === null || unhandledAfter === null) return cursor;
    return { ...cursor, seq: unhandledAfter };
  }

  confirmed(reply: Result<"subscribe">): void {
    const recovered = this.#position.start(reply);
    this.subscription_id = reply.subscription_id;
    this.failures = 0;
    if (!recovered) this.#log += 1;
    this.#acks?.begin(reply.subscription_id, reply.seq, !recovered);
    this.#replay = reply.replayed > 0 ? { done: 0, total: reply.replayed } : null;
    if (!recovered) this.#healed();
    this.tell(() => this.options.onSubscribed?.({ ...reply, recovered }));
  }

  /** Hands on what follows; the verdict is the worst of them all. */
  take(events: readonly LiveEvent[]): Verdict {
    const news: LiveEvent[] = [];
    let seen = false;
    let missing: number | null = null;
    let lost = false;
    for (const event of events) {
      const verdict = this.#position.take(event);
      if (verdict === "apply") news.push(event);
      if (verdict === "drop") seen = true;
      if (verdict === "gap") missing ??= event.prev;
      if (verdict === "lost") lost = true;
    }
    this.#progressed(events.length);
    if (seen) this.#acks?.again();
    if (news.length > 0) this.#hand(news);
    if (missing !== null) this.#missed(missing);
    this.#healIfWhole();
    if (lost) return "lost";
    return missing === null ? "apply" : "gap";
  }

  sync(at: Cursor): Verdict {
    const verdict = this.#position.sync(at);
    if (verdict === "apply") {
      this.#replay = null;
      this.#healIfWhole();
    }
    return verdict;
  }

  /** Counts a try to close a gap; false after `most` in a row that did not move the position. */
  mayResume(most: number): boolean {
    const at = this.cursor?.seq ?? -1;
    this.#resumes = this.#resumedAt === at ? this.#resumes + 1 : 1;
    this.#resumedAt = at;
    return this.#resumes <= most;
  }

  /** A subscribe failed, or was not answered in time: the server may have begun it all the same. */
  unconfirmed(): void {
    this.#position.pause();
  }

  /** The next reply counts as not recovered. */
  forget(): void {
    this.#position.forget();
  }

  disconnected(): void {
    this.cancelRetry();
    this.asking = false;
    this.subscription_id = null;
    this.#replay = null;
    this.#acks?.pause();
  }

  /** Nothing more is handed on. */
  end(): void {
    this.disconnected();
    this.#delivery.clear();
  }

  /** Calls the owner back, after what it still has to handle. */
  tell(callback: () => void): void {
    this.#delivery.add({ run: callback, failed: (error) => this.report(error) });
  }

  /** An error goes to the owner, or to whoever hears of uncaught ones. */
  report(error: Error): void {
    const { onError } = this.options;
    if (onError !== undefined) return onError(error);
    queueMicrotask(() => {
      throw error;
    });
  }

  #hand(events: LiveEvent[]): void {
    const last = events.at(-1)?.seq ?? 0;
    this.#acks?.received(last);
    const { onEvents, onEvent } = this.options;
    const all = () => this.#acks?.handled(last, events.length);
    if (onEvents !== undefined)
      this.#add(() => onEvents(events), onEvent === undefined ? all : nothing);
    else if (onEvent === undefined) all();
    if (onEvent === undefined) return;
    for (const event of events) {
      this.#add(
        () => onEvent(event),
        () => this.#acks?.handled(event.seq, 1),
      );
    }
  }

  #add(run: () => unknown, handled: () => void): void {
    const log = this.#log;
    this.#delivery.add({
      run,
      done: () => {
        if (log === this.#log) handled();
      },
      failed: (error) => {
        this.report(error);
        if (this.#acks !== null) this.#hooks.handlerFailed();
      },
    });
  }

  #progressed(events: number): void {
    if (this.#replay === null) return;
    const { done, total } = this.#replay;
    this.#replay = done + events < total ? { done: done + events, total } : null;
  }

  #missed(to: number): void {
    const from = (this.cursor?.seq ?? 0) + 1;
    // What comes after it until it is closed is dropped, and tells nothing more.
    if (this.#gap?.from === from) return;
    const gap = { from, to: Math.max(to, this.#gap?.to ?? 0) };
    this.#gap = gap;
    this.tell(() => this.options.onGap?.(gap));
  }

  #healIfWhole(): void {
    if (this.#gap !== null && (this.cursor?.seq ?? 0) >= this.#gap.to) this.#healed();
  }

  #healed(): void {
    if (this.#gap === null) return;
    this.#gap = null;
    this.tell(() => this.options.onGap?.(null));
  }
}
