import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { callService } from "../testing/call-service.ts";
import { memoryFolder, startTestService, type TestService } from "../testing/service.ts";

const hour = 60 * 60 * 1000;
const day = 24 * hour;

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

async function scene() {
  const folder = await cairn.folder();
  const file = path.join(folder, "a.txt");
  const { session_id } = await call("create_session", { workspace: folder });
  /** A checkpoint whose content nothing else has. */
  const made = async (text: string, more: { tags?: string[] } = {}): Promise<string> => {
    await writeFile(file, text);
    return (await call("checkpoint", { session_id, ...more })).checkpoint_id;
  };
  const live = async () =>
    (await call("list_checkpoints", { session_id, order: "asc", limit: 200 })).checkpoints.map(
      ({ checkpoint_id }) => checkpoint_id,
    );
  const trash = async () =>
    (await call("list_trash", { session_id })).checkpoints.map((row) => row.checkpoint_id);
  const types = async () =>
    (await call("list_events", { session_id, limit: 200 })).events.map((event) => event.event_type);
  return { folder, file, session_id, made, live, trash, types };
}

const incompressible = (bytes: number) => randomBytes(bytes).toString("base64");

describe("[TRA1] the trash", () => {
  test("keeps a checkpoint for seven days, then its tombstone and the shown parents stay", async () => {
    const { session_id, made, live, trash, types } = await scene();
    const [one, two, three] = [await made("1"), await made("2"), await made("3")];
    await call("delete", { session_id, checkpoint_id: two });
    await cairn.service.upkeep.run();
    const before = await types();
    cairn.advance(7 * day - hour);
    await cairn.service.upkeep.run();
    expect(await trash()).toEqual([two]);
    cairn.advance(2 * hour);
    await cairn.service.upkeep.run();
    expect([await trash(), await live()]).toEqual([[], [one, three]]);
    const { checkpoint } = await call("get_checkpoint", { session_id, checkpoint_id: three });
    expect([checkpoint.parent_id, checkpoint.shown_parent_id]).toEqual([two, one]);
    await expect(call("undelete", { session_id, checkpoint_id: two })).rejects.toMatchObject({
      code: "checkpoint_not_found",
    });
    await expect(call("undo", { session_id })).rejects.toMatchObject({ code: "nothing_to_undo" });
    // What goes for good was deleted before: nothing new is sent.
    expect(await types()).toEqual(before);
    expect(await call("validate", { deep: true })).toMatchObject({ valid: 2, invalid: 0 });
  });

  test("counts the days anew for what was taken out of it and deleted again", async () => {
    const { session_id, made, trash } = await scene();
    const checkpoint_id = await made("1");
    await call("delete", { session_id, checkpoint_id });
    await cairn.service.upkeep.run();
    cairn.advance(5 * day);
    await call("undo", { session_id });
    await call("delete", { session_id, checkpoint_id });
    await cairn.service.upkeep.run();
    cairn.advance(5 * day);
    await cairn.service.upkeep.run();
    expect(await trash()).toEqual([checkpoint_id]);
    cairn.advance(2 * day);
    await cairn.service.upkeep.run();
    expect(await trash()).toEqual([]);
  });

  test("keeps a safety checkpoint that was deleted as long as its restore can be undone", async () => {
    const { session_id, made, file } = await scene();
    const first = await made("1");
    await writeFile(file, "edited");
    const { safety_checkpoint_id } = await call("restore", { session_id, checkpoint_id: first });
    await call("delete", { session_id, checkpoint_id: safety_checkpoint_id ?? "" });
    await cairn.service.upkeep.run();
    cairn.advance(7 * day - hour);
    await cairn.service.upkeep.run();
    // First the delete, then the restore.
    await call("undo", { session_id });
    await call("delete", { session_id, checkpoint_id: safety_checkpoint_id ?? "" });
    const { operations } = await call("list_operations", { session_id });
    const restore = operations.find(({ kind }) => kind === "restore");
    await call("undo", { session_id, operation_id: restore?.operation_id ?? "" });
    expect(await readFile(file, "utf8")).toBe("edited");
  });

  test("lets go of sessions after seven days, and never touches their folders", async () => {
    const { session_id, made, file } = await scene();
    await made("kept in the folder");
    const other = await scene();
    await other.made("2");
    await call("delete_session", { session_id });
    await cairn.service.upkeep.run();
    cairn.advance(6 * day);
    await cairn.service.upkeep.run();
    expect((await call("list_trash", {})).sessions).toHaveLength(1);
    cairn.advance(day + hour);
    await cairn.service.upkeep.run();
    expect((await call("list_trash", {})).sessions).toEqual([]);
    await expect(call("undelete_session", { session_id })).rejects.toMatchObject({
      code: "session_not_found",
    });
    expect(await readFile(file, "utf8")).toBe("kept in the folder");
    expect(await call("validate", { deep: true })).toMatchObject({ valid: 1, invalid: 0 });
  });

  test("loses nothing to a clock that is set a year ahead and back, nor over a restart of either", async () => {
    const { session_id, made, trash } = await scene();
    const [one, two] = [await made("1"), await made("2")];
    await call("delete", { session_id, checkpoint_id: one });
    await cairn.service.upkeep.run();
    cairn.setClock(365 * day);
    await cairn.service.upkeep.run();
    await call("delete", { session_id, checkpoint_id: two });
    await cairn.restart();
    cairn.advance(2 * hour);
    await cairn.service.upkeep.run();
    expect((await trash()).toSorted()).toEqual([one, two].toSorted());
    cairn.setClock(-365 * day);
    await cairn.service.upkeep.run();
    await cairn.restart();
    cairn.advance(6 * day);
    await cairn.service.upkeep.run();
    expect((await trash()).toSorted()).toEqual([one, two].toSorted());
    // And time that does pass counts, whatever the clock says.
    cairn.setClock(-365 * day);
    cairn.advance(2 * day);
    await cairn.service.upkeep.run();
    expect(await trash()).toEqual([]);
  });
});

