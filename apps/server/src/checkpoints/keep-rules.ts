import { ProtocolError } from "@cairn/shared/errors";
import type { Retention } from "@cairn/shared/session";
import type { Outline } from "../storage/store.ts";

const hourMs = 60 * 60 * 1000;
const dayMs = 24 * hourMs;
const weekMs = 7 * dayMs;

/** What the rules look at; an `Outline` has it all. */
export type Candidate = Pick<
  Outline,
  | "checkpoint_id"
  | "sequence_number"
  | "parent_id"
  | "created_at"
  | "deleted_at"
  | "tagged"
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

/** The rules of a call or a policy; refuses those that would keep nothing. */
export function rulesOf(asked: { [K in keyof KeepRules]?: KeepRules[K] | undefined }): KeepRules {
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

/** Refuses a policy that would keep nothing. */
export function refuseEmptyPolicy(retention: Retention | null | undefined): void {
  if (retention !== null && retention !== undefined) rulesOf(retention);
}

/** The newest of each of the latest so many buckets that have any, asked newest first. */
class Buckets {
  readonly #seen = new Set<number>();
  readonly #count: number;
  readonly #bucketOf: (at: number) => number;

  constructor(count: number, bucketOf: (at: number) => number) {
    this.#count = count;
    this.#bucketOf = bucketOf;
  }

  takes(at: number): boolean {
    if (this.#seen.size >= this.#count) return false;
    const bucket = this.#bucketOf(at);
    if (this.#seen.has(bucket)) return false;
    this.#seen.add(bucket);
    return true;
  }
}

/** What is decided by, beside the checkpoints themselves. */
interface Question {
  /** Every checkpoint of the session, tombstones too, oldest first. */
  all: readonly Candidate[];
  head: string | null;
  rules: KeepRules;
  /** Now, and when a checkpoint was made, by one and the same clock; in ms. */
  now: number;
  madeAt: (candidate: Candidate) => number;
}

function isSafety({ trigger }: Candidate): boolean {
  return trigger.kind === "automatic" && trigger.reason === "before_restore";
}

/**
 * The shape of the shown tree: of each counted checkpoint, how many counted ones have it as their
 * nearest counted ancestor. A parent is always older than its children.
 */
function* childCounts(
  all: readonly Candidate[],
  isCounted: (candidate: Candidate) => boolean,
): Generator<void, Map<string, number>> {
  const children = new Map<string, number>();
  /** The nearest counted one from here upwards, itself included. */
  const nearest = new Map<string, string | null>();
  let done = 0;
  for (const candidate of all) {
    const { checkpoint_id: id, parent_id } = candidate;
    const above = parent_id === null ? null : (nearest.get(parent_id) ?? null);
    const counts = isCounted(candidate);
    nearest.set(id, counts ? id : above);
    if (counts) {
      children.set(id, 0);
      if (above !== null) children.set(above, (children.get(above) ?? 0) + 1);
    }
    if ((done += 1) % 500 === 0) yield;
  }
  return children;
}

/**
 * Why each live checkpoint is kept, oldest first; one without reasons goes. It gives way now and
 * then, so that a long history holds up nobody.
 *
 * A safety checkpoint counts like any other for a week and is kept while an undo may need it;
 * after that it counts as nothing special, else every restore would be kept for ever.
 */
export function* reasonsToKeep(question: Question): Generator<void, Map<string, string[]>> {
  const { all, head, rules, now, madeAt } = question;
  const age = (candidate: Candidate) => now - madeAt(candidate);
  const isOld = (candidate: Candidate) =>
    isSafety(candidate) &&
    !candidate.pinned &&
    candidate.checkpoint_id !== head &&
    age(candidate) > weekMs;
  const isCounted = (candidate: Candidate) => candidate.deleted_at === null && !isOld(candidate);
  const children = yield* childCounts(all, isCounted);

  let recent = rules.keep_recent;
  const hourly = new Buckets(rules.keep_hourly, (at) => Math.floor(at / hourMs));
  const daily = new Buckets(rules.keep_daily, (at) => Math.floor(at / dayMs));
  // Weeks begin on Monday; 1970 began on a Thursday.
  const weekly = new Buckets(rules.keep_weekly, (at) => Math.floor((at + 3 * dayMs) / weekMs));
  const reasons: [string, string[]][] = [];
  let done = 0;
  for (const candidate of all.toReversed()) {
    if ((done += 1) % 500 === 0) yield;
    if (candidate.deleted_at !== null) continue;
    const id = candidate.checkpoint_id;
    const made = madeAt(candidate);
    const inTree = children.get(id);
    const why: string[] = [];
    if (id === head) why.push("head");
    if (candidate.pinned) why.push("pinned");
    if (rules.keep_tags && candidate.tagged) why.push("tagged");
    if (candidate.max_severity === "critical") why.push("critical_note");
    if (inTree !== undefined) {
      if (recent > 0) why.push("recent");
      recent -= 1;
      if (hourly.takes(made)) why.push("hourly");
      if (daily.takes(made)) why.push("daily");
      if (weekly.takes(made)) why.push("weekly");
    }
    if (now - made < rules.keep_within * 1000) why.push("within");
    if (inTree !== undefined) {
      if (inTree === 0) why.push("tip");
      if (inTree > 1) why.push("branch_point");
      if (isSafety(candidate)) why.push("safety");
    }
    reasons.push([id, why]);
  }
  return new Map(reasons.toReversed());
}
