import type { Applied, Prepared } from "@cairn/runner/runner";
import { ProtocolError } from "@cairn/shared/errors";
import type { PathParam } from "@cairn/shared/files";
import type { ParsedParams, Result } from "@cairn/shared/methods";
import type { CallContext } from "../service.ts";
import { usableCopyFolder } from "../sessions/workspace.ts";
import type { CheckpointRow, SessionRow } from "../storage/store.ts";
import { insertCheckpoint } from "./capture.ts";
import { commit } from "./commit.ts";
import { type ServiceDeps, timestamp } from "./deps.ts";
import { commitRestored } from "./endings.ts";
import type { Ended } from "./endings.ts";
import { findCheckpoint, findOpenSession, refuseTaken } from "./find.ts";
import type { LongCall } from "./long-calls.ts";
import { endFailed, ensureRecovered, tidyUp } from "./recovery.ts";
import { snapshotOf } from "./views.ts";

/** A restore, undo or redo that is to go to `target`. */
interface Wanted {
  session: SessionRow;
  target: CheckpointRow;
  operation_id: string;
  /** The id that the caller knows it by, where that is another. */
  known_as?: string | undefined;
  kind: "restore" | "undo" | "redo";
  /** The operation that an undo or redo is about. */
  subject_id: string | null;
  paths?: PathParam[] | undefined;
  plan_hash?: string | undefined;
  context: CallContext;
}

const safetyMessages = {
  restore: "Before restoring",
  undo: "Before undoing",
  redo: "Before redoing",
};

/** Takes the safety snapshot and the plan; null for a session without a workspace. */
async function prepare(
  deps: ServiceDeps,
  wanted: Wanted,
  safety_pin: string,
  hooks: ReturnType<LongCall["hooks"]>,
): Promise<Prepared | null> {
  const { session, target } = wanted;
  const snapshot = snapshotOf(target);
  if (session.workspace === null || snapshot === null) return null;
  const head =
    session.head === null ? null : await deps.store.checkpoint(session.session_id, session.head);
  return deps.runner.prepare(
    {
      operation_id: wanted.operation_id,
      safety_pin,
      workspace: session.workspace,
      rules: session.settings,
      target: snapshot,
      parent: head?.tree ?? null,
      ...(wanted.paths === undefined ? {} : { paths: wanted.paths }),
      ...(wanted.plan_hash === undefined ? {} : { plan_hash: wanted.plan_hash }),
    },
    hooks,
  );
}

/** First mutation: the safety checkpoint, and the operation as pending, before a file changes. */
async function commitPending(
  deps: ServiceDeps,
  wanted: Wanted,
  prepared: Prepared | null,
  safety_id: string,
): Promise<void> {
  const { session, target } = wanted;
  const head =
    session.head === null ? null : await deps.store.checkpoint(session.session_id, session.head);
  await commit(deps, async (tx, emit) => {
    // Another session may have used the id while this one was prepared.
    await refuseTaken(tx, wanted.operation_id);
    await insertCheckpoint(
      deps,
      tx,
      emit,
      session,
      prepared?.safety ?? null,
      {
        checkpoint_id: safety_id,
        message: `${safetyMessages[wanted.kind]} #${target.sequence_number}`,
        tags: [],
        trigger: { kind: "automatic", reason: "before_restore" },
        author: wanted.context.actor,
        // Undo gives back what the head carried, its state included.
        state: head?.state ?? null,
      },
      { actor: wanted.context.actor, operation_id: wanted.operation_id },
    );
    await tx.insertOperation({
      operation_id: wanted.operation_id,
      session_id: session.session_id,
      kind: wanted.kind,
      status: "pending",
      actor: wanted.context.actor,
      created_at: timestamp(deps.clock),
      checkpoint_id: target.checkpoint_id,
      safety_checkpoint_id: safety_id,
      subject_id: wanted.subject_id,
      // A choice of paths leaves the folder as no checkpoint has it: "here" stays the safety one.
      head_after: wanted.paths === undefined ? target.checkpoint_id : safety_id,
      undoable: true,
      // Whoever ends it keeps the answer: this call, or a start after a crash.
      call: wanted.context.receipt?.call ?? null,
    });
  });
}

