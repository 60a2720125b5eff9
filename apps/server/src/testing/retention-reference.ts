import type { Params } from "@cairn/shared/methods";

/** A checkpoint as the model knows it. Times are those of a clock that nobody sets. */
export interface Known {
  id: string;
  parent: string | null;
  made: number;
  content: string;
  safety: boolean;
  tagged: boolean;
  pinned: boolean;
  critical: boolean;
  /** `due`: when it goes for good, once the trash was looked at. */
  state: "live" | "trash" | "purged";
  due: number | null;
}

export type Rules = Omit<Params<"compact">, "session_id">;

const hour = 60 * 60 * 1000;
const day = 24 * hour;

function weekOf(made: number): string {
  const date = new Date(made);
  // Back to Monday.
  date.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7));
  return date.toISOString().slice(0, 10);
}

const buckets = {
  keep_hourly: (made: number) => new Date(made).toISOString().slice(0, 13),
  keep_daily: (made: number) => new Date(made).toISOString().slice(0, 10),
  keep_weekly: weekOf,
};

/** The nearest ancestor that is in the set. */
export function shownParent(
  of: Known,
  all: readonly Known[],
  among: ReadonlySet<Known>,
): Known | null {
  let above = all.find(({ id }) => id === of.parent) ?? null;
  while (above !== null && !among.has(above)) {
    const next = above.parent;
    above = all.find(({ id }) => id === next) ?? null;
  }
  return above;
}

/**
 * Which live checkpoints the rules keep, straight from what they say: slow, and nothing of it is
 * shared with what it is compared with. `all` is oldest first.
 */
export function keptBy(all: readonly Known[], head: string | null, rules: Rules, now: number) {
  const live = all.filter(({ state }) => state === "live");
  const isPlain = (one: Known) =>
    !one.safety || one.pinned || one.id === head || now - one.made <= 7 * day;
  const counted = live.filter(isPlain);
  const among = new Set(counted);
  const newestFirst = counted.toReversed();
  const kept = new Set<Known>();
  for (const one of newestFirst.slice(0, rules.keep_recent ?? 0)) kept.add(one);
  for (const rule of ["keep_hourly", "keep_daily", "keep_weekly"] as const) {
    const names = [...new Set(newestFirst.map(({ made }) => buckets[rule](made)))];
    for (const name of names.slice(0, rules[rule] ?? 0)) {
      const newest = newestFirst.find(({ made }) => buckets[rule](made) === name);
      if (newest !== undefined) kept.add(newest);
    }
  }
  for (const one of live) {
    if (now - one.made < (rules.keep_within ?? 0) * 1000) kept.add(one);
    if (one.id === head || one.pinned || one.critical) kept.add(one);
    if (one.tagged && rules.keep_tags !== false) kept.add(one);
  }
  for (const one of counted) {
    const children = counted.filter((other) => shownParent(other, all, among) === one);
    if (children.length !== 1 || one.safety) kept.add(one);
  }
  return live.filter((one) => kept.has(one)).map(({ id }) => id);
}
