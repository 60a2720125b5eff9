import { ProtocolError } from "@cairn/shared/errors";
import type { ParsedParams, Result } from "@cairn/shared/methods";
import { commit } from "../checkpoints/commit.ts";
import { type ServiceDeps, timestamp } from "../checkpoints/deps.ts";
import type { CallContext } from "../service.ts";
import type { NewOperation, SessionRow } from "../storage/store.ts";
import { removeDemoFolder } from "../demo/demo-folder.ts";
import { emitSession } from "./create.ts";
import { refuseOverlap } from "./overlap.ts";

async function findAny(deps: ServiceDeps, session_id: string): Promise<SessionRow> {
  const session = await deps.store.session(session_id);
  if (session === null) {
    throw new ProtocolError("session_not_found", `There is no session ${session_id}.`);
  }
  return session;
}

function operationOf(
  deps: ServiceDeps,
  kind: "delete_session" | "undelete_session",
  session_id: string,
  actor: string,
): NewOperation {
  const at = timestamp(deps.clock);
  return {
    operation_id: deps.newId(),
    session_id,
    kind,
    status: "done",
    actor,
    created_at: at,
    finished_at: at,
    undoable: false,
  };
}

/** Rows, log and snapshots go for good, unless it was taken out of the trash since. */
async function purge(deps: ServiceDeps, session_id: string, deleted_at: string): Promise<void> {
  const pins = await deps.store.transact(async (tx) => {
    const now = await tx.session(session_id);
    return now?.deleted_at === deleted_at ? tx.purgeSession(session_id) : [];
  });
  await deps.runner.release(pins);
}

/** Puts a session into the trash; `permanent` purges it, from the trash or at once. */
export async function deleteSession(
  deps: ServiceDeps,
  params: ParsedParams<"delete_session">,
  context: CallContext,
  later: (work: () => Promise<void>) => void,
): Promise<Result<"delete_session">> {
  const session = await findAny(deps, params.session_id);
  const permanent = params.permanent === true;
  if (session.deleted_at !== null && !permanent) {
    throw new ProtocolError("session_not_found", "This session is already in the trash.");
  }
  const operation = operationOf(deps, "delete_session", session.session_id, context.actor);
  if (session.deleted_at === null) {
    const deleted_at = timestamp(deps.clock);
    await commit(deps, async (tx, emit) => {
      await tx.insertOperation(operation);
      await tx.updateSession(session.session_id, { deleted_at });
      await emitSession(
        deps,
        tx,
        emit,
        "session_deleted",
        session.session_id,
        context.actor,
        operation.operation_id,
      );
    });
    // Followers read the last event from the log first; a crash before that leaves it in the trash.
    if (permanent) later(() => purge(deps, session.session_id, deleted_at));
  } else {
    await purge(deps, session.session_id, session.deleted_at);
  }
  // A demo's folder is Cairn's own; no other folder is ever touched.
  if (permanent && session.demo && session.workspace !== null) {
    await removeDemoFolder(deps, session.workspace);
  }
  return { operation_id: operation.operation_id };
}

/** Takes a session out of the trash; refused while another open session has its folder. */
export async function undeleteSession(
  deps: ServiceDeps,
  params: ParsedParams<"undelete_session">,
  context: CallContext,
): Promise<Result<"undelete_session">> {
  const session = await findAny(deps, params.session_id);
  if (session.deleted_at === null) {
    throw new ProtocolError("invalid_params", "This session is not in the trash.");
  }
  const operation = operationOf(deps, "undelete_session", session.session_id, context.actor);
  const back = await commit(deps, async (tx, emit) => {
    if (session.workspace !== null && session.status !== "closed") {
      await refuseOverlap(tx, session.workspace, session.session_id);
    }
    await tx.insertOperation(operation);
    await tx.updateSession(session.session_id, { deleted_at: null });
    return emitSession(
      deps,
      tx,
      emit,
      "session_updated",
      session.session_id,
      context.actor,
      operation.operation_id,
    );
  });
  return { operation_id: operation.operation_id, session: back };
}
