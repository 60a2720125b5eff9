import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultSettings } from "@cairn/shared/session";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { WorkHooks } from "./cancelling.ts";
import { cancelled as cancelledError } from "./cancelling.ts";
import { realFs } from "./fs.ts";
import { LocalRunner } from "./local-runner.ts";
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

/** The last file that a scan comes to takes seconds to read: a cancelled one is never done before. */
function plantLarge(): string {
  const path = join(workspace, "large");
  writeFileSync(path, "");
  truncateSync(path, 3e9);
  return path;
}

/** The same runner in this thread: what it does depends on nobody's pace. */
async function locally(work: (local: LocalRunner) => void): Promise<void> {
  await runner.close();
  const dataDir = join(home, "data");
  const options = { storeDir: join(dataDir, "store"), storeLimit: null, ports: { fs: realFs } };
  const local = new LocalRunner({ dataDir, ...options });
  try {
    work(local);
  } finally {
    local.close();
    runner = await startRunner({ dataDir });
  }
}

/** Hooks of a call that is given up the first time that it tells how far it is. */
function givenUp(told: Progress[] = []): WorkHooks {
  return {
    onProgress: (progress) => told.push(progress),
    check: () => {
      if (told.length > 0) throw cancelledError();
    },
  };
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
  const large = plantLarge();
  await expect(capture(cancelling(told))).rejects.toEqual(cancelled);
  expect(told[0]?.done).toBeLessThan(files);
  rmSync(large);
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
  const large = plantLarge();
  await expect(runner.prepare(request, cancelling())).rejects.toEqual(cancelled);
  rmSync(large);
  expect((await capture()).files).toBe(files);
  const told: Progress[] = [];
  await locally((local) => {
    local.prepare(request, {});
    expect(() => local.apply(request.operation_id, givenUp(told))).toThrow(
      /cancelled.* The folder is as it was before/,
    );
    expect(listTree(workspace)).toEqual(before);
    local.abandon(request.operation_id);
  });
  expect(told[0]?.phase).toBe("apply");
  expect(listTree(workspace)).toEqual(before);
  expect((await capture()).files).toBe(files);
});

test("a scan, a plan, a comparison and a validation stop where they are", async () => {
  const { tree, rules: known, skipped } = await capture();
  const target = { tree, rules: known, skipped };
  writeFileSync(join(workspace, "new"), "x");
  const snapshots = [{ pin: "a", snapshot: target }];
  const request = { workspace, rules };
  await locally((local) => {
    const calls = [
      (hooks: WorkHooks) => local.scan(request, hooks),
      (hooks: WorkHooks) => local.dirty({ ...request, tree: null }, hooks),
      (hooks: WorkHooks) => local.plan({ ...request, target }, hooks),
      (hooks: WorkHooks) => local.validate({ snapshots, deep: true }, hooks),
    ];
    for (const call of calls) expect(() => call(givenUp())).toThrow(cancelledError());
  });
  // It may be done before its first word of progress is heard.
  const controller = new AbortController();
  const { signal } = controller;
  const compared = runner.diff({ from: null, to: request, limit: 5 }, { signal });
  controller.abort();
  await expect(compared).rejects.toEqual(cancelled);
});

test("a signal that is aborted after the call ended does nothing", async () => {
  const controller = new AbortController();
  await capture({ signal: controller.signal });
  controller.abort();
  expect((await capture()).files).toBe(files);
});
