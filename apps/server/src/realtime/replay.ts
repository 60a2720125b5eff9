import type { ParsedParams } from "@cairn/shared/methods";
import type { LogPosition, Store } from "../storage/store.ts";
import { bringNear } from "./cursor.ts";
import type { EventClass } from "./event-class.ts";
import type { Follower } from "./follower.ts";
import type { LogPages } from "./log-pages.ts";
import type { Selection } from "./selection.ts";
import type { Timers } from "./timers.ts";

const page = 200;

export type Since = NonNullable<ParsedParams<"subscribe">["since"]>;
export type ReplayReads = Pick<Store, "events" | "seqBeforeLast" | "countEvents">;

interface Wanted {
  store: ReplayReads;
  pages: Pick<LogPages, "read">;
  session_id: string;
  selection: Selection;
  /** The log as it is, and the last that is replayed. */
  position: LogPosition;
  head: number;
}

/** The last `count` that pass a filter: back through those of their types, in ever longer steps. */
async function beforeLastMatching(wanted: Wanted, count: number): Promise<number> {
  const { store, pages, session_id, selection, head } = wanted;
  const types = [...selection.types];
  let missing = count;
  for (let until = head, looked = page; ; looked *= 2) {
    const begin = Math.min(until, await store.seqBeforeLast(session_id, looked, types));
    const found: number[] = [];
    for (let after = begin; after < until;) {
      const query = { session_id, after, until, selection, limit: page };
      const { lines, to } = await pages.read(query);
      for (const { seq } of lines) found.push(seq);
      after = to;
    }
    const first = found.at(-missing);
    if (first !== undefined) return first - 1;
    missing -= found.length;
    const { oldest_seq } = wanted.position;
    if (begin < oldest_seq) return begin;
    until = begin;
  }
}

async function beforeLast(wanted: Wanted, count: number): Promise<number> {
  const { store, session_id, selection, head } = wanted;
  if (count === 0) return head;
  if (selection.filtered) return await beforeLastMatching(wanted, count);
  const from = await store.seqBeforeLast(session_id, count, [...selection.types]);
  return Math.min(from, head);
}

/**
 * Seq before the first event from a time on. Times of a log rise, but for a clock that was set
 * back; where it was, this is one of the places at which the log passes that time.
 */
async function beforeTime(wanted: Wanted, time: string): Promise<number | null> {
  const { store, session_id, position, head } = wanted;
  const begin = Date.parse(time);
  const isBefore = async (seq: number): Promise<boolean> => {
    const [event] = await store.events({ session_id, after: seq - 1, until: seq, limit: 1 });
    return event === undefined || Date.parse(event.data.timestamp) < begin;
  };
  // Everything up to `low` is before that time, everything after `high` is not.
  let low = position.oldest_seq - 1;
  let high = head;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (await isBefore(middle)) low = middle;
    else high = middle - 1;
  }
  // What the log no longer has may have been from that time on too.
  const isTrimmed = position.oldest_seq > 1;
  return isTrimmed && low < position.oldest_seq && head >= position.oldest_seq ? null : low;
}

/** Seq after which a replay begins; null when the log no longer reaches back to it. */
export async function beginningOf(since: Since, wanted: Wanted): Promise<number | null> {
  const { position, head } = wanted;
  if (since === "start") return position.oldest_seq > 1 ? null : 0;
  if ("last" in since) return await beforeLast(wanted, since.last);
  if ("time" in since) return await beforeTime(wanted, since.time);
  const { epoch, seq } = since;
  if (epoch !== position.epoch || seq > head || seq < position.oldest_seq - 1) return null;
  return seq;
}

interface Range {
  follower: Follower;
  events: EventClass;
  timers: Timers;
  after: number;
  until: number;
}

/** How many events of a class a replay holds; near ones are in the ring afterwards. */
export async function countReplay(wanted: Wanted, range: Range): Promise<number> {
  const { follower, events, timers, after, until } = range;
  const { store, pages, session_id, selection } = wanted;
  await bringNear({ follower, events, timers }, after);
  if (after >= events.from) return events.count(after, until);
  if (!selection.filtered) {
    return await store.countEvents({ session_id, after, until, types: [...selection.types] });
  }
  let count = 0;
  for (let at = after; at < until;) {
    const found = await pages.read({ session_id, after: at, until, selection, limit: page });
    count += found.lines.length;
    at = found.to;
  }
  return count;
}
