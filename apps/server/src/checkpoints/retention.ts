import { ProtocolError } from "@cairn/shared/errors";
import type { ParsedParams, Result } from "@cairn/shared/methods";
import type { CallContext } from "../service.ts";
import type { CheckpointRow, NewOperation } from "../storage/store.ts";
import { commitAnswer } from "./commit.ts";
import { type ServiceDeps, timestamp } from "./deps.ts";
import { findOpenSession, refuseTaken } from "./find.ts";
import { removeCheckpoints } from "./trash.ts";

const weekMs = 7 * 24 * 60 * 60 * 1000;

/** What the rules look at; a `CheckpointRow` has it all. */
export type Candidate = Pick<
  CheckpointRow,
  | "checkpoint_id"
  | "sequence_number"
  | "parent_id"
  | "created_at"
  | "tags"
  | "pinned"
  | "trigger"
  | "max_severity"
>;

/** Counts of checkpoints, hours, days and weeks; seconds. */
export interface KeepRules {
  keep_recent: number;
  keep_hourly: number;
  keep_daily: number;
  keep_weekly: number;
  keep_within: number;
  keep_tags: boolean;
}

const hourMs = 60 * 60 * 1000;
const dayMs = 24 * hourMs;

/** Buckets of time in UTC; weeks begin on Monday. 1970 began on a Thursday. */
const buckets = {
  hourly: (at: number) => Math.floor(at / hourMs),
  daily: (at: number) => Math.floor(at / dayMs),
  weekly: (at: number) => Math.floor((at + 3 * dayMs) / (7 * dayMs)),
};

/** The newest of each of the latest `count` buckets that have any. */
function newestOfEach(
  newestFirst: Candidate[],
  count: number,
  bucketOf: (at: number) => number,
): Set<string> {
  const kept = new Set<string>();
  const seen = new Set<number>();
  for (const { checkpoint_id, created_at } of newestFirst) {
    if (seen.size >= count) break;
    const bucket = bucketOf(Date.parse(created_at));
    if (!seen.has(bucket)) kept.add(checkpoint_id);
    seen.add(bucket);
  }
  return kept;
}

function isSafety(candidate: Candidate): boolean {
  return candidate.trigger.kind === "automatic" && candidate.trigger.reason === "before_restore";
}

/** How many of the counted candidates have each checkpoint as their shown parent. */
function childCounts(
  counted: Candidate[],
  shownParent: (candidate: Candidate) => string | null,
): Map<string, number> {
  const children = new Map<string, number>();
  for (const candidate of counted) {
    const parent = shownParent(candidate);
    if (parent !== null) children.set(parent, (children.get(parent) ?? 0) + 1);
  }
  return children;
}

/**
 * Why each live checkpoint is kept; one without reasons goes. `shownParent` gives the nearest
 * ancestor that the tree still shows among the counted ones.
 *
 * A safety checkpoint counts like any other for a week and is kept while an undo may need it;
 * after that it counts as nothing special, else every restore would be kept for ever.
 */
export function reasonsToKeep(
  live: Candidate[],
  head: string | null,
  rules: KeepRules,
  now: number,
  shownParent: (candidate: Candidate, among: ReadonlySet<string>) => string | null,
): Map<string, string[]> {
  const isOld = (candidate: Candidate) =>
    isSafety(candidate) &&
    !candidate.pinned &&
    candidate.checkpoint_id !== head &&
    now - Date.parse(candidate.created_at) > weekMs;
  const counted = live
    .filter((candidate) => !isOld(candidate))
    .toSorted((a, b) => b.sequence_number - a.sequence_number);
  const among = new Set(counted.map((candidate) => candidate.checkpoint_id));
  const children = childCounts(counted, (candidate) => shownParent(candidate, among));
  const recent = new Set(
    counted.slice(0, rules.keep_recent).map((candidate) => candidate.checkpoint_id),
  );
  const hourly = newestOfEach(counted, rules.keep_hourly, buckets.hourly);
  const daily = newestOfEach(counted, rules.keep_daily, buckets.daily);
  const weekly = newestOfEach(counted, rules.keep_weekly, buckets.weekly);
  const reasons = new Map<string, string[]>();
  for (const candidate of live) {
    const id = candidate.checkpoint_id;
    const why: string[] = [];
    if (id === head) why.push("head");
    if (candidate.pinned) why.push("pinned");
    if (rules.keep_tags && candidate.tags.length > 0) why.push("tagged");
    if (candidate.max_severity === "critical") why.push("critical_note");
    if (recent.has(id)) why.push("recent");
    if (hourly.has(id)) why.push("hourly");
    if (daily.has(id)) why.push("daily");
    if (weekly.has(id)) why.push("weekly");
    if (now - Date.parse(candidate.created_at) < rules.keep_within * 1000) why.push("within");
    if (among.has(id)) {
      const count = children.get(id) ?? 0;
      if (count === 0) why.push("tip");
      if (count > 1) why.push("branch_point");
      if (isSafety(candidate)) why.push("safety");
    }
    reasons.set(id, why);
  }
  return reasons;
}

