// What is asked for and cannot be done: each has a typed error whose sentence says what to do, and
// has changed nothing.
import { randomUUID } from "node:crypto";
import { closeSync, fstatSync, openSync, readdirSync, readFileSync, writeSync } from "node:fs";
import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import type { ErrorCode } from "@cairn/shared/errors";
import { ProtocolError } from "@cairn/shared/errors";
import type { Params } from "@cairn/shared/methods";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ServiceMethod } from "../service.ts";
import { callService } from "../testing/call-service.ts";
import { memoryFolder, startTestService, type TestService } from "../testing/service.ts";

let cairn: TestService;
beforeEach(async () => {
  cairn = await startTestService(memoryFolder);
});
afterEach(async () => await cairn.stop());

const call: ReturnType<typeof callService> = (method, params) =>
  callService(cairn.service)(method, params);

type Bad = {
  [M in ServiceMethod]: [ErrorCode, says: RegExp, method: M, params: Params<M>];
}[ServiceMethod];

async function refusal(method: ServiceMethod, params: object): Promise<ProtocolError> {
  const ended = await call(method, params as never).catch((error: unknown) => error);
  if (ended instanceof ProtocolError) return ended;
  throw new Error(`${method} ${JSON.stringify(params)} was not refused`, { cause: ended });
}

/** A session with a checkpoint of `1` in `a.txt`, where `2` stands now. */
async function scene() {
  const folder = await cairn.folder();
  await mkdir(path.join(folder, "sub"));
  await writeFile(path.join(folder, "a.txt"), "1");
  const { session_id } = await call("create_session", { workspace: folder });
  const { checkpoint_id } = await call("checkpoint", { session_id });
  await writeFile(path.join(folder, "a.txt"), "2");
  return { folder, session_id, checkpoint_id };
}

