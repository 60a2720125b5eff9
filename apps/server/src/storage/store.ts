import type {
  Annotation,
  CheckpointSummary,
  Filter,
  Severity,
  State,
} from "@cairn/shared/checkpoint";
import type { EventType, LoggedEvent } from "@cairn/shared/events";
import type { Operation, OperationKind, OperationStatus } from "@cairn/shared/operation";
import type { Session, Settings } from "@cairn/shared/session";

/** A session as the table keeps it; `toSession` of the same shape as the wire, without secrets. */
export type SessionRow = Session;

/** A checkpoint as the table keeps it: the wire's summary and what only the service reads. */
export interface CheckpointRow extends Omit<CheckpointSummary, "shown_parent_id"> {
  /** Hash of the stored ignore rules; null without a workspace. */
  rules: string | null;
  /** Hash of the stored list of skipped paths; null when there are none. */
  skipped: string | null;
  state: State | null;
  changed_paths: string[];
  /** Its bytes are given back: only the tombstone is left. */
  purged_at: string | null;
}

/** What a new checkpoint brings; the store fills in the counters. */
export type NewCheckpoint = Omit<
  CheckpointRow,
  "deleted_at" | "purged_at" | "annotation_count" | "max_severity" | "damaged"
>;

export interface OperationRow extends Omit<Operation, "next" | "removed"> {
  /** Increases within the store: the order of the undo stack. */
  ord: number;
  /** The redo that took this undo back. */
  redone_by: string | null;
  /** Ids that a delete or compaction put into the trash. */
  removed_ids: string[];
  /** The session's head once this is done, so that a start after a crash can finish it. */
  head_after: string | null;
  /** Whether undo may take it back: asked for by someone, and its checkpoints still there. */
  undoable: boolean;
  /** The call under an idempotency key that asked for this, so that whoever ends it can keep it. */
  call: KeyedCall | null;
  /** A compaction by policy: not on the undo stack, and clears no redo. */
  automatic: boolean;
}

/** A call under an idempotency key; its actor stands beside it. */
export interface KeyedCall {
  method: string;
  key: string;
  /** Hex SHA-256 of the canonical params without the key. */
  params_hash: string;
}

export type NewOperation = Pick<
  OperationRow,
  "operation_id" | "session_id" | "kind" | "status" | "actor" | "created_at"
> &
  Partial<
    Pick<
      OperationRow,
      | "finished_at"
      | "checkpoint_id"
      | "safety_checkpoint_id"
      | "subject_id"
      | "removed_ids"
      | "head_after"
      | "differences"
      | "undoable"
      | "call"
      | "automatic"
    >
  >;

export interface KeyRow {
  key_id: string;
  /** Hex SHA-256 of the key. */
  hash: string;
  label: string;
  created_at: string;
  last_used_at: string | null;
}

/** An event before the log has given it its place. */
type Unplaced<E> = E extends LoggedEvent ? Omit<E, "seq" | "epoch"> : never;
export type NewEvent = Unplaced<LoggedEvent>;

/** A named reader of a session's log. */
export interface ConsumerRow {
  session_id: string;
  consumer: string;
  epoch: string;
  /** Everything up to this seq is acknowledged. */
  floor: number;
  updated_at: string;
}

/** How long what a call under an idempotency key has answered is kept, in ms. */
export const idempotencyMs = 24 * 60 * 60 * 1000;

/** What a call under an idempotency key has answered, kept for a day. */
export interface IdempotentRow extends KeyedCall {
  actor: string;
  /** JSON of the result. */
  result: string;
  created_at: string;
}

export interface PageQuery {
  limit: number;
  cursor?: string | undefined;
}

export interface Page<T> {
  rows: T[];
  next_cursor?: string;
}

export interface CheckpointQuery extends PageQuery {
  session_id: string;
  filter?: Filter | undefined;
  order: "asc" | "desc";
}

/** What retention and validation look at: every checkpoint ever made, without its contents. */
export interface Outline extends Pick<
  CheckpointRow,
  | "checkpoint_id"
  | "session_id"
  | "sequence_number"
  | "parent_id"
  | "created_at"
  | "deleted_at"
  | "purged_at"
  | "trigger"
  | "pinned"
  | "damaged"
  | "max_severity"
  | "tree"
  | "rules"
  | "skipped"
  | "bytes"
> {
  tagged: boolean;
}

/** Where the automatic compaction of a session stands. */
export interface RetentionRow {
  session_id: string;
  /** What the next run is counted from, in steady time: the last run, or when the policy was met. */
  since: number;
  last_at: string | null;
  last_removed: number;
}

