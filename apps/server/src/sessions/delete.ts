import { ProtocolError } from "@cairn/shared/errors";
import type { ParsedParams, Result } from "@cairn/shared/methods";
import { commitAnswer } from "../checkpoints/commit.ts";
import { type ServiceDeps, timestamp } from "../checkpoints/deps.ts";
import type { CallContext } from "../service.ts";
import type { NewOperation, SessionRow, Tx } from "../storage/store.ts";
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
async function purge(
  deps: ServiceDeps,
  session_id: string,
  deleted_at: string,
  keepAnswer: (tx: Tx) => Promise<void>,
): Promise<void> {
  const pins = await deps.store.transact(async (tx) => {
    await keepAnswer(tx);
    const now = await tx.session(session_id);
    return now?.deleted_at === deleted_at ? await tx.purgeSession(session_id) : [];
  });
  await deps.runner.release(pins);
}

/** A demo's folder is Cairn's own; no other folder is ever touched. */
export async function removeOwnFolder(deps: ServiceDeps, session: SessionRow): Promise<void> {
  if (session.demo && session.workspace !== null) await removeDemoFolder(deps, session.workspace);
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
  const { session_id } = session;
  const { operation_id } = operation;
  if (session.deleted_at !== null) {
    const keep = async (tx: Tx) => await context.receipt?.keep(tx, { operation_id });
    await purge(deps, session_id, session.deleted_at, keep);
    await removeOwnFolder(deps, session);
    return { operation_id };
  }
  const deleted_at = timestamp(deps.clock);
  await commitAnswer(deps, context, async (tx, emit) => {
    await tx.insertOperation(operation);
    await tx.updateSession(session_id, { deleted_at });
    const { actor } = context;
    await emitSession(deps, tx, emit, "session_deleted", session_id, actor, operation_id);
    return { operation_id };
  });
  // Followers read the last event from the log first; a crash before that leaves it in the trash.
  if (permanent) {
    later(() => purge(deps, session_id, deleted_at, async () => {}));
    await removeOwnFolder(deps, session);
  }
  return { operation_id };
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
  const { session_id } = session;
  const { operation_id } = operation;
  return await commitAnswer(deps, context, async (tx, emit) => {
    if (session.workspace !== null && session.status !== "closed") {
      await refuseOverlap(tx, session.workspace, session_id);
    }
    await tx.insertOperation(operation);
    await tx.updateSession(session_id, { deleted_at: null });
    const { actor } = context;
    const type = "session_updated";
    const back = await emitSession(deps, tx, emit, type, session_id, actor, operation_id);
    return { operation_id, session: back };
  });
}
