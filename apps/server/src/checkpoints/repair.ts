import type { RepairRequest } from "@cairn/runner/runner";
import type { ParsedParams, Result } from "@cairn/shared/methods";
import { type ServiceDeps, timestamp } from "./deps.ts";
import type { Findings } from "./findings.ts";
import type { LongCall } from "./long-calls.ts";
import { subjectsOf } from "./scope.ts";
import { brokenFacts, mark, problemsOf } from "./validate.ts";

export type RepairFacts = Omit<Result<"repair">, "problems" | "next_cursor">;

/** Folders that may still hold what is damaged: of open sessions, of whatever session. */
async function workspacesOf(deps: ServiceDeps): Promise<RepairRequest["workspaces"]> {
  const workspaces: RepairRequest["workspaces"] = [];
  for (const { session_id } of await deps.store.openWorkspaces()) {
    const session = await deps.store.session(session_id);
    // A folder amid a recovery is not to be read yet.
    if (session === null || session.workspace === null || session.status !== "open") continue;
    workspaces.push({ workspace: session.workspace, rules: session.settings });
  }
  return workspaces;
}

/** Heals what can be healed, also of what is in the trash, and says what stays broken. */
export async function repair(
  deps: ServiceDeps,
  findings: Findings<RepairFacts>,
  call: LongCall,
  params: ParsedParams<"repair">,
): Promise<Result<"repair">> {
  const check = (): void => call.check();
  return await findings.page(params, async () => {
    const hooks = call.hooks(params.session_id ?? "*", params.operation_id, "repair");
    const subjects = await subjectsOf(deps, params, check);
    const live = subjects.filter((subject) => subject.live);
    const problems = await brokenFacts(deps, live, check, hooks);
    const snapshots = subjects.flatMap(({ checkpoint_id: pin, snapshot }) =>
      snapshot === null ? [] : [{ pin, snapshot }],
    );
    const workspaces = await workspacesOf(deps);
    const { healed, problems: left } = await deps.runner.repair({ snapshots, workspaces }, hooks);
    problems.push(...problemsOf(left, live));
    const broken = new Set(problems.map(({ checkpoint_id }) => checkpoint_id));
    await mark(deps, live, broken, check);
    const [valid, invalid] = [live.length - broken.size, broken.size];
    return { facts: { healed, valid, invalid, checked_at: timestamp(deps.clock) }, problems };
  });
}
