import type { PlanRequest } from "@cairn/runner/runner";
import type { GitPosition } from "@cairn/shared/checkpoint";
import { ProtocolError } from "@cairn/shared/errors";
import type { ParsedParams, Result } from "@cairn/shared/methods";
import { usableCopyFolder } from "../sessions/workspace.ts";
import type { CheckpointRow, SessionRow } from "../storage/store.ts";
import type { ServiceDeps } from "./deps.ts";
import { findCheckpoint, findSession } from "./find.ts";
import { gitWarning } from "./git-warning.ts";
import type { LongCall } from "./long-calls.ts";
import { snapshotOf, summaryOf } from "./views.ts";

export async function listCheckpoints(
  deps: ServiceDeps,
  params: ParsedParams<"list_checkpoints">,
): Promise<Result<"list_checkpoints">> {
  await findSession(deps.store, params.session_id);
  const { rows, total, next_cursor } = await deps.store.checkpoints(params);
  return { checkpoints: rows, total, ...(next_cursor === undefined ? {} : { next_cursor }) };
}

export async function getCheckpoint(
  deps: ServiceDeps,
  params: ParsedParams<"get_checkpoint">,
): Promise<Result<"get_checkpoint">> {
  await findSession(deps.store, params.session_id);
  const row = await findCheckpoint(deps.store, params.session_id, params.checkpoint_id);
  return {
    checkpoint: {
      ...summaryOf(row),
      shown_parent_id: await deps.store.shownParent(row.checkpoint_id),
      state: row.state,
      annotations: await deps.store.annotations(row.checkpoint_id),
      changed_paths: row.changed_paths,
      skipped: row.skipped === null ? [] : await deps.runner.skipped(row.skipped),
    },
  };
}

/** The folder of a session, or a clear word that it has none. */
function workspaceOf(session: SessionRow): string {
  if (session.workspace !== null) return session.workspace;
  throw new ProtocolError(
    "workspace_unavailable",
    `Session "${session.name}" has no folder: its checkpoints keep state only.`,
  );
}

function planWarnings(
  target: CheckpointRow,
  plan: { lockfiles: string[]; git: GitPosition | null },
) {
  const warnings: Result<"plan_restore">["warnings"] = [];
  if (target.partial) {
    warnings.push({
      code: "partial_target",
      message:
        "This checkpoint is partial: paths that could not be read then are left as they are.",
    });
  }
  if (target.damaged) {
    warnings.push({
      code: "damaged_target",
      message:
        "Parts of this checkpoint are damaged: those files are left as they are. `repair` may heal them.",
    });
  }
  if (plan.lockfiles.length > 0) {
    warnings.push({
      code: "lockfile_differs",
      message: `${plan.lockfiles.join(", ")} will change: reinstall dependencies afterwards.`,
    });
  }
  const git = gitWarning(target.git, plan.git);
  if (git !== null) warnings.push({ code: "git_head_differs", message: git });
  return warnings;
}

/** An opaque position in a list that is made anew for each page. */
function offsetOf(cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  const offset = /^\d{1,9}$/.test(cursor) ? Number(cursor) : Number.NaN;
  if (Number.isNaN(offset)) throw new ProtocolError("invalid_params", "cursor is malformed");
  return offset;
}

export async function planRestore(
  deps: ServiceDeps,
  call: LongCall,
  params: ParsedParams<"plan_restore">,
): Promise<Result<"plan_restore">> {
  const session = await findSession(deps.store, params.session_id);
  const target = await findCheckpoint(deps.store, params.session_id, params.checkpoint_id, "too");
  const snapshot = snapshotOf(target);
  if (session.workspace === null || snapshot === null) {
    throw new ProtocolError(
      "workspace_unavailable",
      "This checkpoint has no files: a restore gives back its state only.",
    );
  }
  const request: PlanRequest = {
    workspace: workspaceOf(session),
    rules: session.settings,
    target: snapshot,
    ...(params.paths === undefined ? {} : { paths: params.paths }),
    ...(params.into === undefined ? {} : { into: await usableCopyFolder(deps, params.into) }),
  };
  const plan = await deps.runner.plan(
    request,
    call.hooks(session.session_id, params.operation_id, "plan_restore"),
  );
  const offset = offsetOf(params.cursor);
  const end = offset + params.limit;
  return {
    plan_hash: plan.plan_hash,
    counts: plan.counts,
    changes: plan.changes.slice(offset, end),
    blocked: plan.blocked,
    warnings: planWarnings(target, plan),
    ...(end < plan.changes.length ? { next_cursor: String(end) } : {}),
  };
}

export async function diff(
  deps: ServiceDeps,
  params: ParsedParams<"diff">,
): Promise<Result<"diff">> {
  const session = await findSession(deps.store, params.session_id);
  const side = async (name: string) => {
    if (name === "workspace") {
      return { workspace: workspaceOf(session), rules: session.settings };
    }
    // A parent in the trash still tells what its child changed.
    const row = await findCheckpoint(deps.store, params.session_id, name, "too");
    return row.tree;
  };
  const from = params.from === null ? null : await side(params.from);
  const to = await side(params.to);
  if (to === null) return { files: [] };
  return deps.runner.diff({
    from,
    to,
    limit: params.limit,
    renames: params.renames,
    ...(params.ignore_whitespace === undefined
      ? {}
      : { ignore_whitespace: params.ignore_whitespace }),
    ...(params.path === undefined ? {} : { path: params.path }),
    ...(params.cursor === undefined ? {} : { cursor: params.cursor }),
  });
}

export async function listFiles(
  deps: ServiceDeps,
  params: ParsedParams<"list_files">,
): Promise<Result<"list_files">> {
  await findSession(deps.store, params.session_id);
  const row = await findCheckpoint(deps.store, params.session_id, params.checkpoint_id, "too");
  if (row.tree === null) return { entries: [] };
  return deps.runner.list({
    tree: row.tree,
    limit: params.limit,
    ...(params.path === undefined ? {} : { path: params.path }),
    ...(params.cursor === undefined ? {} : { cursor: params.cursor }),
  });
}

export async function listEvents(
  deps: ServiceDeps,
  params: ParsedParams<"list_events">,
): Promise<Result<"list_events">> {
  await findSession(deps.store, params.session_id);
  const position = await deps.store.position(params.session_id);
  if (position === null) throw new Error("a session that is found has a log");
  const events = await deps.store.events({
    session_id: params.session_id,
    after: params.after,
    types: params.events,
    limit: params.limit,
  });
  return {
    events,
    epoch: position.epoch,
    head: position.seq,
    oldest_seq: position.oldest_seq,
  };
}
