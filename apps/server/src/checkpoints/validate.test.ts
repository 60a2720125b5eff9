import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { callService } from "../testing/call-service.ts";
import { memoryFolder, startTestService, type TestService } from "../testing/service.ts";

let cairn: TestService;
beforeEach(async () => {
  cairn = await startTestService(memoryFolder);
});
afterEach(async () => {
  await cairn.stop();
  if (cairn.warnings.length > 0) throw new Error("warned", { cause: cairn.warnings });
});

const call: ReturnType<typeof callService> = (method, params) =>
  callService(cairn.service)(method, params);

/** Turns a bit of a stored content that cannot be compressed; the same again turns it back. */
async function flip(content: Buffer): Promise<void> {
  const packs = path.join(cairn.dataDir, "store/packs");
  for (const name of await readdir(packs)) {
    const file = path.join(packs, name);
    const bytes = await readFile(file);
    // The end is left as it is: a turned bit is found, and the content is found again.
    const at = bytes.indexOf(content.subarray(-64));
    if (at < 0) continue;
    const place = at - content.length + 64 + 10;
    const handle = await open(file, "r+");
    await handle.write(Buffer.from([(bytes[place] ?? 0) ^ 1]), 0, 1, place);
    await handle.close();
    return;
  }
  throw new Error("this content is in no pack");
}

async function scene() {
  const folder = await cairn.folder();
  await mkdir(path.join(folder, "deep"));
  const { session_id } = await call("create_session", { workspace: folder });
  const write = (name: string, content: Buffer) => writeFile(path.join(folder, name), content);
  const read = (name: string) => readFile(path.join(folder, name));
  const take = async () => (await call("checkpoint", { session_id })).checkpoint_id;
  const damaged = async (checkpoint_id: string) =>
    (await call("get_checkpoint", { session_id, checkpoint_id })).checkpoint.damaged;
  const events = async () => (await call("list_events", { session_id, limit: 200 })).events;
  return { folder, session_id, write, read, take, damaged, events };
}

test("[VAL1] a turned bit is found by reading back: named with its object, paths and checkpoints", async () => {
  const { session_id, write, read, take, damaged, events } = await scene();
  const [content, other] = [randomBytes(300_000), randomBytes(300_000)];
  await write("whole.bin", other);
  const sound = await take();
  await write("deep/broken.bin", content);
  const broken = await take();
  await write("later.txt", Buffer.from("later"));
  const later = await take();
  await flip(content);

  expect(await call("validate", { session_id })).toMatchObject({ valid: 3, invalid: 0 });
  const found = await call("validate", { session_id, deep: true });
  expect(found).toMatchObject({ valid: 1, invalid: 2, skipped: 0 });
  expect(new Map(found.problems.map((each) => [each.checkpoint_id, each.path]))).toEqual(
    new Map([
      [broken, "deep/broken.bin"],
      [later, "deep/broken.bin"],
    ]),
  );
  expect(found.problems).toHaveLength(2);
  for (const { object } of found.problems) expect(object).toMatch(/^[0-9a-f]{64}$/);
  expect([await damaged(sound), await damaged(broken), await damaged(later)]).toEqual([
    false,
    true,
    true,
  ]);
  const marked = (await events()).filter((event) => event.event_type === "checkpoint_updated");
  expect(marked.map((event) => event.checkpoint?.damaged)).toEqual([true, true]);

  // Nothing has the content in memory from here on.
  await cairn.restart();
  // All else can be restored; what is broken stays as it is, and is said.
  await write("deep/broken.bin", Buffer.from("mine"));
  await write("whole.bin", Buffer.from("mine"));
  const plan = await call("plan_restore", { session_id, checkpoint_id: broken });
  expect(plan.warnings.map(({ code }) => code)).toContain("damaged_target");
  const restored = await call("restore", { session_id, checkpoint_id: broken });
  expect(restored.status).toBe("restored_with_differences");
  expect(restored.differences).toMatchObject([{ path: "deep/broken.bin", reason: "damaged" }]);
  expect((await read("whole.bin")).equals(other)).toBe(true);
  expect((await read("deep/broken.bin")).toString()).toBe("mine");

  await flip(content);
  expect(await call("validate", { session_id, deep: true })).toMatchObject({ invalid: 0 });
  expect([await damaged(broken), await damaged(later)]).toEqual([false, false]);
});

