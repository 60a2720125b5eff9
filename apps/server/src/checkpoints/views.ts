import type { CheckpointSummary } from "@cairn/shared/checkpoint";
import type { Operation } from "@cairn/shared/operation";
import type { Snapshot } from "@cairn/runner/runner";
import type { CheckpointRow, NewCheckpoint, OperationRow, Reads } from "../storage/store.ts";
import { nextRedo, nextUndo } from "./undo-stack.ts";

/** What the wire shows of a row. */
export function summaryOf(row: CheckpointRow): CheckpointSummary {
  const { rules: _r, skipped: _s, state: _st, changed_paths: _c, purged_at: _p, ...summary } = row;
  return summary;
}

/** The summary of a checkpoint that is being committed. */
export function newSummary(row: NewCheckpoint): CheckpointSummary {
  return summaryOf({
    ...row,
    deleted_at: null,
    purged_at: null,
    damaged: false,
    annotation_count: 0,
    max_severity: null,
  });
}

export function snapshotOf(row: CheckpointRow): Snapshot | null {
  if (row.tree === null || row.rules === null) return null;
  return { tree: row.tree, rules: row.rules, skipped: row.skipped };
}

function toOperation(row: OperationRow, next: Operation["next"]): Operation {
  const {
    ord: _o,
    redone_by: _r,
    removed_ids,
    head_after: _h,
    undoable: _u,
    call: _c,
    automatic: _a,
    ...operation
  } = row;
  return { ...operation, removed: removed_ids.length, next };
}

/** Operations as the wire shows them, with what undo and redo would take next. */
export async function toOperations(
  reads: Reads,
  session_id: string,
  rows: OperationRow[],
): Promise<Operation[]> {
  const undo = await nextUndo(reads, session_id);
  const redo = await nextRedo(reads, session_id);
  return rows.map((row) => {
    const next =
      row.operation_id === undo?.operation_id
        ? "undo"
        : row.operation_id === redo?.operation_id
          ? "redo"
          : null;
    return toOperation(row, next);
  });
}

/** One operation after a change in the same transaction. */
export async function operationView(reads: Reads, operation_id: string): Promise<Operation> {
  const row = await reads.operation(operation_id);
  if (row === null) throw new Error(`operation ${operation_id} is gone`);
  const [operation] = await toOperations(reads, row.session_id, [row]);
  if (operation === undefined) throw new Error("one row gives one operation");
  return operation;
}
