import type { ParsedParams, Result } from "@cairn/shared/methods";
import type { CallContext } from "../service.ts";
import type { NewOperation, Outline, SessionRow } from "../storage/store.ts";
import { breathing } from "./breathe.ts";
import { commitAnswer } from "./commit.ts";
import { type ServiceDeps, timestamp } from "./deps.ts";
import { findOpenSession, refuseTaken } from "./find.ts";
import { type KeepRules, reasonsToKeep, rulesOf } from "./keep-rules.ts";
import type { LongCall } from "./long-calls.ts";
import { outlinePages } from "./outlines.ts";
import { removeCheckpoints } from "./trash.ts";

type Decision = Pick<Result<"compact">, "removed" | "kept" | "remaining">;

/** What the rules keep of a session, and why; the rest is to go. */
async function decide(
  deps: ServiceDeps,
  session: SessionRow,
  rules: KeepRules,
  check: () => void,
): Promise<Decision> {
  const all: Outline[] = [];
  const { session_id } = session;
  for await (const page of outlinePages(deps.store, { session_id })) {
    check();
    all.push(...page);
  }
  const reasons = await breathing(
    reasonsToKeep({
      all,
      head: session.head,
      rules,
      now: deps.steady.now(),
      madeAt: (candidate) => deps.steady.madeAt(candidate),
    }),
  );
  const removed: Decision["removed"] = [];
  const kept: Decision["kept"] = [];
  for (const [checkpoint_id, why] of reasons) {
    if (why.length === 0) removed.push({ checkpoint_id });
    else kept.push({ checkpoint_id, reasons: why });
  }
  return { removed, kept, remaining: kept.length };
}

/** One transaction: what is to go into the trash, and the operation that undo takes back. */
async function remove(
  deps: ServiceDeps,
  session_id: string,
  decision: Decision,
  operation_id: string,
  context: CallContext,
  automatic: boolean,
): Promise<Result<"compact">> {
  const at = timestamp(deps.clock);
  const removed_ids = decision.removed.map(({ checkpoint_id }) => checkpoint_id);
  const operation = {
    operation_id,
    session_id,
    kind: "compact",
    status: "done",
    actor: context.actor,
    created_at: at,
    finished_at: at,
    removed_ids,
    // The stack holds what somebody asked for.
    undoable: removed_ids.length > 0 && !automatic,
    automatic,
  } satisfies NewOperation;
  return await commitAnswer(deps, context, async (tx, emit) => {
    await refuseTaken(tx, operation_id);
    await tx.insertOperation(operation);
    const about = { session_id, at, actor: context.actor, operation_id };
    await removeCheckpoints(tx, emit, operation, about);
    return { ...decision, operation_id };
  });
}

/** Puts what no rule keeps into the trash; `dry_run` only says what would go and what stays why. */
export async function compact(
  deps: ServiceDeps,
  call: LongCall,
  params: ParsedParams<"compact">,
  context: CallContext,
): Promise<Result<"compact">> {
  const session = await findOpenSession(deps.store, params.session_id);
  const decision = await decide(deps, session, rulesOf(params), () => call.check());
  if (params.dry_run === true) return decision;
  call.check();
  const operation_id = params.operation_id ?? deps.newId();
  return await remove(deps, session.session_id, decision, operation_id, context, false);
}

/** What one transaction of a policy takes: more would hold up others, and its event lists all. */
const atOnce = 1_000;

/** The compaction that a session's policy asks for. Gives how many went. */
export async function compactByPolicy(deps: ServiceDeps, session_id: string): Promise<number> {
  const session = await findOpenSession(deps.store, session_id);
  const { retention } = session.settings;
  if (retention === null) return 0;
  const decision = await decide(deps, session, rulesOf(retention), () => undefined);
  const { removed } = decision;
  for (let at = 0; at < removed.length; at += atOnce) {
    const some = { ...decision, removed: removed.slice(at, at + atOnce) };
    await remove(deps, session_id, some, deps.newId(), { actor: "cairn" }, true);
  }
  return removed.length;
}
