import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readFile, realpath, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listTree, writeTree } from "@cairn/runner/testing/tree";
import type { MethodName, Params, Result } from "@cairn/shared/methods";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { callOver } from "./testing/call.ts";
import { SpawnedServer } from "./testing/spawn-server.ts";

const program = join(import.meta.dirname, "testing/crashing-server.ts");

// Each test starts several servers, one after the other.
vi.setConfig({ testTimeout: 60_000 });

let root: string;
let folder: string;
let dataDir: string;
let running: SpawnedServer[];

beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "cairn-crash-")));
  folder = join(root, "work");
  dataDir = join(root, "data");
  running = [];
  await mkdir(folder);
});
afterEach(async () => {
  for (const server of running) await server.kill();
  await rm(root, { recursive: true, force: true });
});

async function serve(crashAt?: string) {
  const env: Record<string, string> = crashAt === undefined ? {} : { CAIRN_CRASH_AT: crashAt };
  const server = new SpawnedServer({ dataDir, program, env });
  running.push(server);
  await server.start();
  const token = (await readFile(join(dataDir, "token"), "utf8")).trim();
  const call = <M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> =>
    callOver({ url: server.url, token }, method, params);
  return { server, call };
}

/** Two checkpoints of different folders, and the folder as the second has it. */
async function plant() {
  const { server, call } = await serve();
  writeTree(folder, {
    "kept.txt": "same\n",
    "edited.txt": "before\n",
    "gone.bin": Buffer.from([0, 1, 2, 255]),
    "run.sh": { file: "#!/bin/sh\n", mode: 0o755 },
    link: { link: "edited.txt" },
    "empty/": {},
    becomes: "a file\n",
  });
  const { session_id } = await call("create_session", { workspace: folder });
  const first = await call("checkpoint", { session_id, message: "first" });
  const firstTree = listTree(folder);
  await rm(join(folder, "gone.bin"));
  await rm(join(folder, "becomes"));
  await rm(join(folder, "empty"), { recursive: true });
  writeTree(folder, { "becomes/inner.txt": "a folder now\n", "new.txt": "new\n" });
  await writeFile(join(folder, "edited.txt"), "after\n");
  const secondTree = listTree(folder);
  await server.end();
  return { session_id, target: first.checkpoint_id, firstTree, secondTree };
}

const idempotency_key = "the restore that is cut";

/** Restores until the server dies there, and resolves once it is dead. */
async function crashDuring(
  crashAt: string,
  session_id: string,
  checkpoint_id: string,
  key = idempotency_key,
) {
  const { server, call } = await serve(crashAt);
  const params = { session_id, checkpoint_id, idempotency_key: key };
  const restoring = call("restore", params);
  await expect(restoring).rejects.toThrow("fetch failed");
  expect(await server.end("SIGTERM")).toBe("SIGKILL");
}

/** What every test looks at once the server is back. */
async function look(call: Awaited<ReturnType<typeof serve>>["call"], session_id: string) {
  const { session } = await call("get_session", { session_id });
  const { events } = await call("list_events", { session_id });
  const { operations } = await call("list_operations", { session_id });
  expect(session.status).toBe("open");
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_event, index) => index + 1));
  expect(await call("validate", { deep: true })).toMatchObject({ invalid: 0 });
  return { head: session.head, types: events.map(({ event_type }) => event_type), operations };
}

test("killed before the safety checkpoint is committed, nothing has happened", async () => {
  const { session_id, target, secondTree } = await plant();
  await crashDuring("phase:prepared", session_id, target);
  const { server, call } = await serve();
  expect(listTree(folder)).toEqual(secondTree);
  expect(await look(call, session_id)).toEqual({
    head: target,
    types: ["session_created", "checkpoint_created"],
    operations: [],
  });
  expect(await server.end()).toBe(0);
});

const takenBack = ["applying", "applying:0", "applying:2", "applying:5"];
const finished = ["applied", "settling"];

test.each([
  ...takenBack.map((phase) => ({ phase, side: "before", status: "rolled_back" })),
  ...finished.map((phase) => ({ phase, side: "after", status: "done" })),
])("killed at $phase, a restart finds the folder exactly $side", async ({ phase, status }) => {
  const { session_id, target, firstTree, secondTree } = await plant();
  await crashDuring(`phase:${phase}`, session_id, target);

  const { server, call } = await serve();
  const isBefore = status === "rolled_back";
  expect(listTree(folder)).toEqual(isBefore ? secondTree : firstTree);
  const { head, types, operations } = await look(call, session_id);
  const end = isBefore ? "operation_updated" : "checkpoint_restored";
  expect(types).toEqual(["session_created", "checkpoint_created", "checkpoint_created", end]);
  expect(operations).toMatchObject([{ kind: "restore", status }]);
  const safety = operations[0]?.safety_checkpoint_id ?? "";
  expect(head).toBe(isBefore ? safety : target);
  // The safety checkpoint is whole: it gives the folder of before back, also now.
  await call("restore", { session_id, checkpoint_id: safety });
  expect(listTree(folder)).toEqual(secondTree);
  expect(await server.end()).toBe(0);
});

test("an undo that is cut after its last step is finished at the start", async () => {
  const { session_id, target, firstTree, secondTree } = await plant();
  const first = await serve();
  await first.call("restore", { session_id, checkpoint_id: target });
  await first.server.end();
  const crashing = await serve("phase:applied");
  await expect(crashing.call("undo", { session_id })).rejects.toThrow("fetch failed");
  expect(await crashing.server.end()).toBe("SIGKILL");

  const { call } = await serve();
  expect(listTree(folder)).toEqual(secondTree);
  const { operations } = await call("list_operations", { session_id });
  expect(operations.map(({ kind, status, next }) => [kind, status, next])).toEqual([
    ["undo", "done", "redo"],
    ["restore", "done", null],
  ]);
  await call("redo", { session_id });
  expect(listTree(folder)).toEqual(firstTree);
});

