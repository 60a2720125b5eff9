import { randomUUID } from "node:crypto";
import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ProtocolError } from "@cairn/shared/errors";
import { defaultSettings } from "@cairn/shared/session";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Captured, PrepareRequest, Progress, Rules, Runner, Snapshot } from "./runner.ts";
import { listTree, writeTree } from "./testing/tree.ts";
import { startRunner } from "./worker-runner.ts";

const { ignore, include, limits } = defaultSettings;
const rules: Rules = { ignore, include, limits };
let home: string;
let workspace: string;
let dataDir: string;
let runner: Runner;

beforeEach(async () => {
  home = realpathSync(mkdtempSync(join(tmpdir(), "cairn-runner-")));
  workspace = join(home, "work");
  dataDir = join(home, "data");
  mkdirSync(workspace);
  runner = await startRunner({ dataDir });
});

afterEach(async () => {
  await runner.close();
  rmSync(home, { recursive: true, force: true });
});

async function restart(options: { portsModule?: URL; idleMs?: number } = {}): Promise<void> {
  await runner.close();
  runner = await startRunner({ dataDir, ...options });
}

function capture(folder = workspace, parent: string | null = null): Promise<Captured> {
  return runner.capture({ pin: randomUUID(), workspace: folder, rules, parent });
}

function prepareRequest({ tree, rules: known, skipped }: Snapshot): PrepareRequest {
  return {
    operation_id: randomUUID(),
    safety_pin: randomUUID(),
    parent: null,
    workspace,
    rules,
    target: { tree, rules: known, skipped },
  };
}

async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return error.code;
  }
  return "none";
}

/** Whether a call has not ended after another call, made later elsewhere, has. */
async function waits(call: Promise<unknown>): Promise<boolean> {
  const elsewhere = mkdtempSync(join(home, "elsewhere-"));
  const late = capture(elsewhere).then(() => true);
  return await Promise.race([call.then(() => false), late]);
}

test("capture, change, capture, restore: all through threads", async () => {
  writeTree(workspace, { a: "1\n", "b/c": { file: "2\n", mode: 0o755 }, link: { link: "a" } });
  const before = listTree(workspace);
  const first = await capture();
  rmSync(join(workspace, "b"), { recursive: true });
  writeTree(workspace, { a: "changed\n", new: "x" });
  const second = await capture(workspace, first.tree);
  expect(second.changed_paths).toEqual(["a", "b/c", "new"]);
  const request = prepareRequest(first);
  const { plan, safety } = await runner.prepare(request);
  expect(safety?.tree).toBe(second.tree);
  expect(plan.changes.map(({ path }) => path).toSorted()).toEqual(["a", "b/c", "new"]);
  expect(await runner.apply(request.operation_id)).toEqual({ status: "restored", differences: [] });
  await runner.settle(request.operation_id);
  expect(listTree(workspace)).toEqual(before);
  expect(await runner.reconcile([])).toBe(3);
  const snapshots = [{ pin: "a", snapshot: second }];
  expect(await runner.validate({ snapshots, deep: true })).toEqual({ problems: [] });
});

test("what was captured is there after a restart, and only one process owns it", async () => {
  writeTree(workspace, { a: "kept" });
  const { tree } = await capture();
  await expect(startRunner({ dataDir })).rejects.toMatchObject({
    code: "internal",
    details: { reason: "already_owned" },
  });
  await restart();
  const { entry, data } = await runner.read({ tree, path: "a", offset: 0, length: 100 });
  expect([entry.size, Buffer.from(data).toString()]).toEqual([4, "kept"]);
  expect(await runner.facts()).toMatchObject({ objects: 3 });
});

test("errors keep their code, sentence and details on the way between threads", async () => {
  await expect(capture(join(home, "missing"))).rejects.toMatchObject({
    name: "ProtocolError",
    code: "workspace_unavailable",
    details: { code: "ENOENT" },
    message: expect.stringContaining("is not there") as unknown,
  });
  expect(await codeOf(capture("/"))).toBe("invalid_params");
  expect(await codeOf(capture(home))).toBe("invalid_params");
  expect(await codeOf(capture(dataDir))).toBe("invalid_params");
  expect(await codeOf(runner.list({ tree: "0".repeat(64), limit: 1 }))).toBe("damaged");
  expect(await codeOf(runner.apply("unknown"))).toBe("operation_not_found");
  expect(await codeOf(runner.folders("/nowhere at all"))).toBe("workspace_unavailable");
  await runner.settle("unknown");
  await runner.abandon("unknown");
});

test("calls on one workspace queue, however the folder is named, and none fails as busy", async () => {
  writeTree(workspace, { "sub/a": "x" });
  symlinkSync(workspace, join(home, "alias"));
  const folders = [workspace, join(workspace, "sub"), join(home, "alias"), `${workspace}/`];
  const calls = Array.from({ length: 20 }, (_, i) => capture(folders[i % 4] ?? workspace));
  const trees = (await Promise.all(calls)).map(({ tree }) => tree);
  expect(new Set(trees).size).toBe(2);
});

test("a prepared restore holds its folder, and those in and above it, until it ends", async () => {
  writeTree(workspace, { "sub/a": "x" });
  const first = await capture();
  for (const end of ["settle", "abandon"] as const) {
    writeFileSync(join(workspace, "sub", "a"), `changed before ${end}`);
    const request = prepareRequest(first);
    await runner.prepare(request);
    const inside = capture(join(workspace, "sub"));
    expect(await waits(inside)).toBe(true);
    if (end === "settle") await runner.apply(request.operation_id);
    expect(await waits(inside)).toBe(true);
    await runner[end](request.operation_id);
    await inside;
  }
  expect(await codeOf(runner.apply(randomUUID()))).toBe("operation_not_found");
});

