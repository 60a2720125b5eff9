import type { EventType, LoggedEvent, TransientMessage } from "@cairn/shared/events";
import type { Store } from "../storage/store.ts";

const batch = 200;

/** One subscription as its follower sees it. */
export interface Feed {
  readonly types: ReadonlySet<EventType>;
  /** Whether it takes transient messages. */
  readonly transient: boolean;
  send(frame: Uint8Array): void;
}

/** The bytes of an event on the wire. `prev` is the seq before it among its filter class. */
export function encodeEvent(event: LoggedEvent, prev: number): Buffer {
  return Buffer.from(spliced(JSON.stringify(event), prev));
}

// Only `prev` differs between filter classes: the rest is encoded once.
function spliced(json: string, prev: number): string {
  return `${json.slice(0, -1)},"prev":${prev}}`;
}

export function encodeTransient(message: TransientMessage): Buffer {
  return Buffer.from(JSON.stringify(message));
}

/** Subscriptions that want the same types: they get the same bytes. */
class FilterClass {
  readonly types: ReadonlySet<EventType>;
  readonly members = new Set<Feed>();
  /** Seq of the latest event of these types, or where the class began. */
  last: number;

  constructor(types: ReadonlySet<EventType>, began: number) {
    this.types = types;
    this.last = began;
  }
}

function classKey(types: ReadonlySet<EventType>): string {
  return [...types].toSorted().join(" ");
}

interface Options {
  session_id: string;
  store: Pick<Store, "events">;
  /** Seq it begins after. */
  after: number;
  onDelivered: (events: number) => void;
}

/** Reads one session's log, once for all who watch it, and hands each event to them in order. */
export class Follower {
  readonly session_id: string;
  readonly #store: Pick<Store, "events">;
  readonly #onDelivered: (events: number) => void;
  readonly #classes = new Map<string, FilterClass>();
  #cursor: number;
  #reading: Promise<void> | null = null;
  #again = false;
  #closed = false;

  constructor({ session_id, store, after, onDelivered }: Options) {
    this.session_id = session_id;
    this.#store = store;
    this.#cursor = after;
    this.#onDelivered = onDelivered;
  }

  /** Seq of the latest event that was handed on. */
  get cursor(): number {
    return this.#cursor;
  }

  /** Reads on; resolves when everything that was committed before this call is handed on. */
  async catchUp(): Promise<void> {
    this.#again = true;
    this.#reading ??= this.#read();
    await this.#reading;
  }

  async #read(): Promise<void> {
    try {
      while (this.#again && !this.#closed) {
        this.#again = false;
        await this.#readOn();
      }
    } finally {
      // In the same turn as the last look at `#again`: whoever sets it later starts anew.
      this.#reading = null;
    }
  }

  async #readOn(): Promise<void> {
    for (;;) {
      const query = { session_id: this.session_id, after: this.#cursor, limit: batch };
      const events = await this.#store.events(query);
      for (const event of events) this.#deliver(event);
      if (events.length < batch || this.#closed) return;
    }
  }

  #deliver(event: LoggedEvent): void {
    if (event.seq <= this.#cursor) return;
    this.#cursor = event.seq;
    let json: string | undefined;
    let delivered = 0;
    for (const one of this.#classes.values()) {
      if (!one.types.has(event.event_type)) continue;
      json ??= JSON.stringify(event);
      const frame = Buffer.from(spliced(json, one.last));
      one.last = event.seq;
      for (const feed of one.members) feed.send(frame);
      delivered += one.members.size;
    }
    if (delivered > 0) this.#onDelivered(delivered);
  }

  /** Hands everything after `cursor` to the feed from now on. */
  attach(feed: Feed): void {
    const key = classKey(feed.types);
    const one = this.#classes.get(key) ?? new FilterClass(feed.types, this.#cursor);
    this.#classes.set(key, one);
    one.members.add(feed);
  }

  detach(feed: Feed): void {
    const key = classKey(feed.types);
    const one = this.#classes.get(key);
    if (one === undefined) return;
    one.members.delete(feed);
    if (one.members.size === 0) this.#classes.delete(key);
  }

  /** Sends a message that is not in the log to those who take such. */
  sendTransient(message: TransientMessage): void {
    let frame: Buffer | undefined;
    for (const one of this.#classes.values()) {
      for (const feed of one.members) {
        if (feed.transient) feed.send((frame ??= encodeTransient(message)));
      }
    }
  }

  close(): void {
    this.#closed = true;
  }
}
