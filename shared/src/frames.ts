import * as z from "zod/mini";
import { isErrorCode, ProtocolError } from "./errors.ts";
import type { EventBatch, LiveEvent, TransientMessage } from "./events.ts";
import type { Result } from "./methods.ts";

// What the client itself relies on, and no more: a newer server may add keys, codes and types.
const id = z.union([z.string(), z.number()]);
const position = z.int().check(z.nonnegative());

const Success = z.object({ id, success: z.literal(true), result: z.unknown() });
const Failure = z.object({
  id,
  success: z.literal(false),
  error: z.string(),
  error_code: z.string(),
  details: z.optional(z.record(z.string(), z.unknown())),
});
const Transient = z.looseObject({
  event_type: z.string(),
  data: z.looseObject({ session_id: z.string() }),
});
const Logged = z.extend(Transient, { seq: position, prev: position, epoch: z.string() });
const Reply = z.union([Success, Failure]);
const Message = z.union([Logged, Transient]);
const Batch = z.object({ event_type: z.literal("batch"), events: z.array(Logged) });

const Subscribed = z.looseObject({
  subscription_id: z.string(),
  epoch: z.string(),
  seq: position,
  recovered: z.boolean(),
  replayed: position,
});

export type Frame =
  | { kind: "reply"; id: string; outcome: { result: unknown } | { error: ProtocolError } }
  | { kind: "events"; events: LiveEvent[] }
  | { kind: "transient"; message: TransientMessage }
  | { kind: "unreadable"; id: string | null };

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function failure({ error, error_code, details }: z.infer<typeof Failure>): ProtocolError {
  if (isErrorCode(error_code)) {
    return new ProtocolError(error_code, error, details === undefined ? {} : { details });
  }
  return new ProtocolError("internal", error, { details: { ...details, error_code } });
}

/** Reads one text frame of a server. */
export function readFrame(text: string): Frame {
  const json = parseJson(text);
  const reply = z.safeParse(Reply, json);
  if (reply.success) {
    const { data } = reply;
    const outcome = data.success ? { result: data.result } : { error: failure(data) };
    return { kind: "reply", id: String(data.id), outcome };
  }
  const message = z.safeParse(Message, json);
  if (message.success) {
    return "prev" in message.data
      ? { kind: "events", events: [message.data as unknown as LiveEvent] }
      : { kind: "transient", message: message.data as unknown as TransientMessage };
  }
  const batch = z.safeParse(Batch, json);
  if (batch.success)
    return { kind: "events", events: batch.data.events as unknown as EventBatch["events"] };
  const answered = z.safeParse(z.looseObject({ id }), json);
  return { kind: "unreadable", id: answered.success ? String(answered.data.id) : null };
}

/** Whether a result is what `subscribe` answers. */
export function isSubscribed(result: unknown): result is Result<"subscribe"> {
  return z.safeParse(Subscribed, result).success;
}
