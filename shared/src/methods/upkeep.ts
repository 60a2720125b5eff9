import * as z from "zod/mini";
import { Count, Id, nextCursor, page, Time } from "../ids.ts";
import { long, method } from "./define.ts";

/** What is wrong with a checkpoint: its own facts, or a stored object that it needs. */
const Problem = z.object({
  session_id: Id,
  checkpoint_id: Id,
  problem: z.string(),
  /** The file or folder that it breaks, where there is one. */
  path: z.optional(z.string()),
  /** The stored object that is damaged. */
  object: z.optional(z.string()),
});

const collected = {
  freed_bytes: Count,
  removed_objects: Count,
  rewritten_packs: Count,
  removed_packs: Count,
};

const StoreFacts = z.object({
  objects: Count,
  packs: Count,
  /** Bytes of the packs on disk. */
  stored_bytes: Count,
  /** Bytes of the distinct contents before compression. */
  raw_bytes: Count,
  /** Bytes of the packs that nothing names: what a collection gives back. */
  dead_bytes: Count,
  /** What the packs may come to, null without a limit; and what of it only restores may use. */
  limit_bytes: z.nullable(Count),
  reserved_bytes: Count,
  /** Sum of the bytes of all checkpoints that are kept, the trash included. */
  logical_bytes: Count,
  /** `logical_bytes` to `raw_bytes`; null while nothing is stored. */
  dedupe_ratio: z.nullable(z.number()),
  /** `raw_bytes` to `stored_bytes`; null while nothing is stored. */
  compression_ratio: z.nullable(z.number()),
  last_collection: z.nullable(z.object({ at: Time, ...collected })),
  last_validation: z.nullable(
    z.object({ at: Time, deep: z.boolean(), valid: Count, invalid: Count }),
  ),
  /** What each session alone keeps: the bytes that would be given back without it. */
  by_session: z.array(z.object({ session_id: Id, bytes: Count })),
});

export const upkeepMethods = {
  validate: method(
    "read",
    "operator",
    "Check checkpoints; deep: true reads every byte back.",
    z.object({
      session_id: z.optional(Id),
      checkpoint_id: z.optional(Id),
      deep: z.optional(z.boolean()),
      ...long,
      ...page,
    }),
    z.object({
      valid: Count,
      invalid: Count,
      skipped: Count,
      checked_at: Time,
      problems: z.array(Problem),
      ...nextCursor,
    }),
  ),
  repair: method(
    "read",
    "operator",
    "Heal what can be healed of damaged objects, and say which checkpoints stay broken.",
    z.object({
      session_id: z.optional(Id),
      checkpoint_id: z.optional(Id),
      ...long,
      ...page,
    }),
    z.object({
      /** Objects that are whole again. */
      healed: Count,
      valid: Count,
      invalid: Count,
      checked_at: Time,
      problems: z.array(Problem),
      ...nextCursor,
    }),
  ),
  collect: method(
    "read",
    "admin",
    "Give back the bytes that nothing names any more.",
    z.object(long),
    z.object({ operation_id: Id, ...collected }),
  ),
  store_facts: method(
    "read",
    "viewer",
    "How much the store holds, how well it packs, and what each session keeps.",
    z.object({}),
    StoreFacts,
  ),
  metrics: method(
    "read",
    "viewer",
    "Counters and gauges.",
    z.object({}),
    z.object({
      counters: z.record(z.string(), z.number()),
      gauges: z.record(z.string(), z.number()),
    }),
  ),
  health: method(
    "read",
    "viewer",
    "Whether this server can do its work.",
    z.object({}),
    z.object({
      healthy: z.boolean(),
      version: z.string(),
      auth: z.enum(["token", "off"]),
      checks: z.array(
        z.object({ name: z.string(), ok: z.boolean(), detail: z.optional(z.string()) }),
      ),
    }),
  ),
} as const;
