import type { EventType, LoggedEvent } from "@cairn/shared/events";
import type { ParsedParams } from "@cairn/shared/methods";
import type { LogPosition, Store } from "../storage/store.ts";
import type { Replay } from "./subscription.ts";

const page = 200;

type Since = NonNullable<ParsedParams<"subscribe">["since"]>;

interface Plan {
  replay: Replay;
  recovered: boolean;
  /** Events that will be replayed. */
  replayed: number;
}

interface Wanted {
  session_id: string;
  since: Since;
  types: readonly EventType[];
  /** The log as it is, and where the live events will begin. */
  position: LogPosition;
  head: number;
}

/** Seq after which the replay begins; null when the log no longer reaches back to it. */
async function beginning(
  store: Pick<Store, "seqBeforeLast">,
  { session_id, since, types, position, head }: Wanted,
): Promise<number | null> {
  if ("last" in since) {
    if (since.last === 0) return head;
    const from = await store.seqBeforeLast(session_id, since.last, types);
    return Math.min(from, head);
  }
  const { epoch, seq } = since;
  if (epoch !== position.epoch || seq > head || seq < position.oldest_seq - 1) return null;
  return seq;
}

/** What a `since` asks for. Counts first, since the reply that says how many goes before them. */
export async function planReplay(
  store: Pick<Store, "seqBeforeLast" | "events">,
  wanted: Wanted,
): Promise<Plan> {
  const { session_id, types, head } = wanted;
  const from = await beginning(store, wanted);
  if (from === null) {
    return { replay: { from: head, to: head, events: [] }, recovered: false, replayed: 0 };
  }
  let events: LoggedEvent[] | null = null;
  let replayed = 0;
  for (let after = from; after < head;) {
    const read = await store.events({ session_id, after, until: head, types, limit: page });
    replayed += read.length;
    // More than a page is read again when it is sent, rather than held.
    events = after === from && read.length < page ? read : null;
    after = read.length < page ? head : (read.at(-1)?.seq ?? head);
  }
  if (replayed === 0) events = [];
  return { replay: { from, to: head, events }, recovered: true, replayed };
}
