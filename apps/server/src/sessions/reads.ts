import type { ParsedParams, Result } from "@cairn/shared/methods";
import { defaultSettings, mergeSettings } from "@cairn/shared/session";
import type { ServiceDeps } from "../checkpoints/deps.ts";
import { findSession } from "../checkpoints/find.ts";
import type { LongCall } from "../checkpoints/long-calls.ts";
import type { LiveFacts } from "./live-facts.ts";
import { usableWorkspace } from "./workspace.ts";

export async function listSessions(
  deps: ServiceDeps,
  live: LiveFacts,
  params: ParsedParams<"list_sessions">,
): Promise<Result<"list_sessions">> {
  const { rows, next_cursor } = await deps.store.sessions(params);
  return {
    sessions: rows.map((row) => live.show(row)),
    ...(next_cursor === undefined ? {} : { next_cursor }),
  };
}

export async function getSession(
  deps: ServiceDeps,
  live: LiveFacts,
  params: ParsedParams<"get_session">,
): Promise<Result<"get_session">> {
  return { session: live.show(await findSession(deps.store, params.session_id)) };
}

/** What a session on this folder would capture, and what it would leave out and why. */
export async function scanWorkspace(
  deps: ServiceDeps,
  call: LongCall,
  params: ParsedParams<"scan_workspace">,
): Promise<Result<"scan_workspace">> {
  const workspace = await usableWorkspace(deps, params.path);
  const settings = mergeSettings(defaultSettings, params.settings ?? {});
  const report = await deps.runner.scan(
    { workspace, rules: settings },
    call.hooks("*", params.operation_id, "scan_workspace"),
  );
  const warnings: Result<"scan_workspace">["warnings"] = report.over.map((limit) => ({
    code: "over_limit",
    message: `The folder is over the limit ${limit} (${settings.limits[limit]}).`,
  }));
  if (report.sensitive.length > 0) {
    warnings.push({
      code: "captures_sensitive",
      message: `Would be captured and may hold secrets: ${report.sensitive.join(", ")}.`,
    });
  }
  return {
    path: workspace,
    files: report.files,
    bytes: report.bytes,
    left_out: report.left_out,
    warnings,
  };
}
