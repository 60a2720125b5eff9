import { mkdir, readdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ProtocolError } from "@cairn/shared/errors";
import type { MethodName, Params, Result } from "@cairn/shared/methods";
import { methods } from "@cairn/shared/methods";
import type { ServiceMethod } from "../service.ts";
import { startTestService, tester, type TestService } from "../testing/service.ts";

let cairn: TestService;
beforeEach(async () => {
  cairn = await startTestService();
});
afterEach(() => cairn.stop());

async function call<M extends ServiceMethod>(method: M, params: Params<M>): Promise<Result<M>> {
  const rule = methods[method as MethodName];
  const handler = cairn.service[method] as (p: unknown, c: unknown) => Promise<Result<M>>;
  return await handler(rule.params.parse(params), tester);
}

/** A session whose folder has one checkpoint, with `1`, and holds `2` now. */
async function changed() {
  const folder = await cairn.folder();
  const file = path.join(folder, "a.txt");
  await writeFile(file, "1");
  const { session_id } = await call("create_session", { workspace: folder });
  const { checkpoint_id } = await call("checkpoint", { session_id });
  await writeFile(file, "2");
  return { session_id, checkpoint_id, folder, read: () => readFile(file, "utf8") };
}

test("one operation_id in several sessions at once: one restore, the other folders untouched", async () => {
  const all = await Promise.all([changed(), changed(), changed()]);
  const operation_id = crypto.randomUUID();
  const ended = await Promise.allSettled(
    all.map(({ session_id, checkpoint_id }) =>
      call("restore", { session_id, checkpoint_id, operation_id }),
    ),
  );
  const refused = ended.filter((each) => each.status === "rejected");
  expect(refused.map(({ reason }) => (reason as ProtocolError).code)).toEqual([
    "invalid_params",
    "invalid_params",
  ]);
  for (const [i, { read, session_id }] of all.entries()) {
    const result = ended[i];
    expect(await read()).toBe(result?.status === "fulfilled" ? "1" : "2");
    // No folder is left locked.
    await call("checkpoint", { session_id });
  }
});

test("a compaction refuses an operation_id that is taken", async () => {
  const { session_id } = await changed();
  const params = { session_id, keep_recent: 1, operation_id: crypto.randomUUID() };
  await call("compact", params);
  await expect(call("compact", params)).rejects.toHaveProperty("code", "invalid_params");
});

test("a session undeleted before its purge stays, with what is checkpointed in it", async () => {
  const { session_id, checkpoint_id } = await changed();
  await call("delete_session", { session_id, permanent: true });
  await call("undelete_session", { session_id });
  const second = await call("checkpoint", { session_id });
  // Waits for the purge that was due.
  await cairn.restart();
  const { checkpoints } = await call("list_checkpoints", { session_id });
  expect(checkpoints.map((each) => each.checkpoint_id)).toEqual([
    second.checkpoint_id,
    checkpoint_id,
  ]);
});

test("a restore whose end cannot be written is taken back, and the folder is not left locked", async () => {
  const { session_id, checkpoint_id, read } = await changed();
  const { store } = cairn;
  const transact = store.transact.bind(store);
  let calls = 0;
  store.transact = async (work) => {
    calls += 1;
    // The first commits safety checkpoint and pending operation.
    if (calls === 2) throw new Error("the disk is full");
    return await transact(work);
  };
  await expect(call("restore", { session_id, checkpoint_id })).rejects.toThrow("the disk is full");
  store.transact = transact;
  expect(await read()).toBe("2");
  await call("checkpoint", { session_id });
  const { operations } = await call("list_operations", { session_id });
  expect(operations[0]).toMatchObject({ kind: "restore", status: "failed" });
});

test("a copy is not restored into another session's folder", async () => {
  const { session_id, checkpoint_id } = await changed();
  const other = await changed();
  const inside = path.join(other.folder, "empty");
  await mkdir(inside);
  for (const into of [inside, `${inside}/new`, `${inside}/`]) {
    const params = { session_id, checkpoint_id, into };
    await expect(call("plan_restore", params)).rejects.toHaveProperty("code", "invalid_params");
    await expect(call("restore", params)).rejects.toHaveProperty("code", "invalid_params");
  }
  expect(await readdir(inside)).toEqual([]);
});

