import type { ParsedParams, Result } from "@cairn/shared/methods";
import { mergeSettings } from "@cairn/shared/session";
import { commitAnswer } from "../checkpoints/commit.ts";
import type { ServiceDeps } from "../checkpoints/deps.ts";
import { findOpenSession, findSession } from "../checkpoints/find.ts";
import { ensureRecovered } from "../checkpoints/recovery.ts";
import { refuseEmptyPolicy } from "../checkpoints/keep-rules.ts";
import type { CallContext } from "../service.ts";
import type { Tx } from "../storage/store.ts";
import { emitSession } from "./create.ts";
import { refuseOverlap } from "./overlap.ts";
import { usableWorkspace } from "./workspace.ts";

/**
 * What was restored in another folder is not undone in this one: it would replace what stands
 * there by what stood in the other. The safety checkpoints stay, to be restored by choice.
 */
async function forgetUndo(tx: Tx, session_id: string): Promise<void> {
  let cursor: string | undefined;
  do {
    const { rows, next_cursor } = await tx.operations({ session_id, limit: 200, cursor });
    for (const { operation_id, safety_checkpoint_id, undoable } of rows) {
      if (safety_checkpoint_id === null || !undoable) continue;
      await tx.updateOperation(operation_id, { undoable: false });
    }
    cursor = next_cursor;
  } while (cursor !== undefined);
}

/** Renames, moves, labels, configures, closes or opens a session. */
export async function updateSession(
  deps: ServiceDeps,
  params: ParsedParams<"update_session">,
  context: CallContext,
): Promise<Result<"update_session">> {
  const { session_id, name, labels, settings, status } = params;
  refuseEmptyPolicy(settings?.retention);
  const opening = status === "open";
  const current = opening
    ? await findSession(deps.store, session_id)
    : await findOpenSession(deps.store, session_id);
  if (params.workspace !== undefined) await ensureRecovered(deps, session_id);
  const workspace =
    params.workspace === undefined ? undefined : await usableWorkspace(deps, params.workspace);
  // A folder whose restore is unfinished stays marked as such, whatever else is asked.
  const setStatus = current.status !== "recovery_pending" ? status : undefined;
  return await commitAnswer(deps, context, async (tx, emit) => {
    const folder = workspace ?? current.workspace;
    const claims = workspace !== undefined || (opening && current.status === "closed");
    if (folder !== null && claims) await refuseOverlap(tx, folder, session_id);
    if (workspace !== undefined && workspace !== current.workspace) {
      await forgetUndo(tx, session_id);
    }
    const policy = settings?.retention;
    if (policy !== undefined && (policy === null || current.settings.retention === null)) {
      // One that is set anew counts from now.
      await tx.deleteRetention(session_id);
    }
    await tx.updateSession(session_id, {
      ...(name === undefined ? {} : { name }),
      ...(labels === undefined ? {} : { labels }),
      ...(settings === undefined ? {} : { settings: mergeSettings(current.settings, settings) }),
      ...(setStatus === undefined ? {} : { status: setStatus }),
      ...(workspace === undefined ? {} : { workspace }),
    });
    const { actor } = context;
    return { session: await emitSession(deps, tx, emit, "session_updated", session_id, actor) };
  });
}