test("a restore that cannot be prepared holds nothing", async () => {
  writeTree(workspace, { a: "x" });
  const first = await capture();
  writeFileSync(join(workspace, "a"), "changed");
  const request = { ...prepareRequest(first), plan_hash: "0".repeat(64) };
  await expect(runner.prepare(request)).rejects.toMatchObject({
    code: "workspace_changed",
    details: { plan: { counts: { modified: 1 } } },
  });
  await capture();
});

test.each(["prepared", "applying", "applying:0", "applied"])(
  "a thread that ends at %s: the call rejects, the folder is as before, the next call works",
  async (phase) => {
    process.env["CAIRN_END_AT"] = phase;
    process.env["CAIRN_END_ONCE"] = join(home, "mark");
    await restart({ portsModule: new URL("testing/ending-ports.ts", import.meta.url) });
    writeTree(workspace, { a: "1", b: "2" });
    const first = await capture();
    writeTree(workspace, { a: "changed", b: "changed" });
    const before = listTree(workspace);
    const request = prepareRequest(first);
    const ended = runner.prepare(request).then(() => runner.apply(request.operation_id));
    await expect(ended).rejects.toMatchObject({
      code: "internal",
      message: expect.stringContaining("older is as before") as unknown,
    });
    expect(listTree(workspace)).toEqual(before);
    await runner.abandon(request.operation_id);
    const again = prepareRequest(first);
    await runner.prepare(again);
    expect((await runner.apply(again.operation_id)).status).toBe("restored");
    await runner.settle(again.operation_id);
    expect((await capture()).tree).toBe(first.tree);
  },
);

test("a thread that idled away is started anew; one whose restore is prepared stays", async () => {
  await restart({ idleMs: 1 });
  writeTree(workspace, { a: "1" });
  const first = await capture();
  writeFileSync(join(workspace, "a"), "2");
  const request = prepareRequest(first);
  await runner.prepare(request);
  // Threads of other folders come and go meanwhile.
  for (let i = 0; i < 5; i += 1) await capture(mkdtempSync(join(home, "other-")));
  await runner.apply(request.operation_id);
  await runner.settle(request.operation_id);
  expect((await capture()).tree).toBe(first.tree);
});

test("progress is told while a long call runs, and not for each file", async () => {
  for (let i = 0; i < 3000; i += 1) writeFileSync(join(workspace, `f${i}`), `${i}`);
  const told: Progress[] = [];
  const started = performance.now();
  await runner.capture(
    { pin: randomUUID(), workspace, rules, parent: null },
    { onProgress: (progress) => told.push(progress) },
  );
  const seconds = (performance.now() - started) / 1000;
  expect(told.length).toBeGreaterThan(0);
  expect(told.length).toBeLessThanOrEqual(1 + seconds * 10);
  expect(told[0]).toMatchObject({ phase: "store", total: null });
});

test("progress is told within one large file, in bytes", async () => {
  const size = 2 ** 26;
  writeFileSync(join(workspace, "large"), "");
  truncateSync(join(workspace, "large"), size);
  const told: Progress[] = [];
  await runner.capture(
    { pin: randomUUID(), workspace, rules, parent: null },
    { onProgress: (progress) => told.push(progress) },
  );
  expect(told[0]).toMatchObject({ phase: "store", done: 0, total: null });
  expect(told[0]?.bytes).toBeGreaterThan(0);
  expect(told[0]?.bytes).toBeLessThan(size);
});

test("a scan says what a capture would hold, and diff takes the folder as a side", async () => {
  writeTree(workspace, { a: "1\n", ".env": "x", "node_modules/m": "x" });
  const report = await runner.scan({ workspace, rules });
  expect(report).toMatchObject({ files: 2, sensitive: [".env"], over: [] });
  expect(report.left_out).toEqual([
    { path: "node_modules", why: "node_modules (built-in)", bytes: 1 },
  ]);
  const { tree } = await capture();
  writeFileSync(join(workspace, "a"), "1\n2\n");
  const result = await runner.diff({ from: tree, to: { workspace, rules }, limit: 10 });
  expect(result.files).toMatchObject([{ path: "a", added: 1, removed: 0 }]);
});

test("closing lets what runs end, and refuses what comes after", async () => {
  writeTree(workspace, { a: "1" });
  const running = capture();
  const closing = runner.close();
  expect(await codeOf(capture())).toBe("shutting_down");
  await closing;
  const { tree } = await running;
  runner = await startRunner({ dataDir });
  expect((await runner.list({ tree, limit: 5 })).entries).toHaveLength(1);
});

test("what reads a little does not wait for a validation of everything", async () => {
  const planted = Array.from({ length: 300 }, (_, i) => [`f${i}`, `${i}\n`.repeat(50_000)]);
  writeTree(workspace, Object.fromEntries(planted) as Record<string, string>);
  const { tree, rules, skipped } = await capture();
  const snapshots = Array.from({ length: 20 }, (_, i) => ({
    pin: String(i),
    snapshot: { tree, rules, skipped },
  }));
  const ended: string[] = [];
  // Its thread runs: what is looked at is not how long that takes to start.
  await runner.folder(workspace);
  const validated = runner.validate({ snapshots, deep: true }).then(() => ended.push("validate"));
  await runner.folder(workspace).then(() => ended.push("folder"));
  await validated;
  expect(ended).toEqual(["folder", "validate"]);
});