/** The whole recipe, for restore, undo and redo: safety checkpoint, pending, apply, end, settle. */
export async function restoreTo(deps: ServiceDeps, call: LongCall, wanted: Wanted): Promise<Ended> {
  const { session, operation_id } = wanted;
  const safety_id = deps.newId();
  const hooks = call.hooks(session.session_id, wanted.known_as ?? operation_id, wanted.kind);
  const prepared = await prepare(deps, wanted, safety_id, hooks);
  try {
    call.check();
    await commitPending(deps, wanted, prepared, safety_id);
  } catch (error) {
    if (prepared !== null) {
      await deps.runner.abandon(operation_id).catch(() => {});
      await deps.runner.release([safety_id]).catch(() => {});
    }
    throw error;
  }
  let applied: Applied = { status: "restored", differences: [] };
  if (prepared !== null) {
    try {
      applied = await deps.runner.apply(operation_id, hooks);
    } catch (error) {
      await endFailed(deps, session.session_id, operation_id, error);
      throw error;
    }
  }
  const answer = await commitRestored(deps, operation_id, applied.differences).catch(
    async (error: unknown) => {
      // Never left standing: the folder would stay locked, and not be what the log says of it.
      await endFailed(deps, session.session_id, operation_id, error);
      throw error;
    },
  );
  if (prepared !== null) await tidyUp(deps, operation_id);
  return answer;
}

/** Restores a copy into another folder: no safety checkpoint, no head, no operation to undo. */
async function restoreInto(
  deps: ServiceDeps,
  call: LongCall,
  wanted: Wanted & { into: string },
): Promise<Result<"restore">> {
  const snapshot = snapshotOf(wanted.target);
  const { workspace } = wanted.session;
  if (snapshot === null || workspace === null) {
    throw new ProtocolError("invalid_params", "This checkpoint has no files to copy.");
  }
  const known_as = wanted.known_as ?? wanted.operation_id;
  const hooks = call.hooks(wanted.session.session_id, known_as, wanted.kind);
  await deps.runner.prepare(
    {
      operation_id: wanted.operation_id,
      workspace,
      rules: wanted.session.settings,
      target: snapshot,
      parent: null,
      into: await usableCopyFolder(deps, wanted.into),
      ...(wanted.paths === undefined ? {} : { paths: wanted.paths }),
      ...(wanted.plan_hash === undefined ? {} : { plan_hash: wanted.plan_hash }),
    },
    hooks,
  );
  const applied = await deps.runner.apply(wanted.operation_id, hooks).catch(async (error) => {
    await deps.runner.abandon(wanted.operation_id).catch(() => {});
    throw error;
  });
  await deps.runner.settle(wanted.operation_id);
  return {
    operation_id: wanted.operation_id,
    safety_checkpoint_id: null,
    checkpoint_id: wanted.target.checkpoint_id,
    status: applied.status,
    differences: applied.differences,
    state: wanted.target.state,
  };
}

/**
 * The id that a restore is logged under. An id that a client made must be new, but for a call that
 * is made again under its key, after it failed or a crash cut it: that attempt keeps its id, and
 * this one gets another.
 */
async function idFor(
  deps: ServiceDeps,
  asked: string | undefined,
  { receipt }: CallContext,
): Promise<string> {
  if (asked === undefined) return deps.newId();
  const row = await deps.store.operation(asked);
  const isSameCall =
    receipt !== undefined &&
    row?.call?.key === receipt.call.key &&
    row.call.params_hash === receipt.call.params_hash;
  const isTakenBack = row?.status === "rolled_back" || row?.status === "failed";
  if (isSameCall && isTakenBack) return deps.newId();
  await refuseTaken(deps.store, asked);
  return asked;
}

export async function restore(
  deps: ServiceDeps,
  call: LongCall,
  params: ParsedParams<"restore">,
  context: CallContext,
): Promise<Result<"restore">> {
  await ensureRecovered(deps, params.session_id);
  const session = await findOpenSession(deps.store, params.session_id);
  const target = await findCheckpoint(deps.store, params.session_id, params.checkpoint_id);
  const operation_id = await idFor(deps, params.operation_id, context);
  const wanted: Wanted = {
    session,
    target,
    operation_id,
    known_as: params.operation_id,
    kind: "restore",
    subject_id: null,
    paths: params.paths,
    plan_hash: params.plan_hash,
    context,
  };
  if (params.into !== undefined) {
    return restoreInto(deps, call, { ...wanted, into: params.into });
  }
  return restoreTo(deps, call, wanted);
}