test("[LOG2] what is dropped by its age is not for a clock that is set ahead", () => {
  const before = cairn.service.cautiousNow();
  cairn.setClock(365 * day);
  expect(cairn.service.cautiousNow() - before).toBeLessThan(hour);
  cairn.setClock(-2 * 365 * day);
  expect(cairn.service.cautiousNow()).toBe(cairn.now());
});

describe("[CMP4] a policy", () => {
  const retention = { keep_recent: 2, every_hours: 24 };
  const set = (session_id: string, change: object | null) =>
    call("update_session", { session_id, settings: { retention: change as typeof retention } });
  const state = async (session_id: string) =>
    (await call("get_session", { session_id })).session.retention_state;

  test("compacts when it is due, says so, and is no step of undo but can be named", async () => {
    const { session_id, made, live, types } = await scene();
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) ids.push(await made(`${n}`));
    await call("delete", { session_id, checkpoint_id: ids[0] ?? "" });
    await set(session_id, retention);
    await cairn.service.upkeep.run();
    const first = await state(session_id);
    expect(first).toMatchObject({ last_at: null, last_removed: 0 });
    cairn.advance(23 * hour);
    await cairn.service.upkeep.run();
    expect(await live()).toHaveLength(4);
    cairn.advance(hour);
    await cairn.service.upkeep.run();
    expect(await live()).toEqual(ids.slice(3));
    const now = await state(session_id);
    expect(now?.last_removed).toBe(2);
    expect(Date.parse(now?.next_at ?? "")).toBeGreaterThan(Date.parse(first?.next_at ?? ""));
    expect((await types()).at(-1)).toBe("checkpoints_compacted");

    const { operations } = await call("list_operations", { session_id });
    expect(operations[0]).toMatchObject({ kind: "compact", actor: "cairn", next: null });
    expect(operations[1]).toMatchObject({ kind: "delete", next: "undo" });
    const { operation_id } = operations[0]!;
    await call("undo", { session_id, operation_id });
    expect(await live()).toEqual(ids.slice(1));
    await expect(call("undo", { session_id, operation_id })).rejects.toMatchObject({
      code: "nothing_to_undo",
    });
  });

  test("clears no redo", async () => {
    const { session_id, made, live } = await scene();
    const ids: string[] = [];
    for (let n = 0; n < 4; n += 1) ids.push(await made(`${n}`));
    await call("delete", { session_id, checkpoint_id: ids[3] ?? "" });
    await call("undo", { session_id });
    await set(session_id, retention);
    await cairn.service.upkeep.run();
    cairn.advance(24 * hour);
    await cairn.service.upkeep.run();
    expect(await live()).toEqual(ids.slice(2));
    await call("redo", { session_id });
    expect(await live()).toEqual([ids[2]]);
  });

  test("outlives a restart, and ends when it is taken away or the session closed", async () => {
    const { session_id, made, live } = await scene();
    for (let n = 0; n < 4; n += 1) await made(`${n}`);
    await set(session_id, retention);
    await cairn.service.upkeep.run();
    cairn.advance(12 * hour);
    await cairn.restart();
    await cairn.service.upkeep.run();
    expect((await state(session_id))?.last_at).toBeNull();
    await call("update_session", { session_id, status: "closed" });
    cairn.advance(13 * hour);
    await cairn.service.upkeep.run();
    expect(await state(session_id)).toBeUndefined();
    expect(await live()).toHaveLength(4);
    await call("update_session", { session_id, status: "open" });
    await set(session_id, null);
    await cairn.service.upkeep.run();
    expect(await state(session_id)).toBeUndefined();
    expect(await live()).toHaveLength(4);
    await set(session_id, { ...retention, every_hours: 1 });
    await cairn.service.upkeep.run();
    expect(await live()).toHaveLength(4);
    cairn.advance(hour);
    await cairn.service.upkeep.run();
    expect(await live()).toHaveLength(2);
  });

  test("that keeps nothing is refused when it is set", async () => {
    const { session_id } = await scene();
    await expect(set(session_id, { every_hours: 24 })).rejects.toMatchObject({
      code: "policy_keeps_nothing",
    });
    const settings = { retention: { every_hours: 24, keep_daily: 0 } };
    await expect(call("create_session", { settings })).rejects.toMatchObject({
      code: "policy_keeps_nothing",
    });
  });

  test("removes nothing for a clock that is set a year ahead and back", async () => {
    const { session_id, made, live } = await scene();
    const ids = [await made("1"), await made("2"), await made("3")];
    await set(session_id, { keep_within: (2 * day) / 1000, every_hours: 1 });
    await cairn.service.upkeep.run();
    for (const jump of [365 * day, -365 * day, -365 * day, 365 * day]) {
      cairn.setClock(jump);
      cairn.advance(hour);
      ids.push(await made(`${ids.length}`));
      await cairn.service.upkeep.run();
      expect(await live()).toEqual(ids);
    }
    cairn.advance(2 * day);
    await cairn.service.upkeep.run();
    // The head is kept whatever its age, and the tip is the head.
    expect(await live()).toEqual(ids.slice(-1));
  });
});

