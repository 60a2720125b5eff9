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

/** What a session captures. Patterns have `.gitignore` syntax. */
export const Settings = z.object({
  auto: Auto,
  ignore: z.array(Pattern).check(z.maxLength(caps.patterns)),
  include: z.array(Pattern).check(z.maxLength(caps.patterns)),
  limits: Limits,
});
export type Settings = z.infer<typeof Settings>;

export const defaultSettings: Settings = {
  auto: {},
  ignore: [],
  include: [],
  limits: { files: 250_000, bytes: 20_000_000_000, file_bytes: 4_000_000_000, store_bytes: null },
};

/** Settings as a caller sends them: what is left out keeps its value, or takes the default. */
export const SettingsParam = z.partial(z.object({ ...Settings.shape, limits: z.partial(Limits) }));
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
});
export type Session = z.infer<typeof Session>;
