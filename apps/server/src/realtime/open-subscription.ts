import { ProtocolError } from "@cairn/shared/errors";
import type { TransientMessage } from "@cairn/shared/events";
import type { ParsedParams, Result } from "@cairn/shared/methods";
import type { ConsumerRow, LogPosition, Store } from "../storage/store.ts";
import type { Consumers } from "./consumers.ts";
import type { Counted } from "./counted.ts";
import type { EventClass } from "./event-class.ts";
import type { Follower } from "./follower.ts";
import type { Followers } from "./followers.ts";
import { LogTrimmed } from "./log-pages.ts";
import type { LogPages } from "./log-pages.ts";
import type { Outlet } from "./outlet.ts";
import { beginningOf, countReplay } from "./replay.ts";
import type { ReplayReads, Since } from "./replay.ts";
import { selectionOf } from "./selection.ts";
import type { Selection } from "./selection.ts";
import { Subscription } from "./subscription.ts";
import type { Timers } from "./timers.ts";

type Params = ParsedParams<"subscribe">;

export interface Around {
  subscription_id: string;
  store: ReplayReads & Pick<Store, "session" | "position">;
  followers: Followers;
  pages: LogPages;
  consumers: Consumers;
  outlet: Outlet;
  timers: Timers;
  counted: Counted;
  factsOf: (session_id: string) => readonly TransientMessage[];
  /** Called once when it ends, whoever ended it. */
  onEnd: (subscription: Subscription) => void;
  onError: (error: unknown) => void;
  /** Ends the connection. */
  close: (code: number, reason: string) => void;
}

interface Opened {
  result: Result<"subscribe">;
  subscription: Subscription;
  /** Takes the name of a named reader, once it has its place. */
  takeName: () => void;
}

async function positionOf(store: Around["store"], session_id: string): Promise<LogPosition> {
  const session = await store.session(session_id);
  const position = await store.position(session_id);
  if (session === null || session.deleted_at !== null || position === null) {
    throw new ProtocolError("session_not_found", `There is no session ${session_id}.`);
  }
  return position;
}

/** Where a subscription begins, and what it replays. */
interface Plan {
  after: number;
  replayTo: number | null;
  recovered: boolean;
  replayed: number;
}

interface Planned {
  since: Since | undefined;
  position: LogPosition;
  follower: Follower;
  events: EventClass;
  selection: Selection;
}

async function planOf(around: Around, planned: Planned): Promise<Plan> {
  const { since, position, follower, events, selection } = planned;
  const { store, pages, timers } = around;
  const head = follower.cursor;
  if (since === undefined) return { after: head, replayTo: null, recovered: true, replayed: 0 };
  const { session_id } = follower;
  const wanted = { store, pages, session_id, selection, position, head };
  try {
    const after = await beginningOf(since, wanted);
    if (after !== null) {
      const range = { follower, events, timers, after, until: head };
      const replayed = await countReplay(wanted, range);
      return { after, replayTo: head, recovered: true, replayed };
    }
  } catch (error) {
    // Trimmed while it was looked at.
    if (!(error instanceof LogTrimmed)) throw error;
  }
  return { after: head, replayTo: head, recovered: false, replayed: 0 };
}

function isOptedIn({ events, filter, since, ack, batch, transient }: Params): boolean {
  const options = [events, filter, since, ack, batch];
  return transient === true || options.some((option) => option !== undefined);
}

/** A named reader goes on from where it has acknowledged, unless it says otherwise. */
function sinceOf({ since }: Params, stored: ConsumerRow | null): Since | undefined {
  return since ?? (stored === null ? undefined : { epoch: stored.epoch, seq: stored.floor });
}

/** Opens a subscription to one session, up to the reply; it begins when it is started. */
export async function openSubscription(params: Params, around: Around): Promise<Opened> {
  const { session_id, events: types, filter, ack } = params;
  const { store, followers, consumers, outlet, subscription_id } = around;
  const consumer = ack?.consumer;
  const position = await positionOf(store, session_id);
  const { epoch } = position;
  const follower = followers.acquire(session_id, position);
  let events: EventClass | null = null;
  const release = (): void => {
    if (events !== null) follower.leave(events);
    followers.release(follower);
  };
  try {
    await follower.catchUp();
    const stored = consumer === undefined ? null : await consumers.load(session_id, consumer);
    const selection = selectionOf(types, filter);
    if (selection.byPath) await follower.learnPaths();
    events = follower.join(selection, outlet.sink.framing);
    const since = sinceOf(params, stored);
    const plan = await planOf(around, { since, position, follower, events, selection });
    const { after, recovered, replayed } = plan;
    // From now on what it is sent and does not acknowledge comes again.
    if (consumer !== undefined && stored === null) {
      await consumers.saveAtOnce({ session_id, consumer, epoch, floor: after });
    }
    // One that was told to load afresh is told again, until it has acknowledged something.
    let isGoingOn = recovered;
    const onFloor = async (floor: number, isAcknowledged: boolean): Promise<void> => {
      isGoingOn ||= isAcknowledged;
      if (consumer === undefined || !isGoingOn) return;
      await consumers.save({ session_id, consumer, epoch, floor });
    };
    const subscription: Subscription = new Subscription({
      ...around,
      ...plan,
      ack,
      batch: params.batch,
      follower,
      events,
      transient: isOptedIn(params),
      factsNow: params.transient === true ? () => around.factsOf(session_id) : undefined,
      onFloor,
      onEnd: () => {
        release();
        if (consumer !== undefined) consumers.release(session_id, consumer, subscription);
        around.onEnd(subscription);
      },
    });
    const { oldest_seq } = position;
    const reply = { subscription_id, epoch, seq: after, oldest_seq, recovered, replayed };
    return {
      result: { subscribed: true, session_id, ...reply },
      subscription,
      takeName: () => {
        if (consumer !== undefined) consumers.take(session_id, consumer, subscription);
      },
    };
  } catch (error) {
    release();
    throw error;
  }
}