describe("[STO1] collection", () => {
  test("gives back what was purged, by itself", async () => {
    const { session_id, made } = await scene();
    const large = await made(incompressible(3_000_000));
    await made("small");
    const before = await call("store_facts", {});
    await call("delete", { session_id, checkpoint_id: large, permanent: true });
    await cairn.service.upkeep.run();
    const after = await call("store_facts", {});
    expect(after.stored_bytes).toBeLessThan(before.stored_bytes - 3_000_000);
    const freed = after.last_collection?.freed_bytes ?? 0;
    expect(Math.abs(freed - (before.stored_bytes - after.stored_bytes))).toBeLessThan(50_000);
    expect(await call("validate", { deep: true })).toMatchObject({ valid: 1, invalid: 0 });
  });

  test("is done when somebody asks, one at a time, and can be cancelled", async () => {
    const { session_id, made } = await scene();
    const large = await made(incompressible(1_000_000));
    await made("small");
    await call("delete", { session_id, checkpoint_id: large, permanent: true });
    const operation_id = crypto.randomUUID();
    const cancelled = call("collect", { operation_id }).catch((error: unknown) => error);
    const other = call("collect", {});
    expect(await call("cancel", { operation_id })).toEqual({ cancelled: true });
    expect(await cancelled).toMatchObject({ code: "cancelled" });
    expect((await other).freed_bytes).toBeGreaterThan(1_000_000);
    expect(await call("collect", {})).toMatchObject({ freed_bytes: 0, removed_objects: 0 });
  });
});

describe("[STO2] store_facts", () => {
  test("tells what is stored, how well it packs, and what each session alone keeps", async () => {
    const [a, b] = [await scene(), await scene()];
    const both = incompressible(300_000);
    await a.made(both);
    await b.made(both);
    const own = incompressible(600_000);
    await b.made(own);
    await call("validate", {});
    const facts = await call("store_facts", {});
    expect(facts.logical_bytes).toBe(2 * both.length + own.length);
    expect(facts.dedupe_ratio).toBeGreaterThan(1.2);
    expect(facts.compression_ratio).toBeGreaterThan(1);
    expect(facts.last_validation).toMatchObject({ deep: false, valid: 3, invalid: 0 });
    const bytes = new Map(facts.by_session.map((each) => [each.session_id, each.bytes]));
    expect(bytes.get(a.session_id)).toBeLessThan(10_000);
    expect(bytes.get(b.session_id)).toBeGreaterThan(550_000);
    expect(bytes.get(b.session_id)).toBeLessThan(facts.stored_bytes);
  });
});
