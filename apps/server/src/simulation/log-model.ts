// What the logs hold, kept beside the real ones: the judge of what clients were sent.
import { isDeepStrictEqual } from "node:util";
import type { Filter } from "@cairn/shared/checkpoint";
import type { EventType, LiveEvent, LoggedEvent } from "@cairn/shared/events";
import type { Result } from "@cairn/shared/methods";

/** What a subscription selects. */
export interface Wants {
  types: ReadonlySet<EventType>;
  filter: Pick<Filter, "tags" | "authors" | "triggers" | "pinned" | "text">;
}

/** The rules of filters once more, in other words than the server's. */
export function isWanted({ types, filter }: Wants, event: LoggedEvent): boolean {
  if (!types.has(event.event_type)) return false;
  const { checkpoint } = event;
  if (checkpoint === undefined) return true;
  const { tags = [], authors, triggers, pinned, text = "" } = filter;
  const { kind, reason = "" } = checkpoint.trigger;
  return (
    tags.every((tag) => checkpoint.tags.includes(tag)) &&
    (authors?.includes(checkpoint.author) ?? true) &&
    (triggers === undefined || triggers.includes(kind) || triggers.includes(reason)) &&
    (pinned ?? checkpoint.pinned) === checkpoint.pinned &&
    checkpoint.message.toLowerCase().includes(text.toLowerCase())
  );
}

export class LogModel {
  readonly #logs = new Map<string, { events: LoggedEvent[]; oldest: number }>();

  open(session_id: string): void {
    this.#logs.set(session_id, { events: [], oldest: 1 });
  }

  #of(session_id: string): { events: LoggedEvent[]; oldest: number } {
    const log = this.#logs.get(session_id);
    if (log === undefined) throw new Error(`an event of ${session_id}, which nobody made`);
    return log;
  }

  get sessions(): string[] {
    return [...this.#logs.keys()];
  }

  committed(event: LoggedEvent): void {
    const { events } = this.#of(event.data.session_id);
    events.push(event);
    if (event.seq !== events.length) throw new Error(`the log counts wrong at ${event.seq}`);
  }

  trimmed(session_id: string, oldest: number): void {
    this.#of(session_id).oldest = oldest;
  }

  head(session_id: string): number {
    return this.#of(session_id).events.length;
  }

  oldest(session_id: string): number {
    return this.#of(session_id).oldest;
  }

  event(session_id: string, seq: number): LoggedEvent | undefined {
    return this.#of(session_id).events[seq - 1];
  }

  /** The first wanted event after `seq`. */
  next(session_id: string, wants: Wants, seq: number): LoggedEvent | undefined {
    const { events } = this.#of(session_id);
    for (let at = seq; at < events.length; at += 1) {
      const event = events[at];
      if (event !== undefined && isWanted(wants, event)) return event;
    }
    return undefined;
  }

  /** Seqs of the wanted events after `after` up to `until`. */
  wanted(session_id: string, wants: Wants, after: number, until = Infinity): number[] {
    const { events } = this.#of(session_id);
    return events
      .slice(after, until)
      .filter((event) => isWanted(wants, event))
      .map(({ seq }) => seq);
  }
}

/** What a client was sent that the rules do not allow. */
export class Breach extends Error {
  override readonly name = "Breach";
}

type Reply = Pick<Result<"subscribe">, "epoch" | "seq" | "oldest_seq" | "recovered" | "replayed">;

/** Throws unless this is, word for word, what the log holds under its seq. */
export function mustBeLogged(log: LogModel, event: LiveEvent): LoggedEvent {
  const { prev: _prev, redelivered: _redelivered, ...sent } = event;
  const logged = log.event(event.data.session_id, event.seq);
  if (logged === undefined) throw new Breach(`event ${event.seq} is not in the log`);
  if (!isDeepStrictEqual(sent, logged)) throw new Breach(`event ${event.seq} came otherwise`);
  return logged;
}

/** One session as a client has followed it, over all its connections. */
export class Follow {
  readonly session_id: string;
  readonly wants: Wants;
  readonly #log: LogModel;
  /** Everything wanted up to here is known; null before the first reply. */
  position: number | null = null;
  epoch: string | null = null;
  /** Seqs of all that is known, by loading or by events. */
  #known: number[] = [];
  events = 0;
  /** How often it was told to load afresh. */
  resyncs = 0;

  constructor(log: LogModel, session_id: string, wants: Wants) {
    this.#log = log;
    this.session_id = session_id;
    this.wants = wants;
  }

  /** Takes the log's state up to `seq` as loaded. */
  #load(seq: number, epoch: string): void {
    this.#known = this.#log.wanted(this.session_id, this.wants, 0, seq);
    this.position = seq;
    this.epoch = epoch;
  }

  /** A reply by which the client starts anew: its first one, or of a client without memory. */
  began({ epoch, seq }: Reply): void {
    this.#load(seq, epoch);
  }

  /** A reply to a `since`, or one by which a named consumer goes on. */
  resumed(reply: Reply): void {
    const { position } = this;
    if (position === null) {
      this.began(reply);
      return;
    }
    if (reply.recovered && reply.epoch === this.epoch) {
      const next = this.#log.next(this.session_id, this.wants, position);
      if (next !== undefined && next.seq <= reply.seq) {
        throw new Breach(`resumed at ${reply.seq}, but ${next.seq} has not come`);
      }
      return;
    }
    if (reply.epoch === this.epoch && this.#log.oldest(this.session_id) - 1 <= position) {
      throw new Breach(`told to load afresh at ${position}, which the log still reaches`);
    }
    this.resyncs += 1;
    this.#load(reply.seq, reply.epoch);
  }

  /** The next event, and no other. */
  event(event: LiveEvent): void {
    if (this.position === null) throw new Breach(`event ${event.seq} before any reply`);
    mustBeLogged(this.#log, event);
    if (event.seq <= this.position) {
      throw new Breach(`event ${event.seq} after ${this.position}: double or out of order`);
    }
    const next = this.#log.next(this.session_id, this.wants, this.position);
    if (next?.seq !== event.seq) {
      throw new Breach(`event ${event.seq} after ${this.position}, but next is ${next?.seq}`);
    }
    this.position = event.seq;
    this.#known.push(event.seq);
    this.events += 1;
  }

  /** Says that everything wanted up to `seq` has been sent. */
  synced(seq: number): void {
    if (this.position === null) return;
    const next = this.#log.next(this.session_id, this.wants, this.position);
    if (next !== undefined && next.seq <= seq) {
      throw new Breach(`a sync of ${seq}, but ${next.seq} has not come`);
    }
  }

  /** What is still to come: null when the client's state is that of the log. */
  lacking(): string | null {
    if (this.position === null) return "no reply yet";
    const next = this.#log.next(this.session_id, this.wants, this.position);
    if (next !== undefined) return `at ${this.position}, lacks ${next.seq}`;
    const all = this.#log.wanted(this.session_id, this.wants, 0);
    return isDeepStrictEqual(all, this.#known) ? null : "holds other events than the log";
  }
}
