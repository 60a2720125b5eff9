import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { keepScan } from "../capture.ts";
import type { Runner } from "../runner.ts";
import { scanWorkspace } from "../scan/scan.ts";
import { DiffSite } from "../testing/diff-site.ts";
import { randomOf } from "../testing/random.ts";
import { startRunner } from "../worker-runner.ts";
import { diff } from "./diff.ts";
import type { CountedFile } from "./known-counts.ts";
import { KnownCounts } from "./known-counts.ts";
import type { ReadableSide } from "./sides.ts";
import { storedSide } from "./sides.ts";

/** A side that tells which contents are read. */
function watched(side: ReadableSide, read: string[]): ReadableSide {
  return {
    ...side,
    read(path, entry, offset, length) {
      read.push(path.toString());
      return side.read(path, entry, offset, length);
    },
  };
}

test("a list takes the lines that a capture has counted, and reads only what it has not", () => {
  using site = new DiffSite();
  const from = site.state({ edited: "1\n2\n", gone: "x\n", binary: Buffer.from([0, 1]), same: "" });
  const { workspace, rules, store } = site;
  site.remove("gone");
  site.write({ edited: "1\n3\n4\n", new: "y\n", binary: Buffer.from([0, 2]) });
  const scan = scanWorkspace(store, { workspace, rules, store: true, cache: null });
  const { counted, ...to } = keepScan(store, scan, {
    pin: randomUUID(),
    workspace,
    parent: from.tree,
  });
  expect(counted.map(({ added, removed }) => [added, removed])).toEqual([
    [2, 1],
    [0, 1],
    [1, 0],
  ]);
  const read: string[] = [];
  const sides = {
    from: watched(storedSide(store, from.tree), read),
    to: watched(storedSide(store, to.tree), read),
    limit: 10,
    renames: false,
  };
  expect(diff({ ...sides, counted })).toEqual(site.between(from, to, { renames: false }));
  expect(read).toEqual(["binary", "binary"]);
  // With white space left out other lines count, and hunks are always made of the contents.
  diff({ ...sides, counted, ignore_whitespace: true });
  expect(read.filter((path) => path === "edited")).toHaveLength(2);
  expect(diff({ ...sides, counted, path: "edited" }).hunks).toHaveLength(1);
});

test("what was counted with little effort left is not kept: it may be more than need be", () => {
  using site = new DiffSite();
  // No line stands once, so that no line tells where one is: telling takes hundreds of edits.
  const mixed = (seed: number) => {
    const random = randomOf(seed);
    return Array.from({ length: 1200 }, () => `${random(2)}\n`).join("");
  };
  const texts = (seed: number) => ({
    ...Object.fromEntries(["a", "b", "c", "d", "e", "f"].map((name, i) => [name, mixed(seed + i)])),
    last: `${seed}\n`,
  });
  const from = site.state(texts(1));
  site.write(texts(100));
  const { workspace, rules, store } = site;
  const scan = scanWorkspace(store, { workspace, rules, store: true, cache: null });
  const { counted, ...to } = keepScan(store, scan, { pin: "to", workspace, parent: from.tree });
  expect(to.added).not.toBeNull();
  const last = site.between(from, to, { path: "last" }).files[0];
  expect(counted.length).toBeGreaterThan(0);
  expect(counted.map(({ after }) => after)).not.toContain(last?.after?.hash);
  for (const { before, after, ...counts } of counted) {
    const file = site.between(from, to).files.find((file) => file.after?.hash === after);
    expect(file).toMatchObject(counts);
    expect(file?.before?.hash).toBe(before);
  }
});

test("of many comparisons the latest are known, whatever their number of files", () => {
  const files = (count: number): CountedFile[] =>
    Array.from({ length: count }, (_, i) => ({
      before: null,
      after: `${i}`,
      added: i,
      removed: 0,
    }));
  const counts = new KnownCounts();
  counts.remember(null, "a", files(4000));
  counts.remember("a", "b", files(4000));
  counts.remember("b", "c", []);
  expect(counts.of("b", "c")).toEqual({});
  expect(counts.of(null, "a").counted).toHaveLength(4000);
  counts.remember(null, "a", files(5000));
  expect(counts.of("a", "b").counted).toHaveLength(4000);
  counts.remember("c", "d", files(1001));
  expect(counts.of("a", "b")).toEqual({});
  expect(counts.of(null, "a").counted).toHaveLength(5000);
  expect(counts.of("c", "d").counted).toHaveLength(1001);
  expect(
    counts.of({ workspace: "/w", rules: { ignore: [], include: [], limits: {} } as never }, "d"),
  ).toEqual({});
});

test("a runner's list is the same right after the capture and after a restart", async () => {
  using site = new DiffSite();
  const rules = site.rules;
  const { workspace } = site;
  const dataDir = join(site.home, "of-the-runner");
  const lists: unknown[] = [];
  site.write({ a: "1\n", b: "2\n", c: "3\n" });
  let runner: Runner = await startRunner({ dataDir });
  try {
    const first = await runner.capture({ pin: "1", workspace, rules, parent: null });
    writeFileSync(site.path("a"), "1\nmore\n");
    site.remove("b");
    const next = await runner.capture({ pin: "2", workspace, rules, parent: first.tree });
    expect(next).not.toHaveProperty("counted");
    for (const from of [first.tree, null]) {
      const request = { from, to: next.tree, limit: 10 };
      lists.push(await runner.diff(request));
    }
    await runner.close();
    runner = await startRunner({ dataDir });
    const request = { from: first.tree, to: next.tree, limit: 10 };
    expect(await runner.diff(request)).toEqual(lists[0]);
    expect(lists[0]).toMatchObject({
      files: [
        { path: "a", added: 1, removed: 0 },
        { path: "b", added: 0, removed: 1 },
      ],
    });
  } finally {
    await runner.close();
  }
});
