import type { SessionRow } from "../store.ts";
import type { Severity, Trigger } from "@cairn/shared/checkpoint";
import type { EventType } from "@cairn/shared/events";
import type { OperationKind, OperationStatus } from "@cairn/shared/operation";
import type { ColumnType, Generated } from "kysely";

/** SQLite gives booleans back as 0 and 1. */
type Flag = ColumnType<boolean | number, boolean, boolean>;
/** JSON as text: what came in comes out, `__proto__` keys included. */
type Json = string;

interface SessionTable {
  session_id: string;
  name: string;
  workspace: string | null;
  status: SessionRow["status"];
  labels: Json;
  created_at: string;
  deleted_at: string | null;
  demo: Flag;
  head: string | null;
  checkpoints: number;
  bytes: number;
  last_event_at: string | null;
  seq: number;
  epoch: string;
  settings: Json;
  /** `last_event_at`, or `created_at` before the first event: what the overview is sorted by. */
  activity_at: string;
  /** Name, workspace and labels, folded. */
  search: string;
  /** As `CheckpointTable.purge_due`. */
  purge_due: number | null;
}

interface CheckpointTable {
  sequence_number: number;
  /** The parent's sequence_number: ways up go by it. */
  parent_number: number | null;
  checkpoint_id: string;
  session_id: string;
  parent_id: string | null;
  message: string;
  tags: Json;
  trigger_kind: Trigger["kind"];
  trigger_reason: string | null;
  author: string;
  created_at: string;
  deleted_at: string | null;
  purged_at: string | null;
  pinned: Flag;
  partial: Flag;
  damaged: Flag;
  tree: string | null;
  files: number;
  bytes: number;
  changed_files: number;
  added: number | null;
  removed: number | null;
  git: Json | null;
  checksum: string;
  rules: string | null;
  skipped: string | null;
  annotation_count: number;
  max_severity: Severity | null;
  /** The message, folded. */
  search: string;
  /** In the trash: when it goes for good, in steady time. Null until the trash was looked at. */
  purge_due: number | null;
}

/** What lists never read, apart so that their rows stay small; gone once purged. */
interface ContentTable {
  sequence_number: number;
  state: Json | null;
  changed_paths: Json;
}

interface TagTable {
  session_id: string;
  tag: string;
  sequence_number: number;
}

interface PathTable {
  path_id: Generated<number>;
  session_id: string;
  path: string;
}

interface CheckpointPathTable {
  path_id: number;
  sequence_number: number;
}

interface AnnotationTable {
  ord: Generated<number>;
  annotation_id: string;
  checkpoint_id: string;
  session_id: string;
  note: string;
  severity: Severity;
  author: string;
  created_at: string;
}

interface OperationTable {
  ord: Generated<number>;
  operation_id: string;
  session_id: string;
  kind: OperationKind;
  status: OperationStatus;
  actor: string;
  created_at: string;
  finished_at: string | null;
  checkpoint_id: string | null;
  safety_checkpoint_id: string | null;
  subject_id: string | null;
  undone_by: string | null;
  redone_by: string | null;
  removed_ids: Json;
  head_after: string | null;
  differences: number;
  undoable: Flag;
  call: Json | null;
  automatic: Flag;
}

interface EventTable {
  session_id: string;
  seq: number;
  event_type: EventType;
  /** The whole event as it is sent. */
  event: Json;
  /** What the event's checkpoint changed; null when it is about none. */
  paths: Json | null;
}

interface ConsumerTable {
  session_id: string;
  consumer: string;
  epoch: string;
  floor: number;
  updated_at: string;
}

interface IdempotentTable {
  actor: string;
  method: string;
  key: string;
  params_hash: string;
  result: Json;
  created_at: string;
}

interface KeyTable {
  key_id: string;
  hash: string;
  label: string;
  created_at: string;
  last_used_at: string | null;
}

interface RetentionTable {
  session_id: string;
  since: number;
  last_at: string | null;
  last_removed: number;
}

interface UpkeepTable {
  name: string;
  value: Json;
}

export interface Tables {
  sessions: SessionTable;
  checkpoints: CheckpointTable;
  checkpoint_contents: ContentTable;
  checkpoint_tags: TagTable;
  paths: PathTable;
  checkpoint_paths: CheckpointPathTable;
  annotations: AnnotationTable;
  operations: OperationTable;
  events: EventTable;
  consumers: ConsumerTable;
  idempotent: IdempotentTable;
  keys: KeyTable;
  retentions: RetentionTable;
  upkeep: UpkeepTable;
  counters: { name: "sequence_number"; value: number };
}
