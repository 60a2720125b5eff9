import type { TransientMessage } from "@cairn/shared/events";
import type { Store } from "../storage/store.ts";
import { EventClass } from "./event-class.ts";
import type { Kept } from "./event-class.ts";
import { transientFrame } from "./frames.ts";
import { Ring } from "./ring.ts";
import type { RingBounds, RingItem } from "./ring.ts";
import type { Selection } from "./selection.ts";
import type { Framing } from "./sink.ts";
import type { Slices } from "./slices.ts";

const page = 100;
/** Bytes that the classes of a log keep encoded between them. */
const keptBytes = 16 * 1024 * 1024;
/** Places that the classes of a log have between them, beyond so many classes. */
const crowd = { classes: 64, entries: 65_536 };

export type LogReads = Pick<Store, "eventLines" | "eventPaths">;

interface Options {
  session_id: string;
  epoch: string;
  store: LogReads;
  slices: Pick<Slices, "add">;
  /** Seq it begins after. */
  after: number;
  bounds: RingBounds;
  /** What may be sent at once to a sink that holds nothing. */
  atOnce: { events: number; bytes: number };
  /** Lets others have the thread. */
  breathe: () => Promise<void>;
}

/** The frame of one message, made once for each framing. */
export type FrameFor = (framing: Framing) => Uint8Array;

/** Who takes the messages that are not in the log. */
export interface Listener {
  /** Whether it asked for facts of the moment, beside what any option brings. */
  readonly takesFacts: boolean;
  tell(frameFor: FrameFor): void;
  /** Everything up to the follower's cursor can be taken: for whoever has taken it. */
  sync(frameFor: FrameFor): void;
}

/**
 * Reads one session's log, once for all who watch it, and keeps its latest events. It hands
 * nothing out: it says that there is more, and everyone takes what comes after their own cursor.
 */
export class Follower {
  readonly session_id: string;
  readonly ring: Ring;
  readonly listeners = new Set<Listener>();
  readonly #options: Options;
  readonly #classes = new Map<Framing, Map<string, { users: number; events: EventClass }>>();
  #epoch: string;
  #cursor: number;
  #reading: Promise<void> | null = null;
  #again = false;
  #closed = false;
  #byPath = false;
  #deletedAt: number | null = null;
  /** What reads the log for this follower is done one after the other. */
  #lane: Promise<void> = Promise.resolve();
  readonly #kept: Kept = { bytes: 0 };
  #count = 0;

  constructor(options: Options) {
    this.#options = options;
    this.session_id = options.session_id;
    this.#epoch = options.epoch;
    this.#cursor = options.after;
    this.ring = new Ring(options.after, options.bounds);
  }

  get epoch(): string {
    return this.#epoch;
  }

  /** Seq of the latest event that was read. */
  get cursor(): number {
    return this.#cursor;
  }

  /** Seq of the event that deleted the session, when nothing came after it. */
  get deletedAt(): number | null {
    return this.#deletedAt;
  }

  /** So many classes that none has much of a ring: who is behind reads the log. */
  get isCrowded(): boolean {
    return this.#count > crowd.classes;
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#lane.then(work);
    this.#lane = done.catch(() => undefined);
    await done;
  }

  /** Reads on; resolves when everything that was committed before this call can be taken. */
  async catchUp(): Promise<void> {
    this.#again = true;
    this.#reading ??= this.#inTurn(async () => await this.#read());
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
    while (!this.#closed) {
      const items = await this.#items({ after: this.#cursor, limit: page });
      this.#take(items);
      if (items.length < page) return;
      await this.#options.breathe();
    }
  }