export interface LogPosition {
  epoch: string;
  /** Seq of the newest event, 0 for none. */
  seq: number;
  /** Seq of the oldest event that the log still has; seq + 1 when it has none. */
  oldest_seq: number;
}

/** An event as it stands in the log: its JSON, and what most readers need of it. */
export interface EventLine {
  readonly seq: number;
  readonly epoch: string;
  readonly event_type: EventType;
  /** Just what `list_events` gives. */
  readonly json: string;
  /** Parsed when it is first asked for. */
  readonly event: LoggedEvent;
}

interface EventQuery {
  session_id: string;
  after: number;
  types?: readonly EventType[] | undefined;
  limit: number;
  /** At most this seq, when given. */
  until?: number | undefined;
}

export interface Reads {
  /** Also finds deleted ones; the caller looks at `deleted_at`. */
  session(session_id: string): Promise<SessionRow | null>;
  /** Live sessions, newest activity first. */
  sessions(
    query: PageQuery & { status?: string | undefined; text?: string | undefined },
  ): Promise<Page<SessionRow>>;
  /** Live and open (or recovery_pending) sessions that have a workspace: for overlap checks. */
  openWorkspaces(): Promise<{ session_id: string; name: string; workspace: string }[]>;
  deletedSessions(query: PageQuery): Promise<Page<SessionRow>>;
  /** Also finds deleted ones; null when it belongs to another session. */
  checkpoint(session_id: string, checkpoint_id: string): Promise<CheckpointRow | null>;
  /** Whether any of these of a session lives, or, `too`, is in the trash. */
  hasAny(session_id: string, checkpoint_ids: readonly string[], deleted?: "too"): Promise<boolean>;
  /** Live ones by keyset on sequence_number. `total` counts what the filter matches. */
  checkpoints(query: CheckpointQuery): Promise<Page<CheckpointSummary> & { total: number }>;
  /** Oldest first, tombstones too. */
  outlines(query: {
    /** Of one session; `all`, or only those that are not deleted themselves. */
    of: { session_id: string } | "all" | "live";
    /** Sequence number to go on from. */
    after: number;
    limit: number;
  }): Promise<Outline[]>;
  /**
   * Live ones of a session, oldest first: at most `limit`, and no more of them than have `bytes`
   * of state and changed paths between them, but always one.
   */
  wholeCheckpoints(query: {
    session_id: string;
    after: number;
    limit: number;
    bytes: number;
  }): Promise<CheckpointRow[]>;
  deletedCheckpoints(
    query: PageQuery & { session_id?: string | undefined },
  ): Promise<Page<CheckpointSummary>>;
  /** Nearest live ancestor, null when there is none. */
  shownParent(checkpoint_id: string): Promise<string | null>;
  /**
   * Whose bytes are to be kept: checkpoints that live or are in the trash, and operations with
   * differences, under whose id the runner keeps newer content that it came across.
   */
  pins(): Promise<string[]>;
  /** Sum of the bytes of all checkpoints that are not purged. */
  keptBytes(): Promise<number>;
  /** At most `limit` ids of checkpoints in the trash that were due to go by then. */
  checkpointsToPurge(now: number, limit: number): Promise<string[]>;
  sessionsToPurge(now: number): Promise<SessionRow[]>;
  retention(session_id: string): Promise<RetentionRow | null>;
  /** A fact that outlives a restart, as `saveUpkeep` was given it; null for none. */
  upkeep(name: string): Promise<unknown>;
  annotations(checkpoint_id: string): Promise<Annotation[]>;
  annotation(session_id: string, annotation_id: string): Promise<Annotation | null>;
  operation(operation_id: string): Promise<OperationRow | null>;
  /** Newest first. */
  operations(query: PageQuery & { session_id: string }): Promise<Page<OperationRow>>;
  pendingOperations(): Promise<OperationRow[]>;
  /**
   * The operation that undo takes back next: latest undoable done restore, delete or compact,
   * before the place `ord` when that is given.
   */
  nextUndo(session_id: string, ord?: number): Promise<OperationRow | null>;
  /** The undo that redo takes back next: latest not redone, with no newer stack operation. */
  nextRedo(session_id: string): Promise<OperationRow | null>;
  position(session_id: string): Promise<LogPosition | null>;
  /** Events with `seq > after` of the given types (all when absent), oldest first. */
  events(query: EventQuery): Promise<LoggedEvent[]>;
  /** The same, not parsed. */
  eventLines(query: EventQuery): Promise<EventLine[]>;
  /** How many events with `after < seq ≤ until` are of the given types. */
  countEvents(query: {
    session_id: string;
    after: number;
    until: number;
    types: readonly EventType[];
  }): Promise<number>;
  /**
   * Paths that the checkpoints of events with `after < seq ≤ until` changed, by seq; none for an
   * event about no checkpoint. They stay with the event, also when its checkpoint is purged.
   */
  eventPaths(query: {
    session_id: string;
    after: number;
    until: number;
  }): Promise<ReadonlyMap<number, string[]>>;
  /** Seq after which the last `count` events of those types begin. */
  seqBeforeLast(session_id: string, count: number, types?: readonly EventType[]): Promise<number>;
  consumers(session_id: string): Promise<ConsumerRow[]>;
  consumer(session_id: string, consumer: string): Promise<ConsumerRow | null>;
  /** The stored outcome of a call with this key, null when there is none. It may be too old. */
  idempotent(actor: string, method: string, key: string): Promise<IdempotentRow | null>;
  keys(): Promise<KeyRow[]>;
  keyByHash(hash: string): Promise<KeyRow | null>;
}

