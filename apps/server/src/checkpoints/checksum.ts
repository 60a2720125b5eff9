import { createHash } from "node:crypto";
import type { CheckpointRow, NewCheckpoint } from "../storage/store.ts";

/** JSON with the keys of every object sorted, so that equal values give equal bytes. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    const sorted: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    for (const key of Object.keys(inner).toSorted()) {
      sorted[key] = (inner as Record<string, unknown>)[key];
    }
    return sorted;
  });
}

/**
 * Hex SHA-256 over the fields that never change after the commit. Tags, pin, annotations,
 * `damaged` and line counts are left out on purpose: setting them must not break validation.
 */
export function checksumOf(row: Omit<NewCheckpoint, "checksum"> | CheckpointRow): string {
  const immutable = {
    checkpoint_id: row.checkpoint_id,
    session_id: row.session_id,
    sequence_number: row.sequence_number,
    parent_id: row.parent_id,
    message: row.message,
    trigger: row.trigger,
    author: row.author,
    created_at: row.created_at,
    partial: row.partial,
    tree: row.tree,
    rules: row.rules,
    skipped: row.skipped,
    files: row.files,
    bytes: row.bytes,
    changed_files: row.changed_files,
    changed_paths: row.changed_paths,
    git: row.git,
    state: row.state,
  };
  return createHash("sha256").update(canonicalJson(immutable)).digest("hex");
}
