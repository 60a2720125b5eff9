import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ProtocolError } from "@cairn/shared/errors";
import { defaultSettings } from "@cairn/shared/session";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Rules, Runner } from "./runner.ts";
import { noise } from "./testing/store-site.ts";
import { writeTree } from "./testing/tree.ts";
import { startRunner } from "./worker-runner.ts";

const { ignore, include, limits } = defaultSettings;
const rules: Rules = { ignore, include, limits };
let home: string;
let workspace: string;
let dataDir: string;
let runner: Runner;

beforeEach(async () => {
  home = realpathSync(mkdtempSync(join(tmpdir(), "cairn-care-")));
  workspace = join(home, "work");
  dataDir = join(home, "data");
  mkdirSync(workspace);
  runner = await startRunner({ dataDir });
});

afterEach(async () => {
  await runner.close();
  rmSync(home, { recursive: true, force: true });
});

async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
  return "none";
}

test("what is let go is collected while captures go on, and what is damaged is repaired", async () => {
  writeTree(workspace, { "a/one": noise(300_000, "one"), two: "2" });
  const first = await runner.capture({ pin: "first", workspace, rules, parent: null });
  writeTree(workspace, { "a/one": noise(300_000, "other") });
  const second = await runner.capture({ pin: "second", workspace, rules, parent: null });
  await runner.release(["first"]);
  expect(await runner.waiting()).toEqual({ released: 1, pins_lost: false });
  const before = await runner.facts();
  const [collected, third] = await Promise.all([
    runner.collect({}),
    runner.capture({ pin: "third", workspace, rules, parent: second.tree }),
  ]);
  expect(collected).toMatchObject({ done: true, removed_objects: 3, rewritten_packs: 1 });
  const after = await runner.facts();
  expect(before.stored_bytes - after.stored_bytes).toBe(collected.freed_bytes);
  expect(await runner.waiting()).toEqual({ released: 0, pins_lost: false });
  expect(await codeOf(runner.list({ tree: first.tree, limit: 5 }))).toBe("damaged");
  const snapshots = [
    { pin: "second", snapshot: second },
    { pin: "third", snapshot: third },
  ];
  expect(await runner.validate({ snapshots, deep: true })).toEqual({ problems: [] });
  // Every pack is gone; the folder still holds what was in them.
  const packs = join(dataDir, "store/packs");
  for (const name of readdirSync(packs)) rmSync(join(packs, name));
  const broken = await runner.validate({ snapshots, deep: true });
  expect(new Set(broken.problems.map(({ pin }) => pin))).toEqual(new Set(["second", "third"]));
  const repaired = await runner.repair({ snapshots, workspaces: [{ workspace, rules }] });
  expect(repaired.problems).toEqual([]);
  expect(repaired.healed).toBeGreaterThan(3);
  expect(await runner.validate({ snapshots, deep: true })).toEqual({ problems: [] });
});

test("a store over its limit refuses captures and still restores", async () => {
  await runner.close();
  const storeLimit = 2_000_000;
  runner = await startRunner({ dataDir, storeLimit });
  writeTree(workspace, { a: noise(900_000, "first") });
  const target = await runner.capture({ pin: "first", workspace, rules, parent: null });
  writeTree(workspace, { a: noise(500_000, "second"), b: noise(1_000_000, "more") });
  const refused = runner.capture({ pin: "second", workspace, rules, parent: target.tree });
  expect(await codeOf(refused)).toBe("store_full");
  writeTree(workspace, { a: noise(50_000, "third") });
  rmSync(join(workspace, "b"));
  const request = { operation_id: "op", safety_pin: "safety", parent: null, workspace, rules };
  await runner.prepare({ ...request, target });
  expect(await runner.apply("op")).toMatchObject({ status: "restored" });
  await runner.settle("op");
  expect(await runner.facts()).toMatchObject({ limit_bytes: storeLimit });
});