/** Walks stored parents, tombstones included, up to one that is in the set. */
async function shownParents(
  deps: ServiceDeps,
  session_id: string,
  live: CheckpointRow[],
): Promise<(candidate: Candidate, among: ReadonlySet<string>) => string | null> {
  const parents = new Map(live.map((row) => [row.checkpoint_id, row.parent_id]));
  for (const row of live) {
    let id = row.parent_id;
    while (id !== null && !parents.has(id)) {
      const dead = await deps.store.checkpoint(session_id, id);
      parents.set(id, dead?.parent_id ?? null);
      id = dead?.parent_id ?? null;
    }
  }
  return (candidate, among) => {
    let id = candidate.parent_id;
    while (id !== null && !among.has(id)) id = parents.get(id) ?? null;
    return id;
  };
}

/** The rules of a call or a policy; refuses those that would keep nothing. */
function rulesOf(asked: { [K in keyof KeepRules]?: KeepRules[K] | undefined }): KeepRules {
  const rules = {
    keep_recent: asked.keep_recent ?? 0,
    keep_hourly: asked.keep_hourly ?? 0,
    keep_daily: asked.keep_daily ?? 0,
    keep_weekly: asked.keep_weekly ?? 0,
    keep_within: asked.keep_within ?? 0,
    keep_tags: asked.keep_tags ?? true,
  };
  const { keep_tags: _, ...numbers } = rules;
  if (Object.values(numbers).some((number) => number > 0)) return rules;
  throw new ProtocolError(
    "policy_keeps_nothing",
    "No rule keeps anything. Give keep_recent, keep_hourly, keep_daily, keep_weekly or " +
      "keep_within a number above 0.",
  );
}

/** Puts what no rule keeps into the trash; `dry_run` only says what would go and what stays why. */
export async function compact(
  deps: ServiceDeps,
  params: ParsedParams<"compact">,
  context: CallContext,
): Promise<Result<"compact">> {
  const { session_id } = params;
  const session = await findOpenSession(deps.store, session_id);
  const rules = rulesOf(params);
  const live = await deps.store.allCheckpoints(session_id);
  const reasons = reasonsToKeep(
    live,
    session.head,
    rules,
    deps.clock(),
    await shownParents(deps, session_id, live),
  );
  const kept = [...reasons].filter(([, why]) => why.length > 0);
  const removed_ids = [...reasons].filter(([, why]) => why.length === 0).map(([id]) => id);
  const result = {
    remaining: kept.length,
    removed: removed_ids.map((checkpoint_id) => ({ checkpoint_id })),
    kept: kept.map(([checkpoint_id, why]) => ({ checkpoint_id, reasons: why })),
  };
  if (params.dry_run === true) return result;
  const operation_id = params.operation_id ?? deps.newId();
  const at = timestamp(deps.clock);
  const operation = {
    operation_id,
    session_id,
    kind: "compact",
    status: "done",
    actor: context.actor,
    created_at: at,
    finished_at: at,
    removed_ids,
    undoable: removed_ids.length > 0,
  } satisfies NewOperation;
  return await commitAnswer(deps, context, async (tx, emit) => {
    await refuseTaken(tx, operation_id);
    await tx.insertOperation(operation);
    const about = { session_id, at, actor: context.actor, operation_id };
    await removeCheckpoints(tx, emit, operation, about);
    return { ...result, operation_id };
  });
}
