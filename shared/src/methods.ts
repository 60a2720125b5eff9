import * as z from "zod/mini";
import {
  Annotation,
  Author,
  Checkpoint,
  CheckpointSummary,
  Filter,
  Message,
  Note,
  Severity,
  State,
  StateParam,
  Tags,
  TriggerParam,
} from "./checkpoint.ts";
import { EventType, LoggedEvent } from "./events.ts";
import {
  ChangeCounts,
  DiffFile,
  DiffHunk,
  Difference,
  FileChange,
  FileEntry,
  LeftOut,
  PathParam,
} from "./files.ts";
import { Count, Hash, Id, nextCursor, page, Seq, Time } from "./ids.ts";
import { Operation } from "./operation.ts";
import {
  caps,
  Labels,
  Session,
  SessionName,
  SettingsParam,
  SessionStatus,
  WorkspacePath,
} from "./session.ts";

/** Who may call a method. One admin role exists now; the table is ready for more. */
export type Role = "public" | "viewer" | "operator" | "admin";

/**
 * `read` may overtake other calls; `mutation` is done in the order sent within its session;
 * `connection` belongs to one WebSocket and is not offered over HTTP.
 */
export type MethodKind = "read" | "mutation" | "connection";

/** What every mutation takes: done once however often it is sent under the same key. */
const idempotent = {
  idempotency_key: z.optional(z.string().check(z.minLength(1), z.maxLength(200))),
};

interface Method<P, R> {
  kind: MethodKind;
  role: Role;
  summary: string;
  params: P;
  result: R;
}

function method<S extends z.core.$ZodLooseShape, R extends z.ZodMiniType>(
  kind: "mutation",
  role: Role,
  summary: string,
  params: z.ZodMiniObject<S>,
  result: R,
): Method<z.ZodMiniObject<S & typeof idempotent>, R>;
function method<P extends z.ZodMiniType, R extends z.ZodMiniType>(
  kind: Exclude<MethodKind, "mutation">,
  role: Role,
  summary: string,
  params: P,
  result: R,
): Method<P, R>;
function method(
  kind: MethodKind,
  role: Role,
  summary: string,
  params: z.ZodMiniObject,
  result: z.ZodMiniType,
): Method<z.ZodMiniType, z.ZodMiniType> {
  const all = kind === "mutation" ? z.extend(params, idempotent) : params;
  return { kind, role, summary, params: all, result };
}

const ofSession = { session_id: Id };
const ofCheckpoint = { session_id: Id, checkpoint_id: Id };
/** Long methods take a client-made id, under which progress is reported. */
const long = { operation_id: z.optional(Id) };
const paths = z.optional(z.array(PathParam).check(z.minLength(1), z.maxLength(caps.paths)));
/** Absolute path of a new or empty folder, outside every workspace and data folder. */
const into = z.optional(WorkspacePath);

const Warning = z.object({
  code: z.enum([
    "git_head_differs",
    "lockfile_differs",
    "partial_target",
    "over_limit",
    "captures_sensitive",
    "workspace_missing",
  ]),
  message: z.string(),
});

/** What a restore would do: counts, one page of the list, and the hash that holds it to that. */
export const RestorePlan = z.object({
  plan_hash: Hash,
  counts: ChangeCounts,
  changes: z.array(FileChange),
  /** Paths that the restore would leave as they are although the checkpoint has them otherwise. */
  blocked: z.array(Difference),
  warnings: z.array(Warning),
  ...nextCursor,
});
export type RestorePlan = z.infer<typeof RestorePlan>;

const restoreResult = {
  operation_id: Id,
  /** Null when restored `into` another folder, or for a session without a workspace. */
  safety_checkpoint_id: z.nullable(Id),
  checkpoint_id: Id,
  status: z.enum(["restored", "restored_with_differences"]),
  differences: z.array(Difference),
  state: z.nullable(State),
};

/** Result of undo and redo. After an undo or redo of a delete or compaction no file changed. */
const undoResult = {
  operation_id: Id,
  safety_checkpoint_id: z.nullable(Id),
  checkpoint_id: z.nullable(Id),
  status: z.enum(["restored", "restored_with_differences", "undeleted", "deleted"]),
  differences: z.array(Difference),
  state: z.nullable(State),
};

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

/** A checkpoint id, or `workspace` for the folder as it is now. */
const DiffSide = z.union([z.literal("workspace"), Id]);

const trigger = z._default(TriggerParam, { kind: "manual" });

