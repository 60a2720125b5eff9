import * as z from "zod/mini";
import { CheckpointSummary } from "./checkpoint.ts";
import { Count, Id, Seq, Time } from "./ids.ts";
import { Operation } from "./operation.ts";
import { AutoState, Session } from "./session.ts";

const about = { session_id: Id, timestamp: Time };
const aboutCheckpoint = { checkpoint_id: Id, ...about };

/**
 * THE table of logged events: type → `data`. The first four are the base, which every
 * subscription gets; the others go to subscriptions that name them.
 */
export const events = {
  checkpoint_created: z.object(aboutCheckpoint),
  checkpoint_restored: z.object(aboutCheckpoint),
  checkpoint_deleted: z.object(aboutCheckpoint),
  checkpoints_compacted: z.object({ ...about, remaining: Count }),
  session_created: z.object(about),
  session_updated: z.object(about),
  session_deleted: z.object(about),
  checkpoint_updated: z.object(aboutCheckpoint),
  checkpoints_undeleted: z.object(about),
  operation_updated: z.object({ operation_id: Id, ...about }),
} as const;

export type EventType = keyof typeof events;
export type EventData<T extends EventType> = z.infer<(typeof events)[T]>;

export const eventTypes = Object.keys(events) as EventType[];
export const EventType = z.enum(eventTypes as [EventType, ...EventType[]]);

/** The event types that a subscription gets when it names none. */
export const baseEventTypes = [
  "checkpoint_created",
  "checkpoint_restored",
  "checkpoint_deleted",
  "checkpoints_compacted",
] as const satisfies EventType[];

/** Top-level keys of an event beside `event_type` and `data`, as they stand in the log. */
const eventExtras = {
  seq: Seq,
  epoch: z.string(),
  actor: z.string(),
  operation_id: z.optional(Id),
  /** The session's head after this event. */
  head: z.optional(z.nullable(Id)),
  checkpoint: z.optional(CheckpointSummary),
  checkpoints: z.optional(z.array(CheckpointSummary)),
  operation: z.optional(Operation),
  session: z.optional(Session),
  /** Ids that a compaction removed, up to 1,000. */
  removed: z.optional(z.array(Id)),
  /** More changed than the event lists: load the pages again. */
  reload: z.optional(z.boolean()),
};

const EventExtras = z.object(eventExtras);

/** An event as the log keeps it and `list_events` gives it. */
export type LoggedEvent = {
  [T in EventType]: { event_type: T; data: EventData<T> } & z.infer<typeof EventExtras>;
}[EventType];

/**
 * An event as a subscription gets it: `prev` is the seq of the one before in its filter class;
 * `redelivered` counts how often it was sent before, under `ack`.
 */
export type LiveEvent = LoggedEvent & { prev: number; redelivered?: number };

/** Several events in one frame, for subscriptions with `batch`. */
export interface EventBatch {
  event_type: "batch";
  events: LiveEvent[];
}

export const LoggedEvent = z.object({
  event_type: EventType,
  data: z.looseObject(about),
  ...eventExtras,
});

/** THE table of transient messages: never logged, without `seq`, only for those who opted in. */
export const transients = {
  sync: z.object({ session_id: Id, epoch: z.string(), seq: Seq }),
  progress: z.object({
    /** "*" for work on the whole store. */
    session_id: z.union([z.literal("*"), Id]),
    operation_id: Id,
    /** The method at work, such as `restore`. */
    kind: z.string(),
    phase: z.string(),
    done: Count,
    /** Null while it is not known yet. */
    total: z.nullable(Count),
    /** What was read so far, where `done` counts files. */
    bytes: z.optional(Count),
  }),
  /** How many files differ from the head now; null while that is not known. */
  workspace_dirty: z.object({ session_id: Id, dirty_files: z.nullable(Count) }),
  auto_state: z.object({ session_id: Id, auto_state: AutoState }),
  /** The subscription fell behind and goes on from the log: these events come later. */
  lagged: z.object({ session_id: Id, subscription_id: z.string(), from: Seq, to: Seq }),
  /** The server ended a subscription; `consumer_taken`: a newer one holds the consumer's name. */
  subscription_ended: z.object({
    session_id: Id,
    subscription_id: z.string(),
    reason: z.enum(["consumer_taken", "consumer_deleted", "session_deleted", "log_trimmed"]),
  }),
  session_summary: z.object({ session: z.nullable(Session), session_id: Id }),
} as const;

export type TransientType = keyof typeof transients;
export type TransientMessage = {
  [T in TransientType]: { event_type: T; data: z.infer<(typeof transients)[T]> };
}[TransientType];
export const transientTypes = Object.keys(transients) as TransientType[];
