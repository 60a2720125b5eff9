import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultSettings } from "@cairn/shared/session";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Applied, Captured, Rules, Runner } from "../runner.ts";
import { startRunner } from "../worker-runner.ts";

// With the real cache of what was read, which the other tests of restores do without.
const { ignore, include, limits } = defaultSettings;
const rules: Rules = { ignore, include, limits };
let home: string;
let workspace: string;
let runner: Runner;

beforeEach(async () => {
  home = realpathSync(mkdtempSync(join(tmpdir(), "cairn-verify-")));
  workspace = join(home, "work");
  for (let i = 0; i < 60; i += 1) {
    mkdirSync(join(workspace, `d${i % 6}`), { recursive: true });
    writeFileSync(join(workspace, `d${i % 6}/f${i}`), `then ${i}`);
  }
  runner = await startRunner({ dataDir: join(home, "data") });
});

afterEach(async () => {
  await runner.close();
  rmSync(home, { recursive: true, force: true });
});

function capture(): Promise<Captured> {
  return runner.capture({ pin: randomUUID(), workspace, rules, parent: null });
}

const read = (path: string): string => readFileSync(join(workspace, path), "utf8");

async function restore(
  { tree, rules: known, skipped }: Captured,
  meddle: () => void,
): Promise<Applied> {
  const operation_id = randomUUID();
  await runner.prepare({
    operation_id,
    safety_pin: randomUUID(),
    parent: null,
    workspace,
    rules,
    target: { tree, rules: known, skipped },
  });
  meddle();
  const applied = await runner.apply(operation_id);
  await runner.settle(operation_id);
  return applied;
}

test("a restore is verified against the root of its target, with what was read a moment ago", async () => {
  const target = await capture();
  for (let round = 0; round < 3; round += 1) {
    for (const i of [0, 7, 14]) writeFileSync(join(workspace, `d${i % 6}/f${i}`), `now ${round}`);
    writeFileSync(join(workspace, "d1/extra"), "now");
    const done = await restore(target, () => undefined);
    expect(done).toEqual({ status: "restored", differences: [] });
    expect((await capture()).tree).toBe(target.tree);
  }
});

test("what comes, goes or changes in the folders of a restore meanwhile is told", async () => {
  const target = await capture();
  writeFileSync(join(workspace, "d0/f0"), "now");
  const done = await restore(target, () => {
    writeFileSync(join(workspace, "d0/f6"), "edited beside it");
    writeFileSync(join(workspace, "d3/new"), "new elsewhere");
    rmSync(join(workspace, "d4/f4"));
  });
  expect(done.differences.map(({ path, reason }) => `${path}: ${reason}`)).toEqual([
    "d0/f6: changed_meanwhile",
    "d3/new: changed_meanwhile",
    "d4/f4: changed_meanwhile",
  ]);
  expect([read("d0/f0"), read("d0/f6"), read("d3/new")]).toEqual([
    "then 0",
    "edited beside it",
    "new elsewhere",
  ]);
});

test("an edit meanwhile of a file that the restore has no part in stays, for the next capture", async () => {
  const target = await capture();
  writeFileSync(join(workspace, "d0/f0"), "now");
  const done = await restore(target, () => writeFileSync(join(workspace, "d5/f5"), "edited"));
  expect(done.differences.every(({ path }) => path === "d5/f5")).toBe(true);
  expect([read("d0/f0"), read("d5/f5")]).toEqual(["then 0", "edited"]);
  const after = await runner.capture({
    pin: randomUUID(),
    workspace,
    rules,
    parent: target.tree,
  });
  expect(after.changed_paths).toEqual(["d5/f5"]);
});