test("[VAL1] a validation tells how it gets on, and marks nothing once it is cancelled", async () => {
  const { session_id, write, take, damaged } = await scene();
  const content = randomBytes(300_000);
  await write("a.bin", content);
  const checkpoint_id = await take();
  await flip(content);
  const told: unknown[] = [];
  cairn.service.onProgress(({ data }) => told.push(data));
  const operation_id = crypto.randomUUID();
  const validating = call("validate", { deep: true, operation_id }).catch(
    (error: unknown) => error,
  );
  expect(await call("cancel", { operation_id })).toEqual({ cancelled: true });
  expect(await validating).toMatchObject({ code: "cancelled" });
  expect(await damaged(checkpoint_id)).toBe(false);
  await call("validate", { session_id, deep: true, operation_id });
  expect(told).toContainEqual(expect.objectContaining({ session_id, operation_id }));
  expect(await damaged(checkpoint_id)).toBe(true);
});

test("[VAL2] repair heals what a folder still holds, and says what stays broken", async () => {
  const { session_id, write, read, take, damaged } = await scene();
  const [held, gone] = [randomBytes(300_000), randomBytes(300_000)];
  await write("held.bin", held);
  await write("gone.bin", gone);
  const first = await take();
  await write("gone.bin", Buffer.from("something else"));
  const second = await take();
  await flip(held);
  await flip(gone);
  expect(await call("validate", { deep: true })).toMatchObject({ valid: 0, invalid: 2 });
  const repaired = await call("repair", {});
  expect(repaired).toMatchObject({ healed: 1, valid: 1, invalid: 1 });
  expect(repaired.problems).toMatchObject([{ checkpoint_id: first, path: "gone.bin" }]);
  expect([await damaged(first), await damaged(second)]).toEqual([true, false]);
  await write("held.bin", Buffer.from("changed"));
  await call("restore", { session_id, checkpoint_id: second });
  expect((await read("held.bin")).equals(held)).toBe(true);
  expect(await call("validate", { session_id, deep: true })).toMatchObject({ invalid: 1 });
});

test("[VAL2] the next pages are of what the first found", async () => {
  const { session_id, write, take } = await scene();
  const content = randomBytes(300_000);
  await write("a.bin", content);
  const ids = [await take(), await take(), await take()];
  await flip(content);
  const pages = [await call("validate", { session_id, deep: true, limit: 2 })];
  // Were it checked again, nothing would be found.
  await flip(content);
  const cursor = pages[0]?.next_cursor ?? "";
  pages.push(await call("validate", { session_id, deep: true, limit: 2, cursor }));
  const found = pages.flatMap(({ problems }) => problems.map((each) => each.checkpoint_id));
  expect(found.toSorted()).toEqual(ids.toSorted());
  expect(pages.map(({ invalid, next_cursor }) => [invalid, next_cursor !== undefined])).toEqual([
    [3, true],
    [3, false],
  ]);
  for (const wrong of [cursor, "x", `${crypto.randomUUID()}.4`]) {
    await expect(call("validate", { session_id, cursor: wrong })).rejects.toMatchObject({
      code: "invalid_params",
    });
  }
});

test("[VAL1] one checkpoint, or all of a session; a checkpoint needs its session", async () => {
  const [a, b] = [await scene(), await scene()];
  const ids = [await a.take(), await a.take(), await b.take()];
  const counted = async (params: Parameters<typeof call<"validate">>[1]) =>
    (await call("validate", params)).valid;
  const { session_id } = a;
  const one = { session_id, checkpoint_id: ids[0] ?? "" };
  expect([await counted(one), await counted({ session_id }), await counted({})]).toEqual([1, 2, 3]);
  await expect(counted({ checkpoint_id: ids[0] ?? "" })).rejects.toMatchObject({
    code: "invalid_params",
  });
});
