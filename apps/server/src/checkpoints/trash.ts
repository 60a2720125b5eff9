import type { CheckpointSummary } from "@cairn/shared/checkpoint";
import { ProtocolError } from "@cairn/shared/errors";
import type { ParsedParams, Result } from "@cairn/shared/methods";
import type { CallContext } from "../service.ts";
import type { OperationRow, Tx } from "../storage/store.ts";
import { commitAnswer, type Emit } from "./commit.ts";
import { type ServiceDeps, timestamp } from "./deps.ts";
import { findCheckpoint, findOpenSession, findSession } from "./find.ts";
import { nextUndo } from "./undo-stack.ts";
import { operationView, summaryOf } from "./views.ts";

/** An event lists at most so many checkpoints; beyond that it says to load the pages again. */
const listedAtMost = 1000;

interface About {
  session_id: string;
  at: string;
  actor: string;
  operation_id: string;
}

/** Inside a transaction: out of the trash again, with its one event. Purged ones stay gone. */
export async function undeleteCheckpoints(
  tx: Tx,
  emit: Emit,
  ids: string[],
  about: About,
): Promise<CheckpointSummary[]> {
  const back = await tx.undeleteCheckpoints(about.session_id, ids);
  await emit({
    event_type: "checkpoints_undeleted",
    data: { session_id: about.session_id, timestamp: about.at },
    actor: about.actor,
    operation_id: about.operation_id,
    operation: await operationView(tx, about.operation_id),
    ...(back.length <= listedAtMost ? { checkpoints: back } : { reload: true }),
  });
  return back;
}

/** Inside a transaction: into the trash, with the event of a delete or of a compaction. */
export async function removeCheckpoints(
  tx: Tx,
  emit: Emit,
  removal: Pick<OperationRow, "kind" | "removed_ids">,
  about: About,
): Promise<void> {
  const { session_id, at, actor, operation_id } = about;
  const ids = await tx.removeCheckpoints(session_id, removal.removed_ids, at);
  const extras = { actor, operation_id, operation: await operationView(tx, operation_id) };
  if (removal.kind === "delete") {
    const [id] = ids;
    const only = id === undefined ? null : await tx.checkpoint(session_id, id);
    if (only === null) {
      throw new ProtocolError("checkpoint_not_found", "This checkpoint is already deleted.");
    }
    await emit({
      event_type: "checkpoint_deleted",
      data: { checkpoint_id: only.checkpoint_id, session_id, timestamp: at },
      ...extras,
      checkpoint: summaryOf(only),
    });
    return;
  }
  const session = await tx.session(session_id);
  await emit({
    event_type: "checkpoints_compacted",
    data: { session_id, remaining: session?.checkpoints ?? 0, timestamp: at },
    ...extras,
    ...(ids.length <= listedAtMost ? { removed: ids } : { reload: true }),
  });
}

/** Puts a checkpoint into the trash; `permanent` purges it, from the trash or at once. */
export async function deleteCheckpoint(
  deps: ServiceDeps,
  params: ParsedParams<"delete">,
  context: CallContext,
): Promise<Result<"delete">> {
  const { session_id, checkpoint_id } = params;
  await findOpenSession(deps.store, session_id);
  const permanent = params.permanent === true;
  const row = await findCheckpoint(
    deps.store,
    session_id,
    checkpoint_id,
    permanent ? "too" : "never",
  );
  const operation_id = deps.newId();
  const at = timestamp(deps.clock);
  const operation = {
    operation_id,
    session_id,
    kind: "delete" as const,
    status: "done" as const,
    actor: context.actor,
    created_at: at,
    finished_at: at,
    checkpoint_id,
    removed_ids: [checkpoint_id],
    undoable: !permanent,
  };
  const answer = await commitAnswer(deps, context, async (tx, emit) => {
    await tx.insertOperation(operation);
    const about = { session_id, at, actor: context.actor, operation_id };
    // From the trash nothing new is sent: it was deleted before.
    if (row.deleted_at === null) await removeCheckpoints(tx, emit, operation, about);
    if (permanent) await tx.updateCheckpoint(checkpoint_id, { purged_at: at });
    return { operation_id };
  });
  // What a crash keeps from being let go here is found at the next start.
  if (permanent) await deps.runner.release([checkpoint_id]);
  return answer;
}

/** Takes one checkpoint out of the trash. If its delete could be undone, that counts as undone. */
export async function undelete(
  deps: ServiceDeps,
  params: ParsedParams<"undelete">,
  context: CallContext,
): Promise<Result<"undelete">> {
  const { session_id, checkpoint_id } = params;
  await findOpenSession(deps.store, session_id);
  const row = await findCheckpoint(deps.store, session_id, checkpoint_id, "too");
  if (row.deleted_at === null) {
    throw new ProtocolError("invalid_params", `Checkpoint ${checkpoint_id} is not in the trash.`);
  }
  const operation_id = deps.newId();
  const at = timestamp(deps.clock);
  return await commitAnswer(deps, context, async (tx, emit) => {
    const removal = await nextUndo(tx, session_id);
    const undoesIt = removal?.kind === "delete" && removal.checkpoint_id === checkpoint_id;
    await tx.insertOperation({
      operation_id,
      session_id,
      kind: "undelete",
      status: "done",
      actor: context.actor,
      created_at: at,
      finished_at: at,
      checkpoint_id,
      subject_id: undoesIt ? removal.operation_id : null,
    });
    if (undoesIt) await tx.updateOperation(removal.operation_id, { undone_by: operation_id });
    const about = { session_id, at, actor: context.actor, operation_id };
    const [checkpoint] = await undeleteCheckpoints(tx, emit, [checkpoint_id], about);
    if (checkpoint === undefined) throw new Error("a checkpoint in the trash can be undeleted");
    return { operation_id, checkpoint };
  });
}

export async function listTrash(
  deps: ServiceDeps,
  params: ParsedParams<"list_trash">,
): Promise<Result<"list_trash">> {
  if (params.session_id !== undefined) await findSession(deps.store, params.session_id);
  const { rows, next_cursor } = await deps.store.deletedCheckpoints(params);
  // Sessions are few: they come whole with the first page.
  const withSessions = params.session_id === undefined && params.cursor === undefined;
  const sessions = withSessions ? (await deps.store.deletedSessions({ limit: 200 })).rows : [];
  return {
    checkpoints: rows,
    sessions,
    ...(next_cursor === undefined ? {} : { next_cursor }),
  };
}
