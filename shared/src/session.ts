import * as z from "zod/mini";
import { Count, Id, Seq, Time, wellFormed } from "./ids.ts";

export const caps = {
  name_chars: 200,
  message_bytes: 8 * 1024,
  note_bytes: 8 * 1024,
  tags: 32,
  tag_chars: 64,
  state_bytes: 1024 * 1024,
  json_depth: 64,
  labels: 32,
  label_chars: 256,
  patterns: 200,
  pattern_chars: 512,
  paths: 10_000,
  /** Largest inbound WebSocket frame or HTTP body. */
  inbound_bytes: 2 * 1024 * 1024,
} as const;

const Pattern = z.string().check(z.minLength(1), z.maxLength(caps.pattern_chars));

/** Bounds of what a session captures: a scan over one of them warns, a capture is refused. */
const Limits = z.object({
  files: Count,
  bytes: Count,
  file_bytes: Count,
  store_bytes: z.nullable(Count),
});
export type Limits = z.infer<typeof Limits>;

const Auto = z.object({
  every_minutes: z.optional(z.int().check(z.minimum(1), z.maximum(10_080))),
  quiet_seconds: z.optional(z.int().check(z.minimum(1), z.maximum(86_400))),
});

/**
 * What a compaction keeps: the newest `keep_recent`; of each of the latest so many hours, days and
 * weeks that have any, the newest; and all of the last `keep_within` seconds.
 */
export const keepRules = {
  keep_recent: z.optional(Count),
  keep_hourly: z.optional(Count),
  keep_daily: z.optional(Count),
  keep_weekly: z.optional(Count),
  keep_within: z.optional(Count),
};

/** A compaction that is done by itself, every so many hours. */
export const Retention = z.object({
  ...keepRules,
  keep_tags: z.optional(z.boolean()),
  every_hours: z.int().check(z.minimum(1), z.maximum(720)),
});
export type Retention = z.infer<typeof Retention>;

/** What a session captures. Patterns have `.gitignore` syntax. */
export const Settings = z.object({
  auto: Auto,
  ignore: z.array(Pattern).check(z.maxLength(caps.patterns)),
  include: z.array(Pattern).check(z.maxLength(caps.patterns)),
  limits: Limits,
  /** Null: nothing is compacted by itself. */
  retention: z._default(z.nullable(Retention), null),
});
export type Settings = z.infer<typeof Settings>;

export const defaultSettings: Settings = {
  auto: {},
  ignore: [],
  include: [],
  limits: { files: 250_000, bytes: 20_000_000_000, file_bytes: 4_000_000_000, store_bytes: null },
  retention: null,
};

/** Settings as a caller sends them: what is left out keeps its value, or takes the default. */
export const SettingsParam = z.partial(
  // Not as in `Settings`: a default would set what the caller left out.
  z.object({
    ...Settings.shape,
    limits: z.partial(Limits),
    retention: z.nullable(Retention),
  }),
);
export type SettingsParam = z.infer<typeof SettingsParam>;

/** The settings after a caller's change. */
export function mergeSettings(current: Settings, change: SettingsParam): Settings {
  return { ...current, ...change, limits: { ...current.limits, ...change.limits } };
}

export const SessionName = z
  .string()
  .check(z.trim(), wellFormed, z.minLength(1), z.maxLength(caps.name_chars));
export const WorkspacePath = z.string().check(z.minLength(1), z.maxLength(4096));
export const Labels = z
  .record(
    z.string().check(z.minLength(1), z.maxLength(caps.label_chars)),
    z.string().check(z.maxLength(caps.label_chars)),
  )
  .check(z.refine((labels) => Object.keys(labels).length <= caps.labels, "too many labels"));

/**
 * `recovery_pending`: a restore was cut by a crash and its folder could not be reached yet;
 * a status of its own so that nobody mistakes the folder for a whole one.
 */
export const SessionStatus = z.enum(["open", "closed", "recovery_pending"]);

/** Where automatic checkpoints of a session stand. */
export const AutoState = z.object({
  /** `paused`: for a reason that passes, such as a folder that is not there. */
  status: z.enum(["off", "waiting", "working", "backing_off", "paused"]),
  next_at: z.nullable(Time),
  last_at: z.nullable(Time),
  /** In a row, up to now. */
  failures: Count,
  last_error: z.nullable(z.string()),
  /** Why changes of the folder are looked for now and then, and not heard of at once. */
  unheard: z.optional(z.string()),
});
export type AutoState = z.infer<typeof AutoState>;

/** Where the automatic compaction of a session stands. */
const RetentionState = z.object({
  next_at: z.nullable(Time),
  last_at: z.nullable(Time),
  last_removed: Count,
});

export const Session = z.object({
  session_id: Id,
  name: z.string(),
  /** Real path of the folder, null for a session that keeps only state. */
  workspace: z.nullable(z.string()),
  status: SessionStatus,
  labels: z.record(z.string(), z.string()),
  created_at: Time,
  deleted_at: z.nullable(Time),
  /** Started by `start_demo`. */
  demo: z.boolean(),
  /** The checkpoint the workspace was last captured as or restored to. */
  head: z.nullable(Id),
  /** Live checkpoints. */
  checkpoints: Count,
  /** Bytes of the head's files. */
  bytes: Count,
  last_event_at: z.nullable(Time),
  seq: Seq,
  epoch: z.string(),
  settings: Settings,
  /** Facts of the moment, in answers and summaries only: never in logged events. */
  auto_state: z.optional(AutoState),
  /** Files that differ from the head now; null when a look failed, absent while nobody looks. */
  dirty_files: z.optional(z.nullable(Count)),
  retention_state: z.optional(RetentionState),
});
export type Session = z.infer<typeof Session>;
