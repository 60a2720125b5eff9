import { ProtocolError } from "@cairn/shared/errors";
import type { ParsedParams, Result } from "@cairn/shared/methods";
import type { CallContext } from "../service.ts";
import type { Tx } from "../storage/store.ts";
import { commitAnswer, type Emit } from "./commit.ts";
import { type ServiceDeps, timestamp } from "./deps.ts";
import { findCheckpoint, findOpenSession } from "./find.ts";
import { summaryOf } from "./views.ts";

/** Sends the checkpoint as it is after a change of tags, pin or notes. */
export async function emitUpdated(
  deps: ServiceDeps,
  tx: Tx,
  emit: Emit,
  session_id: string,
  checkpoint_id: string,
  actor: string,
) {
  const checkpoint = summaryOf(await findCheckpoint(tx, session_id, checkpoint_id));
  await emit({
    event_type: "checkpoint_updated",
    data: { checkpoint_id, session_id, timestamp: timestamp(deps.clock) },
    actor,
    checkpoint,
  });
  return checkpoint;
}

export async function updateCheckpoint(
  deps: ServiceDeps,
  params: ParsedParams<"update_checkpoint">,
  context: CallContext,
): Promise<Result<"update_checkpoint">> {
  const { session_id, checkpoint_id, tags, pinned } = params;
  await findOpenSession(deps.store, session_id);
  const row = await findCheckpoint(deps.store, session_id, checkpoint_id);
  if (tags === undefined && pinned === undefined) return { checkpoint: summaryOf(row) };
  return await commitAnswer(deps, context, async (tx, emit) => {
    await tx.updateCheckpoint(checkpoint_id, {
      ...(tags === undefined ? {} : { tags: [...new Set(tags)] }),
      ...(pinned === undefined ? {} : { pinned }),
    });
    const { actor } = context;
    return { checkpoint: await emitUpdated(deps, tx, emit, session_id, checkpoint_id, actor) };
  });
}

export async function annotate(
  deps: ServiceDeps,
  params: ParsedParams<"annotate">,
  context: CallContext,
): Promise<Result<"annotate">> {
  const { session_id, checkpoint_id, note, severity } = params;
  await findOpenSession(deps.store, session_id);
  await findCheckpoint(deps.store, session_id, checkpoint_id);
  const annotation = {
    annotation_id: deps.newId(),
    checkpoint_id,
    note,
    severity,
    author: context.actor,
    created_at: timestamp(deps.clock),
  };
  return await commitAnswer(deps, context, async (tx, emit) => {
    await tx.insertAnnotation({ ...annotation, session_id });
    await emitUpdated(deps, tx, emit, session_id, checkpoint_id, context.actor);
    return { annotation };
  });
}

export async function deleteAnnotation(
  deps: ServiceDeps,
  params: ParsedParams<"delete_annotation">,
  context: CallContext,
): Promise<Result<"delete_annotation">> {
  const { session_id, annotation_id } = params;
  await findOpenSession(deps.store, session_id);
  const annotation = await deps.store.annotation(session_id, annotation_id);
  if (annotation === null) {
    throw new ProtocolError("not_found", `Session ${session_id} has no note ${annotation_id}.`);
  }
  return await commitAnswer(deps, context, async (tx, emit) => {
    await tx.deleteAnnotation(annotation_id);
    await emitUpdated(deps, tx, emit, session_id, annotation.checkpoint_id, context.actor);
    return { annotation };
  });
}
