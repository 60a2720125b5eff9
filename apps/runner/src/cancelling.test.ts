import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultSettings } from "@cairn/shared/session";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Captured, Hooks, Progress, Rules, Runner } from "./runner.ts";
import { listTree } from "./testing/tree.ts";
import { startRunner } from "./worker-runner.ts";

const { ignore, include, limits } = defaultSettings;
const rules: Rules = { ignore, include, limits };
const files = 2100;
let home: string;
let workspace: string;
let runner: Runner;

beforeEach(async () => {
  home = realpathSync(mkdtempSync(join(tmpdir(), "cairn-cancel-")));
  workspace = join(home, "work");
  for (let i = 0; i < files; i += 1) {
    mkdirSync(join(workspace, `d${i % 30}`), { recursive: true });
    writeFileSync(join(workspace, `d${i % 30}`, `f${i}`), `${i}`);
  }
  runner = await startRunner({ dataDir: join(home, "data") });
});

afterEach(async () => {
  await runner.close();
  rmSync(home, { recursive: true, force: true });
});

function capture(hooks?: Hooks, parent: string | null = null): Promise<Captured> {
  return runner.capture({ pin: randomUUID(), workspace, rules, parent }, hooks);
}

/** Hooks that cancel the call the first time that it tells how far it is. */
function cancelling(told: Progress[] = []): Hooks {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    onProgress(progress) {
      told.push(progress);
      controller.abort();
    },
  };
}

const cancelled: unknown = expect.objectContaining({ name: "ProtocolError", code: "cancelled" });

test("a capture that is cancelled while it stores pins nothing, and the next one works", async () => {
  const told: Progress[] = [];
  await expect(capture(cancelling(told))).rejects.toEqual(cancelled);
  expect(told[0]?.done).toBeLessThan(files);
  expect(await runner.reconcile([])).toBe(0);
  const captured = await capture();
  expect(captured.files).toBe(files);
  const snapshots = [{ pin: "a", snapshot: captured }];
  expect((await runner.validate({ snapshots, deep: true })).problems).toEqual([]);
});

test("a call that waits for its turn leaves the queue at once when it is cancelled", async () => {
  const first = capture();
  const controller = new AbortController();
  const second = capture({ signal: controller.signal });
  const third = capture();
  const ended: string[] = [];
  const watched = Promise.allSettled([
    first.then(() => ended.push("first")),
    second.catch(() => ended.push("second")),
    third.then(() => ended.push("third")),
  ]);
  controller.abort();
  await expect(second).rejects.toEqual(cancelled);
  await watched;
  expect(ended[0]).toBe("second");
  expect(ended.toSorted()).toEqual(["first", "second", "third"]);
});

test("a call that was cancelled before it is made does nothing", async () => {
  const signal = AbortSignal.abort();
  const { tree, rules: known, skipped } = await capture();
  const snapshots = [{ pin: "a", snapshot: { tree, rules: known, skipped } }];
  const target = { tree, rules: known, skipped };
  const hooks = { signal };
  const calls = await Promise.allSettled([
    runner.scan({ workspace, rules }, hooks),
    capture(hooks),
    runner.plan({ workspace, rules, target }, hooks),
    runner.diff({ from: null, to: tree, limit: 10 }, hooks),
    runner.validate({ snapshots, deep: true }, hooks),
  ]);
  expect(calls).toEqual(calls.map(() => ({ status: "rejected", reason: cancelled })));
});

test("a restore that is cancelled is taken back, and its folder is free again", async () => {
  const first = await capture();
  for (let i = 0; i < 100; i += 1) {
    writeFileSync(join(workspace, `d${i % 30}`, `f${i}`), `changed ${i}`);
  }
  const before = listTree(workspace);
  const request = {
    operation_id: randomUUID(),
    safety_pin: randomUUID(),
    parent: null,
    workspace,
    rules,
    target: { tree: first.tree, rules: first.rules, skipped: first.skipped },
  };
  await expect(runner.prepare(request, cancelling())).rejects.toEqual(cancelled);
  await runner.prepare(request);
  const told: Progress[] = [];
  await expect(runner.apply(request.operation_id, cancelling(told))).rejects.toEqual(cancelled);
  expect(told[0]?.phase).toBe("apply");
  expect(listTree(workspace)).toEqual(before);
  await runner.abandon(request.operation_id);
  expect((await capture()).files).toBe(files);
});

test("a scan, a plan, a comparison and a validation stop where they are", async () => {
  const { tree, rules: known, skipped } = await capture();
  const target = { tree, rules: known, skipped };
  writeFileSync(join(workspace, "new"), "x");
  const snapshots = [{ pin: "a", snapshot: target }];
  await expect(runner.scan({ workspace, rules }, cancelling())).rejects.toEqual(cancelled);
  await expect(runner.plan({ workspace, rules, target }, cancelling())).rejects.toEqual(cancelled);
  const to = { workspace, rules };
  // It may be done before its first word of progress is heard.
  const controller = new AbortController();
  const compared = runner.diff({ from: null, to, limit: 5 }, { signal: controller.signal });
  controller.abort();
  await expect(compared).rejects.toEqual(cancelled);
  const validated = runner.validate({ snapshots, deep: true }, cancelling());
  await expect(validated).rejects.toEqual(cancelled);
});

test("a signal that is aborted after the call ended does nothing", async () => {
  const controller = new AbortController();
  await capture({ signal: controller.signal });
  controller.abort();
  expect((await capture()).files).toBe(files);
});
