import { ProtocolError } from "@cairn/shared/errors";
import type { ParsedParams, Result } from "@cairn/shared/methods";
import type { CallContext } from "../service.ts";
import type { CheckpointRow, OperationRow } from "../storage/store.ts";
import { commitAnswer } from "./commit.ts";
import { type ServiceDeps, timestamp } from "./deps.ts";
import { markSubject } from "./endings.ts";
import type { Ended } from "./endings.ts";
import { findOpenSession, findSession } from "./find.ts";
import type { LongCall } from "./long-calls.ts";
import { ensureRecovered } from "./recovery.ts";
import { restoreTo } from "./restore.ts";
import { removeCheckpoints, undeleteCheckpoints } from "./trash.ts";
import { dropPurged, isPurged, nextRedo, nextUndo } from "./undo-stack.ts";
import { operationView, toOperations } from "./views.ts";

/** What an undo or redo answers, whichever it is. */
type Walked = Omit<Result<"undo">, "undone"> & Pick<Ended, "undone" | "redone">;

const stackKinds: readonly string[] = ["restore", "delete", "compact"];

async function namedOperation(
  deps: ServiceDeps,
  session_id: string,
  operation_id: string,
): Promise<OperationRow> {
  const row = await deps.store.operation(operation_id);
  if (row === null || row.session_id !== session_id) {
    throw new ProtocolError(
      "operation_not_found",
      `Session ${session_id} has no operation ${operation_id}.`,
    );
  }
  return row;
}

async function undoSubject(deps: ServiceDeps, params: ParsedParams<"undo">): Promise<OperationRow> {
  if (params.operation_id === undefined) {
    await dropPurged(deps.store, params.session_id);
    const next = await nextUndo(deps.store, params.session_id);
    if (next === null) throw new ProtocolError("nothing_to_undo", "There is nothing to undo.");
    return next;
  }
  const row = await namedOperation(deps, params.session_id, params.operation_id);
  const done = row.status === "done" || row.status === "done_with_differences";
  // A compaction by policy is taken back when somebody names it.
  const walkable = row.undoable || row.automatic;
  if (!stackKinds.includes(row.kind) || !done) {
    throw new ProtocolError("nothing_to_undo", `This ${row.kind} cannot be undone.`);
  }
  if (row.undone_by !== null) {
    throw new ProtocolError("nothing_to_undo", `This ${row.kind} is already undone.`);
  }
  if (await isPurged(deps.store, row)) {
    throw new ProtocolError(
      "nothing_to_undo",
      `What this ${row.kind} could give back was deleted for good.`,
    );
  }
  if (!walkable) {
    throw new ProtocolError("nothing_to_undo", `This ${row.kind} cannot be undone.`);
  }
  return row;
}

async function redoSubject(deps: ServiceDeps, params: ParsedParams<"redo">): Promise<OperationRow> {
  const next = await nextRedo(deps.store, params.session_id);
  if (params.operation_id !== undefined) {
    const row = await namedOperation(deps, params.session_id, params.operation_id);
    if (row.operation_id !== next?.operation_id) {
      throw new ProtocolError("nothing_to_redo", "Only the latest undo can be redone.");
    }
  }
  if (next === null) throw new ProtocolError("nothing_to_redo", "There is nothing to redo.");
  return next;
}

/** The safety checkpoint of an operation: also from the trash, but not once it is purged. */
async function safetyOf(deps: ServiceDeps, operation: OperationRow): Promise<CheckpointRow> {
  const row =
    operation.safety_checkpoint_id === null
      ? null
      : await deps.store.checkpoint(operation.session_id, operation.safety_checkpoint_id);
  if (row === null || row.purged_at !== null) {
    throw new ProtocolError(
      "nothing_to_undo",
      "The safety checkpoint of this operation was deleted for good.",
    );
  }
  return row;
}

/** Takes checkpoints out of the trash, or puts them back: undo and redo that touch no file. */
async function moveTrash(
  deps: ServiceDeps,
  kind: "undo" | "redo",
  subject: OperationRow,
  removal: OperationRow,
  context: CallContext,
): Promise<Walked> {
  const operation_id = deps.newId();
  const at = timestamp(deps.clock);
  const { actor } = context;
  return await commitAnswer(deps, context, async (tx, emit) => {
    await tx.insertOperation({
      operation_id,
      session_id: subject.session_id,
      kind,
      status: "done",
      actor,
      created_at: at,
      finished_at: at,
      checkpoint_id: removal.checkpoint_id,
      subject_id: subject.operation_id,
    });
    const row = await tx.operation(operation_id);
    if (row !== null) await markSubject(tx, row);
    const about = { session_id: subject.session_id, at, actor, operation_id };
    if (kind === "undo") await undeleteCheckpoints(tx, emit, removal.removed_ids, about);
    else await removeCheckpoints(tx, emit, removal, about);
    const taken = await operationView(tx, subject.operation_id);
    return {
      operation_id,
      safety_checkpoint_id: null,
      checkpoint_id: removal.checkpoint_id,
      status: kind === "undo" ? ("undeleted" as const) : ("deleted" as const),
      differences: [],
      state: null,
      ...(kind === "undo" ? { undone: taken } : { redone: taken }),
    };
  });
}

async function walk(
  deps: ServiceDeps,
  call: LongCall,
  kind: "undo" | "redo",
  params: ParsedParams<"undo">,
  context: CallContext,
): Promise<Walked> {
  await ensureRecovered(deps, params.session_id);
  const session = await findOpenSession(deps.store, params.session_id);
  const subject = await (kind === "undo" ? undoSubject : redoSubject)(deps, params);
  const original =
    kind === "undo"
      ? subject
      : await namedOperation(deps, params.session_id, subject.subject_id ?? "");
  if (original.kind !== "restore") {
    return await moveTrash(deps, kind, subject, original, context);
  }
  return await restoreTo(deps, call, {
    session,
    // Undo goes to before the operation; redo to just before that undo.
    target: await safetyOf(deps, subject),
    operation_id: deps.newId(),
    kind,
    subject_id: subject.operation_id,
    plan_hash: params.plan_hash,
    context,
  });
}

/** Takes back the latest restore, delete or compaction, or the one named. */
export async function undo(
  deps: ServiceDeps,
  call: LongCall,
  params: ParsedParams<"undo">,
  context: CallContext,
): Promise<Result<"undo">> {
  const { undone, ...result } = await walk(deps, call, "undo", params, context);
  if (undone === undefined) throw new Error("an undo names what it took back");
  return { ...result, undone };
}

/** Takes back the latest undo. */
export async function redo(
  deps: ServiceDeps,
  call: LongCall,
  params: ParsedParams<"redo">,
  context: CallContext,
): Promise<Result<"redo">> {
  const { redone, ...result } = await walk(deps, call, "redo", params, context);
  if (redone === undefined) throw new Error("a redo names the undo that it took back");
  return { ...result, redone };
}

/** The operation log, newest first. */
export async function listOperations(
  deps: ServiceDeps,
  params: ParsedParams<"list_operations">,
): Promise<Result<"list_operations">> {
  await findSession(deps.store, params.session_id);
  const { rows, next_cursor } = await deps.store.operations(params);
  return {
    operations: await toOperations(deps.store, params.session_id, rows),
    ...(next_cursor === undefined ? {} : { next_cursor }),
  };
}
