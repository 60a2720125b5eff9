import { expect, test } from "vitest";
import { type Candidate, reasonsToKeep } from "./keep-rules.ts";

const now = Date.parse("2026-03-01T00:00:00.000Z");
const day = 24 * 60 * 60 * 1000;

function candidate(id: number, parent: number | null, more: Partial<Candidate> = {}): Candidate {
  return {
    checkpoint_id: String(id),
    sequence_number: id,
    parent_id: parent === null ? null : String(parent),
    created_at: new Date(now - 30 * day + id * 1000).toISOString(),
    deleted_at: null,
    tagged: false,
    pinned: false,
    trigger: { kind: "manual" },
    max_severity: null,
    ...more,
  };
}

const none = {
  keep_recent: 0,
  keep_hourly: 0,
  keep_daily: 0,
  keep_weekly: 0,
  keep_within: 0,
  keep_tags: true,
};
const safety = { kind: "automatic" as const, reason: "before_restore" };

function reasons(
  live: Candidate[],
  head: number | null,
  rules = { ...none, keep_recent: 1, keep_tags: true },
) {
  const work = reasonsToKeep({
    all: live.toSorted((a, b) => a.sequence_number - b.sequence_number),
    head: head === null ? null : String(head),
    rules,
    now,
    madeAt: ({ created_at }) => Date.parse(created_at),
  });
  let found = work.next();
  while (found.done !== true) found = work.next();
  return Object.fromEntries(found.value);
}

test("[CMP1] a plain chain keeps the newest ones and the tip", () => {
  const chain = [candidate(1, null), candidate(2, 1), candidate(3, 2)];
  expect(reasons(chain, 3, { ...none, keep_recent: 2, keep_tags: true })).toEqual({
    1: [],
    2: ["recent"],
    3: ["head", "recent", "tip"],
  });
});

test("[CMP2] pinned, tagged and critical ones stay; tags only when asked", () => {
  const chain = [
    candidate(1, null, { pinned: true }),
    candidate(2, 1, { tagged: true }),
    candidate(3, 2, { max_severity: "critical" }),
    candidate(4, 3, { max_severity: "warning" }),
    candidate(5, 4),
  ];
  const kept = reasons(chain, 5);
  expect(kept).toMatchObject({ 1: ["pinned"], 2: ["tagged"], 3: ["critical_note"], 4: [] });
  expect(reasons(chain, 5, { ...none, keep_recent: 1, keep_tags: false })["2"]).toEqual([]);
});

test("[CMP2] branch points and the tips of every branch stay", () => {
  const tree = [candidate(1, null), candidate(2, 1), candidate(3, 1), candidate(4, 3)];
  expect(reasons(tree, 4)).toMatchObject({ 1: ["branch_point"], 2: ["tip"], 3: [] });
});

test("[CMP2] a young safety checkpoint stays; a week later it makes no tip, branch or recent one", () => {
  const young = candidate(2, 1, { trigger: safety, created_at: new Date(now - day).toISOString() });
  const old = candidate(2, 1, { trigger: safety });
  const rest = [candidate(1, null), candidate(3, 1)];
  expect(reasons([...rest, young], 3)["2"]).toEqual(["tip", "safety"]);
  expect(reasons([...rest, old], 3, { ...none, keep_recent: 5, keep_tags: true })["2"]).toEqual([]);
  expect(reasons([...rest, old], 3)["1"]).toEqual([]);
  expect(reasons([...rest, { ...old, pinned: true }], 3)["2"]).toContain("pinned");
  expect(reasons([...rest, old], 2)["2"]).toContain("head");
});

test("[CMP1] of each hour, day and week the newest stays, as many as have any", () => {
  // Sunday 22 February to Monday 23 February: a new day and a new week.
  const times = [
    "2026-02-14T10:00:00.000Z",
    "2026-02-15T10:00:00.000Z",
    "2026-02-22T22:10:00.000Z",
    "2026-02-22T22:50:00.000Z",
    "2026-02-22T23:59:59.999Z",
    "2026-02-23T00:00:00.000Z",
    "2026-02-23T00:30:00.000Z",
  ];
  const chain = times.map((created_at, at) =>
    candidate(at + 1, at === 0 ? null : at, { created_at }),
  );
  const kept = (rules: Partial<typeof none>, why: string) =>
    Object.entries(reasons(chain, 7, { ...none, ...rules }))
      .filter(([, all]) => all.includes(why))
      .map(([id]) => Number(id));
  expect(kept({ keep_hourly: 3 }, "hourly")).toEqual([4, 5, 7]);
  expect(kept({ keep_daily: 3 }, "daily")).toEqual([2, 5, 7]);
  expect(kept({ keep_weekly: 2 }, "weekly")).toEqual([5, 7]);
  expect(kept({ keep_weekly: 9 }, "weekly")).toEqual([2, 5, 7]);
  expect(kept({ keep_daily: 1 }, "hourly")).toEqual([]);
});

test("[CMP1] keep_within keeps what is younger, old safety checkpoints too", () => {
  const at = (ms: number) => ({ created_at: new Date(now - ms).toISOString() });
  const chain = [
    candidate(1, null, at(10 * day)),
    candidate(2, 1, { trigger: safety, ...at(9 * day) }),
    candidate(3, 2, at(8 * day)),
    candidate(4, 3, at(day)),
  ];
  const within = (seconds: number) =>
    Object.entries(reasons(chain, 4, { ...none, keep_within: seconds }))
      .filter(([, all]) => all.includes("within"))
      .map(([id]) => Number(id));
  expect(within((10 * day) / 1000)).toEqual([2, 3, 4]);
  expect(within((8 * day) / 1000 + 1)).toEqual([3, 4]);
  expect(within(3600)).toEqual([]);
});
