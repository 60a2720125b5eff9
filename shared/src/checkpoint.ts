import * as z from "zod/mini";
import { Count, Hash, Id, Time, wellFormed } from "./ids.ts";
import { SkippedPath } from "./files.ts";
import { caps } from "./session.ts";

const utf8 = new TextEncoder();

/** A string of at most `bytes` bytes of UTF-8. */
function text(bytes: number) {
  return z.string().check(
    wellFormed,
    z.refine((value) => utf8.encode(value).length <= bytes, `longer than ${bytes} bytes`),
  );
}

export const Message = text(caps.message_bytes);
export const Note = text(caps.note_bytes).check(z.minLength(1));
const Tag = z.string().check(z.trim(), wellFormed, z.minLength(1), z.maxLength(caps.tag_chars));
export const Tags = z.array(Tag).check(z.maxLength(caps.tags));
export const Author = z.string().check(z.trim(), wellFormed, z.minLength(1), z.maxLength(200));
export const Severity = z.enum(["info", "warning", "critical"]);
export type Severity = z.infer<typeof Severity>;

/** Trigger reasons that only Cairn itself may give. */
const reservedReasons = ["before_restore", "interval", "quiet"] as const;

export const Trigger = z.object({
  kind: z.enum(["manual", "automatic", "scheduled"]),
  reason: z.optional(
    z
      .string()
      .check(z.regex(/^[a-z][a-z0-9_]{0,63}$/, "a reason is snake_case, at most 64 characters")),
  ),
});
export type Trigger = z.infer<typeof Trigger>;

export const TriggerParam = Trigger.check(
  z.refine(
    (trigger) => !(reservedReasons as readonly string[]).includes(trigger.reason ?? ""),
    "this trigger reason is reserved for Cairn itself",
  ),
);

/** Position of the workspace's own git repository, read from its files. */
export const GitPosition = z.object({
  commit: z.nullable(z.string()),
  branch: z.nullable(z.string()),
  /** Repositories below it, by the path of their folder. */
  nested: z.optional(
    z
      .array(
        z.object({
          path: z.string(),
          commit: z.nullable(z.string()),
          branch: z.nullable(z.string()),
        }),
      )
      .check(z.maxLength(100)),
  ),
});
export type GitPosition = z.infer<typeof GitPosition>;

export const CheckpointSummary = z.object({
  checkpoint_id: Id,
  session_id: Id,
  /** Increases across all sessions of a store. */
  sequence_number: Count,
  /** The head when this was taken: never changes, even if that checkpoint is deleted. */
  parent_id: z.nullable(Id),
  /** Nearest ancestor that still lives; in lists only. */
  shown_parent_id: z.optional(z.nullable(Id)),
  message: z.string(),
  tags: z.array(z.string()),
  trigger: Trigger,
  author: z.string(),
  created_at: Time,
  deleted_at: z.nullable(Time),
  pinned: z.boolean(),
  /** Some paths could not be read: see `skipped` of the whole checkpoint. */
  partial: z.boolean(),
  damaged: z.boolean(),
  /** Root hash of the captured tree, null for sessions without a workspace. */
  tree: z.nullable(Hash),
  files: Count,
  bytes: Count,
  /** Files that differ from the stored parent. */
  changed_files: Count,
  /** Lines added and removed against the stored parent, null when too costly to count. */
  added: z.nullable(Count),
  removed: z.nullable(Count),
  git: z.nullable(GitPosition),
  /** SHA-256 over canonical JSON of the immutable fields. */
  checksum: Hash,
  annotation_count: Count,
  max_severity: z.nullable(Severity),
});
export type CheckpointSummary = z.infer<typeof CheckpointSummary>;

export const Annotation = z.object({
  annotation_id: Id,
  checkpoint_id: Id,
  note: z.string(),
  severity: Severity,
  author: z.string(),
  created_at: Time,
});
export type Annotation = z.infer<typeof Annotation>;

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/**
 * JSON of any shape, at most 64 levels deep (checked before it is parsed). It is taken as it was
 * parsed: a copy would drop a key named `__proto__`, which is data here.
 */
export const State = z.unknown() as unknown as z.ZodMiniType<Json, Json>;
export type State = z.infer<typeof State>;

export const StateParam = State.check(
  z.refine(
    (state) => utf8.encode(JSON.stringify(state)).length <= caps.state_bytes,
    `longer than ${caps.state_bytes} bytes as JSON`,
  ),
);

export const Checkpoint = z.object({
  ...CheckpointSummary.shape,
  state: z.nullable(State),
  annotations: z.array(Annotation),
  /** Up to 1,000 paths that differ from the stored parent. */
  changed_paths: z.array(z.string()),
  skipped: z.array(SkippedPath),
});
export type Checkpoint = z.infer<typeof Checkpoint>;

/** The one filter of checkpoints; every key that is given must match. */
export const Filter = z.object({
  tags: z.optional(Tags),
  triggers: z.optional(z.array(z.string().check(z.maxLength(64))).check(z.maxLength(32))),
  authors: z.optional(z.array(z.string().check(z.maxLength(200))).check(z.maxLength(32))),
  /** Found in the message, without regard to case. */
  text: z.optional(z.string().check(z.maxLength(200))),
  /** A changed path: exact, a folder, or with `*` and `**`. */
  file: z.optional(z.string().check(z.maxLength(1024))),
  before: z.optional(Time),
  after: z.optional(Time),
  partial: z.optional(z.boolean()),
  pinned: z.optional(z.boolean()),
});
export type Filter = z.infer<typeof Filter>;