  async #items(range: { after: number; until?: number; limit: number }): Promise<RingItem[]> {
    const { store, session_id } = this.#options;
    const lines = await store.eventLines({ session_id, ...range });
    const last = lines.at(-1);
    const paths =
      this.#byPath && last !== undefined
        ? await store.eventPaths({ session_id, after: range.after, until: last.seq })
        : null;
    return lines.map((line) => ({
      seq: line.seq,
      line,
      paths: paths === null ? null : (paths.get(line.seq) ?? []),
    }));
  }

  #take(items: readonly RingItem[]): void {
    const changed = new Set<EventClass>();
    const most = this.isCrowded ? Math.ceil(crowd.entries / this.#count) : Infinity;
    for (const item of items) {
      if (item.seq <= this.#cursor) continue;
      if (item.seq !== this.#cursor + 1 || item.line.epoch !== this.#epoch) {
        this.#reset(item);
        // Whoever was behind what is gone has to find that out, also where nothing for them follows.
        for (const events of this.#all()) changed.add(events);
      }
      this.#cursor = item.seq;
      this.#deletedAt = item.line.event_type === "session_deleted" ? item.seq : null;
      this.ring.append(item);
      for (const events of this.#all()) {
        if (events.append(item) || this.#deletedAt !== null) changed.add(events);
        events.trim(most);
      }
    }
    if (this.#kept.bytes > keptBytes) for (const events of this.#all()) events.forget();
    for (const events of changed) this.#options.slices.add(events);
  }

  /** The log was trimmed before it was read, which everyone finds out alone; or it began anew. */
  #reset({ seq, line: { epoch } }: RingItem): void {
    const isAnew = this.#epoch !== epoch;
    this.#epoch = epoch;
    this.ring.reset(seq - 1);
    for (const events of this.#all()) {
      events.reset(seq - 1);
      if (isAnew) for (const member of events.members) member.lose();
    }
  }

  *#all(): Generator<EventClass> {
    for (const classes of this.#classes.values()) {
      for (const { events } of classes.values()) yield events;
    }
  }

  /** Reads older events into the ring, back to after a seq, as far as there is room for them. */
  async backfill(after: number): Promise<void> {
    await this.#inTurn(async () => {
      while (!this.#closed && after < this.ring.from) {
        const until = this.ring.from;
        if (!this.ring.reaches(after, this.#cursor)) return;
        const begin = Math.max(after, until - page);
        const items = await this.#items({ after: begin, until, limit: page });
        this.ring.prepend(items);
        // It was full, or the log was trimmed and no longer reaches as far.
        if (this.ring.from !== begin) return;
        await this.#options.breathe();
      }
    });
  }

  /** Sees to it that the paths that events changed are known, in the ring and from here on. */
  async learnPaths(): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#byPath) return;
      const { store, session_id } = this.#options;
      const range = { session_id, after: this.ring.from, until: this.#cursor };
      const paths = await store.eventPaths(range);
      for (const item of this.ring.after(this.ring.from)) {
        this.ring.addPaths(item, paths.get(item.seq) ?? []);
      }
      this.#byPath = true;
    });
  }

  /** The class of events that a subscription takes; to be let go of again. */
  join(selection: Selection, framing: Framing): EventClass {
    let classes = this.#classes.get(framing);
    if (classes === undefined) {
      classes = new Map<string, { users: number; events: EventClass }>();
      this.#classes.set(framing, classes);
    }
    let entry = classes.get(selection.key);
    if (entry === undefined) {
      const { ring } = this;
      const { atOnce } = this.#options;
      const from = this.#cursor;
      const kept = this.#kept;
      const events = new EventClass({ selection, framing, ring, from, atOnce, kept });
      this.#count += 1;
      entry = { users: 0, events };
      classes.set(selection.key, entry);
    }
    entry.users += 1;
    return entry.events;
  }

  leave(events: EventClass): void {
    const classes = this.#classes.get(events.framing);
    const entry = classes?.get(events.selection.key);
    if (classes === undefined || entry?.events !== events) return;
    entry.users -= 1;
    if (entry.users > 0) return;
    events.forget();
    this.#count -= 1;
    classes.delete(events.selection.key);
    if (classes.size === 0) this.#classes.delete(events.framing);
  }

  #frameFor(message: TransientMessage): FrameFor {
    const frames = new Map<Framing, Uint8Array>();
    return (framing) => {
      const frame = frames.get(framing) ?? transientFrame(framing, message);
      frames.set(framing, frame);
      return frame;
    };
  }

  /** Sends a message that is not in the log to those who take such. */
  sendTransient(message: TransientMessage): void {
    const frameFor = this.#frameFor(message);
    const isFact = message.event_type === "workspace_dirty" || message.event_type === "auto_state";
    for (const listener of this.listeners) {
      if (!isFact || listener.takesFacts) listener.tell(frameFor);
    }
  }

  /** Tells those who have everything how far that goes. */
  sendSync(): void {
    const data = { session_id: this.session_id, epoch: this.#epoch, seq: this.#cursor };
    const frameFor = this.#frameFor({ event_type: "sync", data });
    for (const listener of this.listeners) listener.sync(frameFor);
  }

  close(): void {
    this.#closed = true;
  }
}
