import * as z from "zod/mini";
import { Filter } from "../checkpoint.ts";
import { EventType, LoggedEvent } from "../events.ts";
import { Count, Id, page, Seq, Time } from "../ids.ts";
import { Session } from "../session.ts";
import { method, ofSession } from "./define.ts";

const Key = z.object({
  key_id: Id,
  label: z.string(),
  created_at: Time,
  last_used_at: z.nullable(Time),
  current: z.boolean(),
});

const ConsumerName = z.string().check(z.regex(/^[\w.:-]{1,100}$/));

/** A named reader of a session's log, and how far it has acknowledged. */
const Consumer = z.object({
  consumer: z.string(),
  session_id: Id,
  /** Everything up to this seq is acknowledged. */
  floor: Seq,
  epoch: z.string(),
  /** Events of the log after the floor, of any type. */
  behind: Count,
  connected: z.boolean(),
  updated_at: Time,
});

/** One subscription of a connection, as `list_connections` shows it. */
const ConnectedSubscription = z.object({
  subscription_id: z.string(),
  session_id: z.string(),
  seq: Seq,
  /** Events of the log that it has not been sent yet. */
  lag: Count,
  /** Sent and not acknowledged; 0 without `ack`. */
  unacked: Count,
  consumer: z.nullable(z.string()),
});

const ConnectionFacts = z.object({
  connection_id: z.string(),
  actor: z.nullable(z.string()),
  since: Time,
  remote: z.string(),
  user_agent: z.nullable(z.string()),
  current: z.boolean(),
  /** Requests at work. */
  in_flight: Count,
  /** Bytes that the kernel has not taken. */
  buffered_bytes: Count,
  sent_bytes: Count,
  received_bytes: Count,
  subscriptions: z.array(ConnectedSubscription),
});

export const connectionMethods = {
  authenticate: method(
    "connection",
    "public",
    "Sign this connection in with a token or browser key.",
    z.object({ token: z.string().check(z.maxLength(512)) }),
    z.object({ authenticated: z.literal(true), role: z.string() }),
  ),
  subscribe: method(
    "connection",
    "viewer",
    'Get the events of a session from now on, or from `since`; "*" for an overview of all sessions.',
    z.object({
      session_id: z.union([z.literal("*"), Id]),
      events: z.optional(z.array(EventType).check(z.minLength(1))),
      since: z.optional(
        z.union([
          z.object({ epoch: z.string().check(z.maxLength(64)), seq: Seq }),
          z.object({ last: z.int().check(z.minimum(0), z.maximum(10_000)) }),
          z.object({ time: Time }),
          z.literal("start"),
        ]),
      ),
      /** Only events whose stored checkpoint matches; `checkpoints_compacted` passes every filter. */
      filter: z.optional(Filter),
      ack: z.optional(
        z.object({
          /** Events that may be sent and not acknowledged. */
          window: z._default(z.int().check(z.minimum(1), z.maximum(1_000)), 100),
          /** After so long without an ack, what is not acknowledged is sent again. In ms. */
          wait_ms: z._default(z.int().check(z.minimum(100), z.maximum(600_000)), 30_000),
          /** A name under which what was acknowledged is remembered, over restarts too. */
          consumer: z.optional(ConsumerName),
        }),
      ),
      /** Several events a frame: at most `max`, waiting at most `interval_ms` for more. */
      batch: z.optional(
        z.object({
          max: z._default(z.int().check(z.minimum(2), z.maximum(1_000)), 100),
          interval_ms: z._default(z.int().check(z.minimum(0), z.maximum(10_000)), 50),
        }),
      ),
      /** Opt into transient messages without any other option, and into facts of the moment. */
      transient: z.optional(z.boolean()),
    }),
    z.object({
      subscribed: z.literal(true),
      session_id: z.union([z.literal("*"), Id]),
      subscription_id: z.string(),
      epoch: z.string(),
      seq: Seq,
      oldest_seq: Seq,
      /** False when `since` is out of the log's reach: load afresh, live from now. */
      recovered: z.boolean(),
      /** Events replayed before `sync`. */
      replayed: Count,
      /** With "*": every session as it is now. */
      sessions: z.optional(z.array(Session)),
    }),
  ),
  unsubscribe: method(
    "connection",
    "viewer",
    "End a subscription.",
    z.object({
      session_id: z.optional(z.union([z.literal("*"), Id])),
      subscription_id: z.optional(z.string()),
    }),
    z.object({ unsubscribed: z.boolean() }),
  ),
  list_events: method(
    "read",
    "viewer",
    "Events of the log after a seq, oldest first.",
    z.object({
      ...ofSession,
      after: z._default(Seq, 0),
      events: z.optional(z.array(EventType).check(z.minLength(1))),
      limit: page.limit,
    }),
    z.object({ events: z.array(LoggedEvent), epoch: z.string(), head: Seq, oldest_seq: Seq }),
  ),
  ack: method(
    "connection",
    "viewer",
    "Acknowledge every event of a subscription up to a seq.",
    z.object({ subscription_id: z.string(), seq: Seq }),
    z.object({ acknowledged: Seq }),
  ),
  list_consumers: method(
    "read",
    "viewer",
    "Named consumers of a session and how far they have acknowledged.",
    z.object(ofSession),
    z.object({ consumers: z.array(Consumer) }),
  ),
  delete_consumer: method(
    "mutation",
    "operator",
    "Forget a named consumer; one that is connected is told and ended.",
    z.object({ ...ofSession, consumer: ConsumerName }),
    z.object({ deleted: z.boolean() }),
  ),
  list_connections: method(
    "read",
    "admin",
    "Who is connected, since when, with which subscriptions, lag, bytes and requests in flight.",
    z.object({}),
    z.object({ connections: z.array(ConnectionFacts) }),
  ),
  list_keys: method(
    "read",
    "admin",
    "Browser keys that can sign in.",
    z.object({}),
    z.object({ keys: z.array(Key) }),
  ),
  revoke_key: method(
    "mutation",
    "admin",
    "Sign a browser out for good.",
    z.object({ key_id: Id }),
    z.object({ revoked: z.boolean() }),
  ),
} as const;
