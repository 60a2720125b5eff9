import { writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { callService } from "../testing/call-service.ts";
import { memoryFolder, startTestService, type TestService } from "../testing/service.ts";

const day = 24 * 60 * 60 * 1000;

let cairn: TestService;
beforeEach(async () => {
  cairn = await startTestService(memoryFolder);
});
afterEach(async () => await cairn.stop());

const call: ReturnType<typeof callService> = (method, params) =>
  callService(cairn.service)(method, params);

async function scene() {
  const folder = await cairn.folder();
  const { session_id } = await call("create_session", { workspace: folder });
  const edit = async (text: string) => await writeFile(path.join(folder, "a.txt"), text);
  const made = async (text: string): Promise<string> => {
    await edit(text);
    return (await call("checkpoint", { session_id })).checkpoint_id;
  };
  /** What `list_operations` says that undo, or redo, takes next. */
  const offered = async (next: "undo" | "redo") => {
    const { operations } = await call("list_operations", { session_id });
    return operations.find((operation) => operation.next === next)?.operation_id ?? null;
  };
  const purge = async (checkpoint_id: string) =>
    await call("delete", { session_id, checkpoint_id, permanent: true });
  return { session_id, edit, made, offered, purge };
}

describe("what list_operations offers to undo", () => {
  test("is what undo then does, past deletes and restores whose checkpoints were purged", async () => {
    const { session_id, edit, made, offered, purge } = await scene();
    const [one, two] = [await made("1"), await made("2")];
    const old = await call("delete", { session_id, checkpoint_id: one });
    await edit("3");
    const restored = await call("restore", { session_id, checkpoint_id: two });
    const spare = await made("4");
    const deleted = await call("delete", { session_id, checkpoint_id: spare });
    expect(await offered("undo")).toBe(deleted.operation_id);
    await purge(spare);
    expect(await offered("undo")).toBe(restored.operation_id);
    await purge(restored.safety_checkpoint_id ?? "");
    expect(await offered("undo")).toBe(old.operation_id);
    const { undone } = await call("undo", { session_id });
    expect(undone.operation_id).toBe(old.operation_id);
    expect(await offered("undo")).toBeNull();
    await expect(call("undo", { session_id })).rejects.toMatchObject({ code: "nothing_to_undo" });
  });

  test("is a delete of which something can still be taken out of the trash", async () => {
    const { session_id, made, offered } = await scene();
    const ids = [await made("1"), await made("2"), await made("3"), await made("4")];
    const compacted = await call("compact", { session_id, keep_recent: 1 });
    expect(compacted.removed).toHaveLength(3);
    for (const checkpoint_id of ids.slice(0, 2)) {
      await call("delete", { session_id, checkpoint_id, permanent: true });
    }
    expect(await offered("undo")).toBe(compacted.operation_id);
    await call("undo", { session_id });
    const { checkpoints } = await call("list_checkpoints", { session_id, order: "asc" });
    expect(checkpoints.map(({ checkpoint_id }) => checkpoint_id)).toEqual(ids.slice(2));
  });

  test("is nothing once the trash was emptied by its days", async () => {
    const { session_id, made, offered } = await scene();
    const checkpoint_id = await made("1");
    await made("2");
    const { operation_id } = await call("delete", { session_id, checkpoint_id });
    await cairn.service.upkeep.run();
    expect(await offered("undo")).toBe(operation_id);
    cairn.advance(8 * day);
    await cairn.service.upkeep.run();
    expect(await offered("undo")).toBeNull();
  });

  test("is not looked for again among what the emptied trash has taken off the stack", async () => {
    const { session_id, edit, made, offered } = await scene();
    const base = await made("1");
    await edit("2");
    const kept = await call("restore", { session_id, checkpoint_id: base });
    const gone: string[] = [];
    for (let n = 3; n < 8; n += 1) {
      const checkpoint_id = await made(`${n}`);
      gone.push((await call("delete", { session_id, checkpoint_id })).operation_id);
    }
    await cairn.service.upkeep.run();
    expect((await cairn.store.nextUndo(session_id))?.operation_id).toBe(gone.at(-1));
    cairn.advance(8 * day);
    await cairn.service.upkeep.run();
    // The store's own answer, of which nothing has to be walked over.
    expect((await cairn.store.nextUndo(session_id))?.operation_id).toBe(kept.operation_id);
    expect(await offered("undo")).toBe(kept.operation_id);
    const operation_id = gone[0] ?? "";
    await expect(call("undo", { session_id, operation_id })).rejects.toMatchObject({
      code: "nothing_to_undo",
      message: expect.stringContaining("deleted for good"),
    });
  });
});

test("no redo is offered whose safety checkpoint a policy has removed and the trash let go of", async () => {
  const { session_id, edit, made, offered } = await scene();
  const first = await made("1");
  await made("2");
  await edit("3");
  await call("restore", { session_id, checkpoint_id: first });
  const undo = await call("undo", { session_id });
  const { operation_id } = undo;
  await made("5");
  expect(await offered("redo")).toBe(operation_id);
  const retention = { keep_recent: 2, every_hours: 24 };
  await call("update_session", { session_id, settings: { retention } });
  // A safety checkpoint is special for a week; then the policy takes it, and a week later it goes.
  for (let n = 0; n < 3; n += 1) {
    await cairn.service.upkeep.run();
    cairn.advance(8 * day);
  }
  await cairn.service.upkeep.run();
  const checkpoint_id = undo.safety_checkpoint_id ?? "";
  await expect(call("get_checkpoint", { session_id, checkpoint_id })).rejects.toMatchObject({
    code: "checkpoint_not_found",
    message: expect.stringContaining("for good"),
  });
  expect(await offered("redo")).toBeNull();
  await expect(call("redo", { session_id })).rejects.toMatchObject({ code: "nothing_to_redo" });
});
