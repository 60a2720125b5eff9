import type { Captured, Hooks } from "@cairn/runner/runner";
import type { ParsedParams, Result } from "@cairn/shared/methods";
import type { NewCheckpoint, SessionRow, Tx } from "../storage/store.ts";
import type { CallContext } from "../service.ts";
import { checksumOf } from "./checksum.ts";
import { commit, commitAnswer, type Emit } from "./commit.ts";
import { type ServiceDeps, timestamp } from "./deps.ts";
import { findOpenSession } from "./find.ts";
import type { LongCall } from "./long-calls.ts";
import { ensureRecovered } from "./recovery.ts";
import type { Usage } from "./usage.ts";
import { newSummary } from "./views.ts";

const nothingCaptured = {
  tree: null,
  rules: null,
  skipped: null,
  files: 0,
  bytes: 0,
  changed_files: 0,
  changed_paths: [],
  added: 0,
  removed: 0,
  git: null,
  partial: false,
};

/** What a capture contributes to a checkpoint's row; `null` for sessions without a workspace. */
function capturedColumns(captured: Captured | null) {
  if (captured === null) return nothingCaptured;
  return {
    tree: captured.tree,
    rules: captured.rules,
    skipped: captured.skipped,
    files: captured.files,
    bytes: captured.bytes,
    changed_files: captured.changed_files,
    changed_paths: captured.changed_paths,
    added: captured.added,
    removed: captured.removed,
    git: captured.git,
    partial: captured.skipped_paths.length > 0,
  };
}

/** What the caller says of a new checkpoint. */
export interface Described {
  checkpoint_id: string;
  message: string;
  tags: string[];
  trigger: NewCheckpoint["trigger"];
  author: string;
  state: NewCheckpoint["state"];
}

/** Inside a transaction: row, head and `checkpoint_created`. */
export async function insertCheckpoint(
  deps: ServiceDeps,
  tx: Tx,
  emit: Emit,
  session: SessionRow,
  captured: Captured | null,
  described: Described,
  extras: { actor: string; operation_id?: string },
) {
  const sequence_number = await tx.nextSequenceNumber();
  await deps.steady.notice(tx, sequence_number);
  const at = timestamp(deps.clock);
  const unsigned: Omit<NewCheckpoint, "checksum"> = {
    ...described,
    ...capturedColumns(captured),
    session_id: session.session_id,
    sequence_number,
    parent_id: session.head,
    created_at: at,
    pinned: false,
  };
  const row: NewCheckpoint = { ...unsigned, checksum: checksumOf(unsigned) };
  await tx.insertCheckpoint(row);
  await tx.updateSession(session.session_id, { head: row.checkpoint_id, bytes: row.bytes });
  const summary = newSummary(row);
  await emit({
    event_type: "checkpoint_created",
    data: { checkpoint_id: row.checkpoint_id, session_id: session.session_id, timestamp: at },
    actor: extras.actor,
    head: row.checkpoint_id,
    checkpoint: summary,
    ...(extras.operation_id === undefined ? {} : { operation_id: extras.operation_id }),
  });
  return summary;
}

/** Captures a session's workspace, to be committed or released. Null where it has none. */
async function capture(
  deps: ServiceDeps,
  session: SessionRow,
  pin: string,
  hooks: Hooks,
): Promise<{ captured: Captured | null; parent: string | null }> {
  const { session_id, workspace, head, settings } = session;
  const row = head === null ? null : await deps.store.checkpoint(session_id, head);
  const parent = row?.tree ?? null;
  if (workspace === null) return { captured: null, parent };
  const request = { pin, workspace, rules: settings, parent, exact: true };
  return { captured: await deps.runner.capture(request, hooks), parent };
}

/** Captures the workspace and commits a checkpoint of it, also when nothing changed. */
export async function checkpoint(
  deps: ServiceDeps,
  usage: Usage,
  call: LongCall,
  params: ParsedParams<"checkpoint">,
  context: CallContext,
): Promise<Result<"checkpoint">> {
  const { session_id, operation_id } = params;
  await ensureRecovered(deps, session_id);
  const session = await findOpenSession(deps.store, session_id);
  const checkpoint_id = deps.newId();
  const hooks = call.hooks(session_id, operation_id, "checkpoint");
  const { captured } = await capture(deps, session, checkpoint_id, hooks);
  try {
    if (captured !== null) await usage.refuseOver(session, checkpoint_id);
    call.check();
    return await commitAnswer(deps, context, async (tx, emit) => {
      const described: Described = {
        checkpoint_id,
        message: params.message,
        tags: [...new Set(params.tags)],
        trigger: params.trigger,
        author: params.author ?? context.actor,
        state: params.state ?? null,
      };
      const summary = await insertCheckpoint(deps, tx, emit, session, captured, described, {
        actor: context.actor,
        ...(operation_id === undefined ? {} : { operation_id }),
      });
      return { checkpoint_id, checkpoint: summary };
    });
  } catch (error) {
    // The pin of a checkpoint that was never committed would keep its bytes for ever.
    if (captured !== null) await deps.runner.release([checkpoint_id]).catch(() => {});
    throw error;
  }
}

const ownCheckpoints = {
  interval: { trigger: { kind: "scheduled", reason: "interval" }, message: "By the clock" },
  quiet: { trigger: { kind: "automatic", reason: "quiet" }, message: "After a pause" },
} as const;

/**
 * A checkpoint by Cairn itself, of a session that is open, only if its files differ from the
 * head's. Says whether it made one.
 */
export async function checkpointIfChanged(
  deps: ServiceDeps,
  usage: Usage,
  session_id: string,
  reason: keyof typeof ownCheckpoints,
): Promise<boolean> {
  const session = await deps.store.session(session_id);
  if (session === null || session.deleted_at !== null || session.status !== "open") return false;
  const checkpoint_id = deps.newId();
  const { captured, parent } = await capture(deps, session, checkpoint_id, {});
  if (captured === null) return false;
  const release = async () => await deps.runner.release([checkpoint_id]).catch(() => {});
  if (session.head !== null && captured.tree === parent) {
    await release();
    return false;
  }
  try {
    await usage.refuseOver(session, checkpoint_id);
    await commit(deps, async (tx, emit) => {
      const own = { checkpoint_id, ...ownCheckpoints[reason], author: "cairn" };
      const described: Described = { ...own, tags: [], state: null };
      await insertCheckpoint(deps, tx, emit, session, captured, described, { actor: "cairn" });
    });
    return true;
  } catch (error) {
    await release();
    throw error;
  }
}