test("a copy into a new folder named with a slash goes there, not into the folder above", async () => {
  const { session_id, checkpoint_id } = await changed();
  const above = await cairn.folder();
  await call("restore", { session_id, checkpoint_id, into: `${above}/new/` });
  expect(await readdir(above)).toEqual(["new"]);
});

test("a link in the workspace's place is not followed to another folder", async () => {
  const { session_id, folder } = await changed();
  const other = await changed();
  await rename(folder, `${folder}-moved`);
  await symlink(other.folder, folder);
  await expect(call("checkpoint", { session_id })).rejects.toHaveProperty(
    "code",
    "workspace_unavailable",
  );
});

test("a restore of another folder is not undone in the one that the session was moved to", async () => {
  const { session_id, checkpoint_id } = await changed();
  const other = await cairn.folder();
  const precious = path.join(other, "precious.txt");
  await writeFile(precious, "never checkpointed");
  const { safety_checkpoint_id } = await call("restore", { session_id, checkpoint_id });
  await call("restore", { session_id, checkpoint_id });
  await call("undo", { session_id });
  await call("update_session", { session_id, workspace: other });
  await expect(call("undo", { session_id })).rejects.toHaveProperty("code", "nothing_to_undo");
  await expect(call("redo", { session_id })).rejects.toHaveProperty("code", "nothing_to_redo");
  expect(await readFile(precious, "utf8")).toBe("never checkpointed");
  // By choice, and with an undo of its own.
  await call("restore", { session_id, checkpoint_id: safety_checkpoint_id ?? "" });
  await call("undo", { session_id });
  expect(await readdir(other)).toEqual(["precious.txt"]);
});

test("an operation whose checkpoints were purged does not block the undo of older ones", async () => {
  const { session_id, checkpoint_id, read } = await changed();
  const second = await call("checkpoint", { session_id });
  await call("restore", { session_id, checkpoint_id });
  const later = await call("restore", { session_id, checkpoint_id: second.checkpoint_id });
  const purged = later.safety_checkpoint_id ?? "";
  await call("delete", { session_id, checkpoint_id: purged, permanent: true });
  const spare = await call("checkpoint", { session_id });
  await call("delete", { session_id, checkpoint_id: spare.checkpoint_id });
  const { checkpoint_id: gone } = spare;
  await call("delete", { session_id, checkpoint_id: gone, permanent: true });
  await call("restore", { session_id, checkpoint_id });
  await call("undo", { session_id });
  const undone = await call("undo", { session_id });
  expect(undone).toMatchObject({ status: "restored", undone: { checkpoint_id } });
  expect(await read()).toBe("2");
});

test("a head that was deleted for good and collected does not keep others from being made or restored", async () => {
  const { session_id, checkpoint_id, folder, read } = await changed();
  await writeFile(path.join(folder, "big.txt"), "only here ".repeat(1000));
  const head = await call("checkpoint", { session_id });
  await call("delete", { session_id, checkpoint_id: head.checkpoint_id, permanent: true });
  expect((await call("collect", {})).removed_objects).toBeGreaterThan(0);
  const { session } = await call("get_session", { session_id });
  expect(session.head).toBe(head.checkpoint_id);
  await call("restore", { session_id, checkpoint_id });
  expect(await read()).toBe("1");
  await call("undo", { session_id });
  expect(await read()).toBe("2");
  await writeFile(path.join(folder, "a.txt"), "3");
  const { checkpoint } = await call("checkpoint", { session_id });
  expect(await call("validate", { deep: true })).toMatchObject({ invalid: 0 });
  expect(checkpoint.files).toBe(2);
});

test("what lay on a purged head is captured again, whole", async () => {
  const { session_id, folder } = await changed();
  const gone = await call("checkpoint", { session_id });
  await call("delete", { session_id, checkpoint_id: gone.checkpoint_id, permanent: true });
  await call("collect", {});
  const again = await call("checkpoint", { session_id });
  const { checkpoint } = again;
  expect(checkpoint).toMatchObject({ parent_id: gone.checkpoint_id, files: 1 });
  expect(await call("validate", { deep: true })).toMatchObject({ invalid: 0 });
  await writeFile(path.join(folder, "a.txt"), "later");
  const plan = await call("plan_restore", { session_id, checkpoint_id: again.checkpoint_id });
  expect(plan.counts).toMatchObject({ modified: 1 });
});