/** Everything that a refused call might have changed. */
async function standing(session_id: string, folders: string[]) {
  const { session } = await call("get_session", { session_id });
  const { operations } = await call("list_operations", { session_id });
  const files = folders.map((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .map((entry) => {
        const name = path.join(entry.parentPath, entry.name);
        return entry.isFile() ? `${name}: ${readFileSync(name, "utf8")}` : name;
      })
      .toSorted(),
  );
  return { session, operations, files };
}

/** Those that are not refused as they should be, and what any of them has changed. */
async function notRefused(session_id: string, folders: string[], all: Bad[]): Promise<unknown[]> {
  const before = await standing(session_id, folders);
  const odd: unknown[] = [];
  for (const [code, says, method, params] of all) {
    const error = await refusal(method, params);
    if (error.code === code && says.test(error.message)) continue;
    odd.push({ method, params, code: error.code, message: error.message });
  }
  expect(await standing(session_id, folders)).toEqual(before);
  return odd;
}

test("a path outside the folder, or none at all", async () => {
  const { session_id, checkpoint_id, folder } = await scene();
  const outside = await cairn.folder("outside");
  await writeFile(path.join(outside, "mine.txt"), "not yours");
  await symlink(outside, path.join(folder, "link"));
  const ids = { session_id, checkpoint_id };
  const all: Bad[] = [];
  for (const bad of ["../outside-2/mine.txt", "/etc/passwd", "sub/../../x", "a\0b"]) {
    all.push(["invalid_params", /path/, "restore", { ...ids, paths: [bad] }]);
    all.push(["invalid_params", /path/, "plan_restore", { ...ids, paths: [bad] }]);
    all.push(["invalid_params", /path/, "list_files", { ...ids, path: bad }]);
  }
  all.push(["not_found", /./, "restore", { ...ids, paths: [".git/config"] }]);
  all.push(["not_found", /./, "restore", { ...ids, paths: ["link/mine.txt"] }]);
  expect(await notRefused(session_id, [folder, outside], all)).toEqual([]);
});

test("a folder for a copy that is a workspace, in it, around it, in the data, or not empty", async () => {
  const { session_id, checkpoint_id, folder } = await scene();
  const full = await cairn.folder("full");
  await writeFile(path.join(full, "mine.txt"), "not yours");
  const all: Bad[] = [
    folder,
    path.join(folder, "sub"),
    path.dirname(folder),
    path.join(cairn.dataDir, "copy"),
    full,
    "relative",
  ].map((into) => [
    "invalid_params",
    /[Cc]hoose|empty|absolute/,
    "restore",
    { session_id, checkpoint_id, into },
  ]);
  expect(await notRefused(session_id, [folder, full], all)).toEqual([]);
});

test("a folder that is gone", async () => {
  const { session_id, checkpoint_id, folder } = await scene();
  const gone = `${folder}-moved`;
  const [other, ids] = [await cairn.folder("other"), { session_id, checkpoint_id }];
  await rename(folder, gone);
  expect(
    await notRefused(
      session_id,
      [gone, other],
      [
        ["workspace_unavailable", /Bring it back/, "checkpoint", { session_id }],
        [
          "workspace_unavailable",
          /there/,
          "diff",
          { session_id, from: checkpoint_id, to: "workspace" },
        ],
        ["workspace_unavailable", /Make it first/, "create_session", { workspace: folder }],
        [
          "workspace_unavailable",
          /Make it first/,
          "update_session",
          { session_id, workspace: folder },
        ],
        ["workspace_unavailable", /there|no folder/, "scan_workspace", { path: folder }],
        ["invalid_params", /absolute/, "create_session", { workspace: "relative" }],
        ["invalid_params", /data folder/, "create_session", { workspace: cairn.dataDir }],
      ],
    ),
  ).toEqual([]);
  // What there is of it can still be looked at, and be had elsewhere.
  const { entries } = await call("list_files", ids);
  expect(entries.map((entry) => entry.path)).toContain("a.txt");
  await call("restore", { ...ids, into: other });
  expect(readFileSync(path.join(other, "a.txt"), "utf8")).toBe("1");
});

test("what is not there, is in the trash, or is closed", async () => {
  const { session_id, checkpoint_id, folder } = await scene();
  const [none, other] = [randomUUID(), await scene()];
  const trashed = (await call("checkpoint", { session_id })).checkpoint_id;
  await call("delete", { session_id, checkpoint_id: trashed });
  const purged = (await call("checkpoint", { session_id })).checkpoint_id;
  await call("delete", { session_id, checkpoint_id: purged, permanent: true });
  const all: Bad[] = [];
  for (const [id, says] of [
    [none, /has no checkpoint/],
    [other.checkpoint_id, /has no checkpoint/],
    [trashed, /in the trash. Undelete it first/],
    [purged, /deleted for good/],
  ] as const) {
    const ids = { session_id, checkpoint_id: id };
    all.push(
      ["checkpoint_not_found", says, "get_checkpoint", ids],
      ["checkpoint_not_found", says, "restore", ids],
      ["checkpoint_not_found", says, "update_checkpoint", { ...ids, pinned: true }],
      ["checkpoint_not_found", says, "annotate", { ...ids, note: "n", severity: "info" }],
      ["checkpoint_not_found", says, "delete", ids],
      ["checkpoint_not_found", says, "validate", ids],
    );
  }
  const goneIds = { session_id, checkpoint_id: purged };
  all.push(
    ["checkpoint_not_found", /for good/, "undelete", goneIds],
    ["invalid_params", /not in the trash/, "undelete", { session_id, checkpoint_id }],
    ["session_not_found", /no session/, "checkpoint", { session_id: none }],
    ["operation_not_found", /no operation/, "undo", { session_id, operation_id: none }],
    ["policy_keeps_nothing", /above 0/, "compact", { session_id, keep_recent: 0 }],
    ["invalid_params", /needs its session_id/, "validate", { checkpoint_id }],
    ["invalid_params", /malformed|no longer kept/, "validate", { cursor: "x" }],
    ["invalid_params", /cursor/, "list_checkpoints", { session_id, cursor: "x" }],
  );
  expect(await notRefused(session_id, [folder], all)).toEqual([]);
  await call("update_session", { session_id, status: "closed" });
  expect(
    await notRefused(
      session_id,
      [folder],
      [
        ["session_closed", /Open it first/, "checkpoint", { session_id }],
        ["session_closed", /Open it first/, "restore", { session_id, checkpoint_id }],
        ["session_closed", /Open it first/, "undo", { session_id }],
        ["session_closed", /Open it first/, "compact", { session_id, keep_recent: 1 }],
        ["session_closed", /Open it first/, "delete", { session_id, checkpoint_id }],
        ["workspace_overlaps", /close that one/, "create_session", { workspace: other.folder }],
      ],
    ),
  ).toEqual([]);
});

test("a plan that is stale, of a restore and of an undo, brings the new one", async () => {
  const { session_id, checkpoint_id, folder } = await scene();
  const file = path.join(folder, "a.txt");
  const { plan_hash } = await call("plan_restore", { session_id, checkpoint_id });
  await writeFile(file, "3");
  const ids = { session_id, checkpoint_id, plan_hash };
  expect(
    await notRefused(session_id, [folder], [["workspace_changed", /./, "restore", ids]]),
  ).toEqual([]);
  const { safety_checkpoint_id } = await call("restore", { session_id, checkpoint_id });
  const back = { session_id, checkpoint_id: safety_checkpoint_id ?? "" };
  const plan = await call("plan_restore", back);
  await writeFile(file, "4");
  const stale = { session_id, plan_hash: plan.plan_hash };
  expect(
    await notRefused(session_id, [folder], [["workspace_changed", /./, "undo", stale]]),
  ).toEqual([]);
  const { details } = await refusal("undo", stale);
  expect(details).toMatchObject({ plan: { plan_hash: expect.any(String) } });
  const { plan: fresh } = details as { plan: { plan_hash: string } };
  await call("undo", { session_id, plan_hash: fresh.plan_hash });
  expect(readFileSync(file, "utf8")).toBe("3");
});

test("a damaged store: what is broken is refused by name, the rest stays usable", async () => {
  const { session_id, checkpoint_id, folder } = await scene();
  const packs = path.join(cairn.dataDir, "store/packs");
  for (const name of readdirSync(packs)) {
    const pack = openSync(path.join(packs, name), "r+");
    writeSync(pack, Buffer.alloc(fstatSync(pack).size - 64), 0, null, 64);
    closeSync(pack);
  }
  expect(
    await notRefused(
      session_id,
      [folder],
      [
        ["damaged", /./, "list_files", { session_id, checkpoint_id }],
        ["damaged", /./, "restore", { session_id, checkpoint_id }],
      ],
    ),
  ).toEqual([]);
  const found = await call("validate", { deep: true });
  expect(found).toMatchObject({ valid: 0, invalid: 1 });
  expect(found.problems[0]).toMatchObject({ checkpoint_id });
  await writeFile(path.join(folder, "a.txt"), "new");
  const made = await call("checkpoint", { session_id });
  const ids = { session_id, checkpoint_id: made.checkpoint_id };
  expect(await call("validate", ids)).toMatchObject({ valid: 1, invalid: 0 });
});

test("a pack that is removed below a running server takes no checkpoint with it that is acknowledged", async () => {
  const { session_id, folder } = await scene();
  const packs = path.join(cairn.dataDir, "store/packs");
  for (const name of readdirSync(packs)) await rm(path.join(packs, name));
  await call("validate", { deep: true });
  await writeFile(path.join(folder, "a.txt"), "new");
  const lost: Bad = ["damaged", /Try again/, "checkpoint", { session_id }];
  expect(await notRefused(session_id, [folder], [lost])).toEqual([]);
  const { checkpoint_id } = await call("checkpoint", { session_id });
  await cairn.restart();
  const found = await call("validate", { session_id, checkpoint_id, deep: true });
  expect(found).toMatchObject({ valid: 1, invalid: 0 });
});
