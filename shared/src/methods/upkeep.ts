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
