import { expect, test } from "vitest";
import { type Candidate, reasonsToKeep } from "./retention.ts";

const now = Date.parse("2026-03-01T00:00:00.000Z");
const day = 24 * 60 * 60 * 1000;

function candidate(id: number, parent: number | null, more: Partial<Candidate> = {}): Candidate {
  return {
    checkpoint_id: String(id),
    sequence_number: id,
    parent_id: parent === null ? null : String(parent),
    created_at: new Date(now - 30 * day + id * 1000).toISOString(),
    tags: [],
    pinned: false,
    trigger: { kind: "manual" },
    max_severity: null,
    ...more,
  };
}

const safety = { kind: "automatic" as const, reason: "before_restore" };

function reasons(
  live: Candidate[],
  head: number | null,
  rules = { keep_recent: 1, keep_tags: true },
) {
  const parents = new Map(live.map((each) => [each.checkpoint_id, each.parent_id]));
  const found = reasonsToKeep(
    live,
    head === null ? null : String(head),
    rules,
    now,
    (of, among) => {
      let id = of.parent_id;
      while (id !== null && !among.has(id)) id = parents.get(id) ?? null;
      return id;
    },
  );
  return Object.fromEntries(found);
}

test("a plain chain keeps the newest ones and the tip", () => {
  const chain = [candidate(1, null), candidate(2, 1), candidate(3, 2)];
  expect(reasons(chain, 3, { keep_recent: 2, keep_tags: true })).toEqual({
    1: [],
    2: ["recent"],
    3: ["head", "recent", "tip"],
  });
});

test("pinned, tagged and critical ones stay; tags only when asked", () => {
  const chain = [
    candidate(1, null, { pinned: true }),
    candidate(2, 1, { tags: ["v1"] }),
    candidate(3, 2, { max_severity: "critical" }),
    candidate(4, 3, { max_severity: "warning" }),
    candidate(5, 4),
  ];
  const kept = reasons(chain, 5);
  expect(kept).toMatchObject({ 1: ["pinned"], 2: ["tagged"], 3: ["critical_note"], 4: [] });
  expect(reasons(chain, 5, { keep_recent: 1, keep_tags: false })["2"]).toEqual([]);
});

test("branch points and the tips of every branch stay", () => {
  const tree = [candidate(1, null), candidate(2, 1), candidate(3, 1), candidate(4, 3)];
  expect(reasons(tree, 4)).toMatchObject({ 1: ["branch_point"], 2: ["tip"], 3: [] });
});

test("a young safety checkpoint stays; a week later it makes no tip, branch or recent one", () => {
  const young = candidate(2, 1, { trigger: safety, created_at: new Date(now - day).toISOString() });
  const old = candidate(2, 1, { trigger: safety });
  const rest = [candidate(1, null), candidate(3, 1)];
  expect(reasons([...rest, young], 3)["2"]).toEqual(["tip", "safety"]);
  expect(reasons([...rest, old], 3, { keep_recent: 5, keep_tags: true })["2"]).toEqual([]);
  expect(reasons([...rest, old], 3)["1"]).toEqual([]);
  expect(reasons([...rest, { ...old, pinned: true }], 3)["2"]).toContain("pinned");
  expect(reasons([...rest, old], 2)["2"]).toContain("head");
});
