import type { CheckpointSummary } from "@cairn/shared/checkpoint";

/** A made-up UUID that says its number. */
export function idOf(number: number): string {
  return `00000000-0000-4000-8000-${number.toString().padStart(12, "0")}`;
}

export const session_id = idOf(999_999);

/** A checkpoint with this sequence_number; its id says the same number. */
export function checkpointRow(
  number: number,
  change: Partial<CheckpointSummary> = {},
): CheckpointSummary {
  return {
    checkpoint_id: idOf(number),
    session_id,
    sequence_number: number,
    parent_id: null,
    message: `checkpoint ${number}`,
    tags: [],
    trigger: { kind: "manual" },
    author: "test",
    created_at: new Date(Date.UTC(2026, 0, 1) + number * 1000).toISOString(),
    deleted_at: null,
    pinned: false,
    partial: false,
    damaged: false,
    tree: null,
    files: 1,
    bytes: 1,
    changed_files: 0,
    added: 0,
    removed: 0,
    git: null,
    checksum: "0".repeat(64),
    annotation_count: 0,
    max_severity: null,
    ...change,
  };
}