/** One transaction. Counters of the session (checkpoints, last_event_at, seq) follow by themselves. */
export interface Tx extends Reads {
  insertSession(row: Omit<SessionRow, "seq" | "checkpoints" | "last_event_at">): Promise<void>;
  updateSession(
    session_id: string,
    change: Partial<
      Pick<
        SessionRow,
        "name" | "workspace" | "status" | "labels" | "settings" | "deleted_at" | "head" | "bytes"
      >
    > & { settings?: Settings },
  ): Promise<void>;
  /** Removes the session's rows for good, its log included. Gives what it pinned. */
  purgeSession(session_id: string): Promise<string[]>;
  nextSequenceNumber(): Promise<number>;
  insertCheckpoint(row: NewCheckpoint): Promise<void>;
  /** Gives the session that it is of. */
  updateCheckpoint(
    checkpoint_id: string,
    change: Partial<
      Pick<CheckpointRow, "tags" | "pinned" | "damaged" | "deleted_at" | "purged_at">
    >,
  ): Promise<string>;
  /** Those that are still live go into the trash. Gives their ids. Lets other work in between. */
  removeCheckpoints(session_id: string, ids: string[], deleted_at: string): Promise<string[]>;
  /** Those that are in the trash and not purged live again. Gives their summaries. */
  undeleteCheckpoints(
    session_id: string,
    ids: string[],
  ): Promise<Omit<CheckpointSummary, "shown_parent_id">[]>;
  /** Says when what has come into the trash goes, for at most `limit` of each. Gives how many. */
  schedulePurge(due: number, limit: number): Promise<number>;
  saveRetention(row: RetentionRow): Promise<void>;
  deleteRetention(session_id: string): Promise<void>;
  saveUpkeep(name: string, value: unknown): Promise<void>;
  insertAnnotation(row: Annotation & { session_id: string; severity: Severity }): Promise<void>;
  deleteAnnotation(annotation_id: string): Promise<void>;
  insertOperation(row: NewOperation): Promise<void>;
  updateOperation(
    operation_id: string,
    change: Partial<
      Pick<
        OperationRow,
        | "status"
        | "finished_at"
        | "undone_by"
        | "redone_by"
        | "differences"
        | "safety_checkpoint_id"
        | "checkpoint_id"
        | "undoable"
      >
    > & { kind?: OperationKind; status?: OperationStatus },
  ): Promise<void>;
  /** Bumps the session's seq under its row lock and writes the event with it. */
  appendEvent(event: NewEvent): Promise<LoggedEvent>;
  /** Inserts or moves a consumer's floor; never back within one epoch. */
  saveConsumer(row: ConsumerRow): Promise<void>;
  deleteConsumer(session_id: string, consumer: string): Promise<boolean>;
  /**
   * Same transaction as the mutation that it answers for. Takes the place of an expired one;
   * `idempotency_conflict` while another is still kept under the key.
   */
  insertIdempotent(row: IdempotentRow): Promise<void>;
  /** Forgets at most `limit` of those from before a time. Gives how many. */
  expireIdempotent(before: string, limit: number): Promise<number>;
  /**
   * Drops the oldest events of a session beyond `keep` events, and those from before a time, but
   * at most `limit` of them. The newest event always stays. Gives the log's new oldest seq.
   */
  trimLog(
    session_id: string,
    bound: { keep: number; before: string; limit: number },
  ): Promise<number>;
  insertKey(row: KeyRow): Promise<void>;
  touchKey(key_id: string, at: string): Promise<void>;
  deleteKey(key_id: string): Promise<boolean>;
}

/** Rows and event log. The one place where acknowledged things are kept. */
export interface Store extends Reads {
  /** Runs `work` in one write transaction; a throw rolls everything back. Durable on return. */
  transact<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}
