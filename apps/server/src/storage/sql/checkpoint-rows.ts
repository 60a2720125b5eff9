import type { CheckpointSummary, GitPosition, State } from "@cairn/shared/checkpoint";
import type { Selectable } from "kysely";
import type { CheckpointRow } from "../store.ts";
import type { Tables } from "./tables.ts";

/** The columns that lists read. */
export const summaryColumns = [
  "checkpoint_id",
  "session_id",
  "checkpoints.sequence_number",
  "parent_id",
  "parent_number",
  "message",
  "tags",
  "trigger_kind",
  "trigger_reason",
  "author",
  "created_at",
  "deleted_at",
  "pinned",
  "partial",
  "damaged",
  "tree",
  "files",
  "bytes",
  "changed_files",
  "added",
  "removed",
  "git",
  "checksum",
  "annotation_count",
  "max_severity",
] as const;

export type SummaryColumns = Pick<
  Selectable<Tables["checkpoints"]>,
  Exclude<(typeof summaryColumns)[number], "checkpoints.sequence_number"> | "sequence_number"
>;

export function summaryOf(row: SummaryColumns): Omit<CheckpointSummary, "shown_parent_id"> {
  const { trigger_kind: kind, trigger_reason: reason } = row;
  return {
    checkpoint_id: row.checkpoint_id,
    session_id: row.session_id,
    sequence_number: row.sequence_number,
    parent_id: row.parent_id,
    message: row.message,
    tags: row.tags === "[]" ? [] : (JSON.parse(row.tags) as string[]),
    trigger: reason === null ? { kind } : { kind, reason },
    author: row.author,
    created_at: row.created_at,
    deleted_at: row.deleted_at,
    pinned: Boolean(row.pinned),
    partial: Boolean(row.partial),
    damaged: Boolean(row.damaged),
    tree: row.tree,
    files: row.files,
    bytes: row.bytes,
    changed_files: row.changed_files,
    added: row.added,
    removed: row.removed,
    git: row.git === null ? null : (JSON.parse(row.git) as GitPosition),
    checksum: row.checksum,
    annotation_count: row.annotation_count,
    max_severity: row.max_severity,
  };
}

/** Columns of a checkpoint joined with its contents. */
export const wholeColumns = [
  ...summaryColumns,
  "purged_at",
  "rules",
  "skipped",
  "state",
  "changed_paths",
] as const;

type WholeColumns = SummaryColumns &
  Pick<CheckpointRow, "purged_at" | "rules" | "skipped"> & {
    state: string | null;
    changed_paths: string | null;
  };

export function wholeOf(row: WholeColumns): CheckpointRow {
  return {
    ...summaryOf(row),
    purged_at: row.purged_at,
    rules: row.rules,
    skipped: row.skipped,
    state: row.state === null ? null : (JSON.parse(row.state) as State),
    changed_paths: row.changed_paths === null ? [] : (JSON.parse(row.changed_paths) as string[]),
  };
}