/** THE table of methods: name → params, result, role. HTTP, WebSocket and OpenAPI serve it. */
export const methods = {
  authenticate: method(
    "connection",
    "public",
    "Sign this connection in with a token or browser key.",
    z.object({ token: z.string().check(z.maxLength(512)) }),
    z.object({ authenticated: z.literal(true), role: z.string() }),
  ),
  create_session: method(
    "mutation",
    "operator",
    "Create a session, usually on a folder; reuse: true returns the open session of that folder.",
    z.object({
      name: z.optional(SessionName),
      workspace: z.optional(z.nullable(WorkspacePath)),
      labels: z.optional(Labels),
      settings: z.optional(SettingsParam),
      reuse: z.optional(z.boolean()),
    }),
    z.object({ session_id: Id, session: Session, created: z.boolean() }),
  ),
  list_sessions: method(
    "read",
    "viewer",
    "List sessions, newest activity first.",
    z.object({
      status: z.optional(SessionStatus),
      text: z.optional(z.string().check(z.maxLength(200))),
      ...page,
    }),
    z.object({ sessions: z.array(Session), ...nextCursor }),
  ),
  get_session: method(
    "read",
    "viewer",
    "One session.",
    z.object(ofSession),
    z.object({ session: Session }),
  ),
  scan_workspace: method(
    "read",
    "operator",
    "What a session on this folder would capture, and what it would leave out.",
    z.object({ path: WorkspacePath, settings: z.optional(SettingsParam) }),
    z.object({
      path: z.string(),
      files: Count,
      bytes: Count,
      left_out: z.array(LeftOut),
      warnings: z.array(Warning),
    }),
  ),
  update_session: method(
    "mutation",
    "operator",
    "Rename, move, label, configure, close or open a session.",
    z.object({
      ...ofSession,
      name: z.optional(SessionName),
      workspace: z.optional(WorkspacePath),
      labels: z.optional(Labels),
      settings: z.optional(SettingsParam),
      status: z.optional(z.enum(["open", "closed"])),
    }),
    z.object({ session: Session }),
  ),
  delete_session: method(
    "mutation",
    "admin",
    "Put a session into the trash, or purge it. The files of its folder are never touched.",
    z.object({ ...ofSession, permanent: z.optional(z.boolean()) }),
    z.object({ operation_id: Id }),
  ),
  undelete_session: method(
    "mutation",
    "admin",
    "Take a session out of the trash.",
    z.object(ofSession),
    z.object({ operation_id: Id, session: Session }),
  ),
  checkpoint: method(
    "mutation",
    "operator",
    "Capture the workspace now.",
    z.object({
      ...ofSession,
      ...long,
      message: z._default(Message, ""),
      tags: z._default(Tags, []),
      state: z.optional(StateParam),
      author: z.optional(Author),
      trigger,
    }),
    z.object({ checkpoint_id: Id, checkpoint: CheckpointSummary }),
  ),
  list_checkpoints: method(
    "read",
    "viewer",
    "List the live checkpoints of a session by sequence_number, newest first unless order is asc.",
    z.object({
      ...ofSession,
      filter: z.optional(Filter),
      order: z._default(z.enum(["asc", "desc"]), "desc"),
      ...page,
    }),
    z.object({ checkpoints: z.array(CheckpointSummary), total: Count, ...nextCursor }),
  ),
  get_checkpoint: method(
    "read",
    "viewer",
    "One checkpoint with its state, annotations, changed and skipped paths.",
    z.object(ofCheckpoint),
    z.object({ checkpoint: Checkpoint }),
  ),
  update_checkpoint: method(
    "mutation",
    "operator",
    "Set tags or the pin.",
    z.object({ ...ofCheckpoint, tags: z.optional(Tags), pinned: z.optional(z.boolean()) }),
    z.object({ checkpoint: CheckpointSummary }),
  ),
  annotate: method(
    "mutation",
    "operator",
    "Add a note to a checkpoint.",
    z.object({ ...ofCheckpoint, note: Note, severity: z._default(Severity, "info") }),
    z.object({ annotation: Annotation }),
  ),
  delete_annotation: method(
    "mutation",
    "operator",
    "Delete a note.",
    z.object({ ...ofSession, annotation_id: Id }),
    z.object({ annotation: Annotation }),
  ),
  delete: method(
    "mutation",
    "operator",
    "Put a checkpoint into the trash, or purge it.",
    z.object({ ...ofCheckpoint, permanent: z.optional(z.boolean()) }),
    z.object({ operation_id: Id }),
  ),
  undelete: method(
    "mutation",
    "operator",
    "Take a checkpoint out of the trash.",
    z.object(ofCheckpoint),
    z.object({ operation_id: Id, checkpoint: CheckpointSummary }),
  ),
  list_trash: method(
    "read",
    "viewer",
    "Deleted checkpoints, and deleted sessions when no session is named.",
    z.object({ session_id: z.optional(Id), ...page }),
    z.object({
      checkpoints: z.array(CheckpointSummary),
      sessions: z.array(Session),
      ...nextCursor,
    }),
  ),
  compact: method(
    "mutation",
    "operator",
    "Put the checkpoints that no rule keeps into the trash.",
    z.object({
      ...ofSession,
      ...long,
      keep_recent: z.optional(Count),
      keep_tags: z._default(z.boolean(), true),
      dry_run: z.optional(z.boolean()),
    }),
    z.object({
      remaining: Count,
      removed: z.array(z.object({ checkpoint_id: Id })),
      kept: z.array(z.object({ checkpoint_id: Id, reasons: z.array(z.string()) })),
      operation_id: z.optional(Id),
    }),
  ),
  plan_restore: method(
    "read",
    "viewer",
    "What restoring a checkpoint would change, without changing it.",
    z.object({ ...ofCheckpoint, paths, into, ...page }),
    RestorePlan,
  ),
  restore: method(
    "mutation",
    "operator",
    "Restore a checkpoint, after a safety checkpoint that undo goes back to.",
    z.object({ ...ofCheckpoint, ...long, paths, into, plan_hash: z.optional(Hash) }),
    z.object(restoreResult),
  ),
  undo: method(
    "mutation",
    "operator",
    "Take back the latest restore, delete or compaction, or the one named.",
    z.object({ ...ofSession, operation_id: z.optional(Id), plan_hash: z.optional(Hash) }),
    z.object({ ...undoResult, undone: Operation }),
  ),
  redo: method(
    "mutation",
    "operator",
    "Take back the latest undo, or the undo named.",
    z.object({ ...ofSession, operation_id: z.optional(Id), plan_hash: z.optional(Hash) }),
    z.object({ ...undoResult, redone: Operation }),
  ),
  list_operations: method(
    "read",
    "viewer",
    "The operation log of a session, newest first.",
    z.object({ ...ofSession, ...page }),
    z.object({ operations: z.array(Operation), ...nextCursor }),
  ),
  diff: method(
    "read",
    "viewer",
    "Files that differ between two checkpoints, or a checkpoint and the folder; with path, its hunks.",
    z.object({
      ...ofSession,
      /** Null is the empty tree: what the first checkpoint is compared with. */
      from: z.nullable(DiffSide),
      to: DiffSide,
      path: z.optional(PathParam),
      ...page,
    }),
    z.object({
      files: z.array(DiffFile),
      hunks: z.optional(z.array(DiffHunk)),
      /** With path: the text is over the size that hunks are made for. */
      too_large: z.optional(z.boolean()),
      ...nextCursor,
    }),
  ),
  list_files: method(
    "read",
    "viewer",
    "One folder of a checkpoint.",
    z.object({ ...ofCheckpoint, path: z.optional(PathParam), ...page }),
    z.object({ entries: z.array(FileEntry), ...nextCursor }),
  ),
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
      problems: z.array(
        z.object({
          session_id: Id,
          checkpoint_id: Id,
          problem: z.string(),
          path: z.optional(z.string()),
        }),
      ),
      ...nextCursor,
    }),
  ),
  list_folders: method(
    "read",
    "operator",
    "Folders below a path, for the folder picker; the home folder when none is given.",
    z.object({ path: z.optional(WorkspacePath) }),
    z.object({
      path: z.string(),
      parent: z.nullable(z.string()),
      entries: z.array(z.object({ name: z.string(), path: z.string(), repository: z.boolean() })),
      truncated: z.boolean(),
    }),
  ),
  start_demo: method(
    "mutation",
    "operator",
    "Start a scripted agent that edits files in a folder of its own for about a minute.",
    z.object({}),
    z.object({ session_id: Id }),
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
      /** Opt into `progress` and `sync` messages without any other option. */
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

export type Methods = typeof methods;
export type MethodName = keyof Methods;
/** Params as a caller gives them: defaults may be left out. */
export type Params<M extends MethodName> = z.input<Methods[M]["params"]>;
/** Params as a handler gets them: parsed, defaults filled in. */
export type ParsedParams<M extends MethodName> = z.output<Methods[M]["params"]>;
export type Result<M extends MethodName> = z.infer<Methods[M]["result"]>;

export const methodNames = Object.keys(methods) as MethodName[];

/** Whether a name that came from outside is in the table. */
export function isMethod(name: string): name is MethodName {
  return Object.hasOwn(methods, name);
}
