import path from "node:path";
import type { ParsedParams, Result } from "@cairn/shared/methods";
import { defaultSettings, mergeSettings } from "@cairn/shared/session";
import { commitAnswer } from "../checkpoints/commit.ts";
import type { commit } from "../checkpoints/commit.ts";
import { type ServiceDeps, timestamp } from "../checkpoints/deps.ts";
import { refuseEmptyPolicy } from "../checkpoints/keep-rules.ts";
import type { CallContext } from "../service.ts";
import type { SessionRow } from "../storage/store.ts";
import { refuseOverlap } from "./overlap.ts";
import { usableWorkspace } from "./workspace.ts";

/** The open session of exactly this folder. */
async function sessionOf(deps: ServiceDeps, workspace: string): Promise<SessionRow | null> {
  const open = await deps.store.openWorkspaces();
  const same = open.find((other) => other.workspace === workspace);
  return same === undefined ? null : deps.store.session(same.session_id);
}

/** Creates a session; with `reuse`, gives the open one of that folder if there is one. */
export async function createSession(
  deps: ServiceDeps,
  params: ParsedParams<"create_session"> & { demo?: boolean },
  context: CallContext,
): Promise<Result<"create_session">> {
  const given = params.workspace ?? null;
  const workspace = given === null ? null : await usableWorkspace(deps, given);
  if (workspace !== null && params.reuse === true) {
    const session = await sessionOf(deps, workspace);
    if (session !== null) return { session_id: session.session_id, session, created: false };
  }
  refuseEmptyPolicy(params.settings?.retention);
  const session_id = deps.newId();
  const at = timestamp(deps.clock);
  return await commitAnswer(deps, context, async (tx, emit) => {
    if (workspace !== null) await refuseOverlap(tx, workspace);
    await tx.insertSession({
      session_id,
      name: params.name ?? (workspace === null ? "Session" : path.basename(workspace)),
      workspace,
      status: "open",
      labels: params.labels ?? {},
      created_at: at,
      deleted_at: null,
      demo: params.demo === true,
      head: null,
      bytes: 0,
      epoch: deps.newId(),
      settings: mergeSettings(defaultSettings, params.settings ?? {}),
    });
    const { actor } = context;
    const session = await emitSession(deps, tx, emit, "session_created", session_id, actor);
    return { session_id, session, created: true };
  });
}

type Committing = Parameters<Parameters<typeof commit>[1]>;

/** Writes an event that carries the session as it is after it. */
export async function emitSession(
  deps: ServiceDeps,
  tx: Committing[0],
  emit: Committing[1],
  event_type: "session_created" | "session_updated" | "session_deleted",
  session_id: string,
  actor: string,
  operation_id?: string,
): Promise<SessionRow> {
  const row = await tx.session(session_id);
  if (row === null) throw new Error(`session ${session_id} is gone`);
  const at = timestamp(deps.clock);
  // The event itself moves these two: it carries the session as it is once it is committed.
  const session = { ...row, seq: row.seq + 1, last_event_at: at };
  await emit({
    event_type,
    data: { session_id, timestamp: at },
    actor,
    session,
    ...(operation_id === undefined ? {} : { operation_id }),
  });
  return session;
}