test.each(finished)(
  "[IDM1] a restore that is killed at %s is not done again under its key: its end is answered",
  async (phase) => {
    const { session_id, target, firstTree } = await plant();
    await crashDuring(`phase:${phase}`, session_id, target);
    const { call } = await serve();
    const params = { session_id, checkpoint_id: target, idempotency_key };
    // Edited meanwhile: doing it twice would take this away.
    writeTree(folder, { "since.txt": "later\n" });
    const answer = await call("restore", params);
    expect(await call("restore", params)).toEqual(answer);
    expect(listTree(folder, (path) => path === "since.txt")).toEqual(firstTree);
    expect(await readFile(join(folder, "since.txt"), "utf8")).toBe("later\n");
    const { operations } = await call("list_operations", { session_id });
    expect(operations).toMatchObject([{ kind: "restore", status: "done" }]);
    expect(answer).toEqual({
      operation_id: operations[0]?.operation_id,
      safety_checkpoint_id: operations[0]?.safety_checkpoint_id,
      checkpoint_id: target,
      status: "restored",
      differences: [],
      state: null,
    });
    const other = call("restore", { ...params, paths: ["kept.txt"] });
    await expect(other).rejects.toMatchObject({ code: "idempotency_conflict" });
  },
);

test.each(["prepared", "applying:2"])(
  "[IDM4] a restore that is killed at %s and taken back leaves its key free: it is done once",
  async (phase) => {
    const { session_id, target, firstTree } = await plant();
    await crashDuring(`phase:${phase}`, session_id, target);
    const { call } = await serve();
    const params = { session_id, checkpoint_id: target, idempotency_key };
    const answer = await call("restore", params);
    expect(await call("restore", params)).toEqual(answer);
    expect(listTree(folder)).toEqual(firstTree);
    const { operations } = await call("list_operations", { session_id });
    expect(operations.filter(({ status }) => status === "done")).toHaveLength(1);
  },
);

test("[IDM4] nor does the operation_id that the page gave keep it from being done", async () => {
  const { session_id, target, firstTree } = await plant();
  const { server, call } = await serve("phase:applying:2");
  const operation_id = randomUUID();
  const params = { session_id, checkpoint_id: target, operation_id, idempotency_key };
  await expect(call("restore", params)).rejects.toThrow("fetch failed");
  await server.end();
  const again = await serve();
  const answer = await again.call("restore", params);
  expect(await again.call("restore", params)).toEqual(answer);
  expect(listTree(folder)).toEqual(firstTree);
  const { operations } = await again.call("list_operations", { session_id });
  expect(operations).toMatchObject([
    { operation_id: answer.operation_id, status: "done" },
    { operation_id, status: "rolled_back" },
  ]);
  // For anybody else it is taken.
  const other = again.call("restore", { session_id, checkpoint_id: target, operation_id });
  await expect(other).rejects.toMatchObject({ code: "invalid_params" });
});

test("[IDM1] an undo that is cut after its last step is not done again under its key", async () => {
  const { session_id, target, secondTree } = await plant();
  const first = await serve();
  const restored = await first.call("restore", { session_id, checkpoint_id: target });
  await first.server.end();
  const crashing = await serve("phase:applied");
  const undoing = crashing.call("undo", { session_id, idempotency_key });
  await expect(undoing).rejects.toThrow("fetch failed");
  expect(await crashing.server.end()).toBe("SIGKILL");

  const { call } = await serve();
  const answer = await call("undo", { session_id, idempotency_key });
  expect(answer).toMatchObject({
    status: "restored",
    undone: { operation_id: restored.operation_id, undone_by: answer.operation_id },
  });
  expect(listTree(folder)).toEqual(secondTree);
  const { operations } = await call("list_operations", { session_id });
  expect(operations.map(({ kind }) => kind)).toEqual(["undo", "restore"]);
});

test("two folders out of reach at the start: each session works again once both are back", async () => {
  const plain = await serve();
  const cut: { session_id: string; target: string; work: string }[] = [];
  for (const name of ["one", "two"]) {
    const work = join(root, name);
    writeTree(work, { "a.txt": "1", "b.txt": "1" });
    const { session_id } = await plain.call("create_session", { workspace: work });
    const { checkpoint_id } = await plain.call("checkpoint", { session_id });
    writeTree(work, { "a.txt": "2", "b.txt": "2" });
    cut.push({ session_id, target: checkpoint_id, work });
  }
  await plain.server.end();
  for (const { session_id, target, work } of cut) {
    await crashDuring("phase:applying:0", session_id, target, session_id);
    await rename(work, `${work}-away`);
  }
  const { call } = await serve();
  for (const { session_id, work } of cut) {
    const { session } = await call("get_session", { session_id });
    expect(session.status).toBe("recovery_pending");
    await rename(`${work}-away`, work);
  }
  // The first to be asked for resolves both folders.
  for (const { session_id, work } of cut) {
    await call("checkpoint", { session_id });
    expect((await look(call, session_id)).operations).toMatchObject([{ status: "rolled_back" }]);
    expect(await readFile(join(work, "a.txt"), "utf8")).toBe("2");
  }
});
