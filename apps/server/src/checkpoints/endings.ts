import type { Applied } from "@cairn/runner/runner";
import type { Result } from "@cairn/shared/methods";
import type { CheckpointRow, OperationRow, Tx } from "../storage/store.ts";
import { commit } from "./commit.ts";
import { type ServiceDeps, timestamp } from "./deps.ts";
import { operationView, summaryOf } from "./views.ts";

async function mustFind(tx: Tx, operation_id: string): Promise<OperationRow> {
  const row = await tx.operation(operation_id);
  if (row === null) throw new Error(`operation ${operation_id} is gone`);
  return row;
}

/** What an undo or redo changes of the operation that it is about. */
export async function markSubject(tx: Tx, operation: OperationRow): Promise<void> {
  if (operation.subject_id === null) return;
  if (operation.kind === "undo") {
    await tx.updateOperation(operation.subject_id, { undone_by: operation.operation_id });
  }
  if (operation.kind === "redo") {
    const undo = await mustFind(tx, operation.subject_id);
    await tx.updateOperation(undo.operation_id, { redone_by: operation.operation_id });
    if (undo.subject_id !== null) {
      await tx.updateOperation(undo.subject_id, { undone_by: null });
    }
  }
}

/** What a restore, or the undo or redo of one, answers. */
export type Ended = Result<"restore"> &
  Partial<Pick<Result<"undo">, "undone">> &
  Partial<Pick<Result<"redo">, "redone">>;

async function answerOf(
  tx: Tx,
  row: OperationRow,
  target: CheckpointRow,
  differences: Applied["differences"],
): Promise<Ended> {
  const answer: Ended = {
    operation_id: row.operation_id,
    safety_checkpoint_id: row.safety_checkpoint_id,
    checkpoint_id: target.checkpoint_id,
    status: differences.length > 0 ? "restored_with_differences" : "restored",
    differences,
    state: target.state,
  };
  if (row.subject_id === null) return answer;
  const subject = await operationView(tx, row.subject_id);
  return row.kind === "undo" ? { ...answer, undone: subject } : { ...answer, redone: subject };
}

/**
 * Second mutation of a restore, undo or redo: its end, the head and `checkpoint_restored`.
 * It reads all it needs from the pending row, the idempotency key that asked for it included, so
 * that a start after a crash does the same.
 */
export async function commitRestored(
  deps: ServiceDeps,
  operation_id: string,
  differences: Applied["differences"],
): Promise<Ended> {
  const at = timestamp(deps.clock);
  return await commit(deps, async (tx, emit) => {
    const row = await mustFind(tx, operation_id);
    if (row.checkpoint_id === null || row.head_after === null) {
      throw new Error(`operation ${operation_id} has no target`);
    }
    const target = await tx.checkpoint(row.session_id, row.checkpoint_id);
    const head = await tx.checkpoint(row.session_id, row.head_after);
    if (target === null || head === null) throw new Error(`target of ${operation_id} is gone`);
    await tx.updateOperation(operation_id, {
      status: differences.length > 0 ? "done_with_differences" : "done",
      finished_at: at,
      differences: differences.length,
    });
    await markSubject(tx, row);
    await tx.updateSession(row.session_id, { head: head.checkpoint_id, bytes: head.bytes });
    await emit({
      event_type: "checkpoint_restored",
      data: { checkpoint_id: target.checkpoint_id, session_id: row.session_id, timestamp: at },
      actor: row.actor,
      operation_id,
      head: head.checkpoint_id,
      checkpoint: summaryOf(target),
      operation: await operationView(tx, operation_id),
    });
    const answer = await answerOf(tx, row, target, differences);
    if (row.call !== null) {
      const result = JSON.stringify(answer);
      await tx.insertIdempotent({ ...row.call, actor: row.actor, result, created_at: at });
    }
    return answer;
  });
}

/** Ends a pending operation that changed nothing: it failed, or a crash cut it. */
export async function commitNotDone(
  deps: ServiceDeps,
  operation_id: string,
  status: "failed" | "rolled_back",
  differences = 0,
): Promise<void> {
  const at = timestamp(deps.clock);
  await commit(deps, async (tx, emit) => {
    const row = await mustFind(tx, operation_id);
    await tx.updateOperation(operation_id, { status, finished_at: at, differences });
    await emit({
      event_type: "operation_updated",
      data: { operation_id, session_id: row.session_id, timestamp: at },
      actor: row.actor,
      operation_id,
      operation: await operationView(tx, operation_id),
    });
  });
}
