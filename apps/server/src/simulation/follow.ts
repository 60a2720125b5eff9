// What one client was sent of one session, held against the log.
import { isDeepStrictEqual } from "node:util";
import type { LiveEvent, LoggedEvent } from "@cairn/shared/events";
import type { Result } from "@cairn/shared/methods";
import type { Stage } from "./actor.ts";
import type { LogModel, Wants } from "./log-model.ts";

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
  readonly #resynced: () => void;

  constructor(
    { log, resynced }: Pick<Stage, "log" | "resynced">,
    session_id: string,
    wants: Wants,
  ) {
    this.#log = log;
    this.#resynced = resynced;
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

  /**
   * A reply to a `since`, or one by which a named consumer goes on. `reach` is how far back the
   * server may take it to be, if that is not where it is.
   */
  resumed(reply: Reply, reach = this.position ?? 0): void {
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
    if (reply.epoch === this.epoch && this.#log.oldest(this.session_id) - 1 <= reach) {
      throw new Breach(`told to load afresh at ${position}, which the log still reaches`);
    }
    this.#resynced();
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
