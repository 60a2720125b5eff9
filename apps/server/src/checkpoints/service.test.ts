import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { MethodName, Params, Result } from "@cairn/shared/methods";
import { methods } from "@cairn/shared/methods";
import type { LoggedEvent } from "@cairn/shared/events";
import type { ServiceMethod } from "../service.ts";
import { startTestService, tester, type TestService } from "../testing/service.ts";

let cairn: TestService;
beforeEach(async () => {
  cairn = await startTestService();
});
afterEach(() => cairn.stop());

/** Calls as a boundary does: params parsed, and the result held to the table. */
async function call<M extends ServiceMethod>(method: M, params: Params<M>): Promise<Result<M>> {
  const rule = methods[method as MethodName];
  const parsed = rule.params.parse(params);
  const handler = cairn.service[method] as (p: unknown, c: unknown) => Promise<Result<M>>;
  const result = await handler(parsed, tester);
  rule.result.parse(result);
  return result;
}

async function makeSession(files: Record<string, string> = { "a.txt": "one\n" }) {
  const folder = await cairn.folder();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), text);
  }
  const { session_id } = await call("create_session", { workspace: folder });
  const write = (name: string, text: string) => writeFile(path.join(folder, name), text);
  const read = (name: string) => readFile(path.join(folder, name), "utf8");
  return { session_id, folder, write, read };
}

const session = (session_id: string) =>
  call("get_session", { session_id }).then((result) => result.session);

async function log(session_id: string): Promise<LoggedEvent[]> {
  return (await call("list_events", { session_id, after: 0 })).events as LoggedEvent[];
}

describe("restore, undo, redo", () => {
  test("restore is undone and redone, each with its own safety checkpoint and event", async () => {
    const { session_id, write, read } = await makeSession();
    const first = await call("checkpoint", { session_id, message: "first" });
    await write("a.txt", "two\n");
    await write("b.txt", "new\n");
    const restored = await call("restore", { session_id, checkpoint_id: first.checkpoint_id });
    expect(restored).toMatchObject({ status: "restored", differences: [] });
    expect(await read("a.txt")).toBe("one\n");
    await expect(read("b.txt")).rejects.toThrow("ENOENT");
    expect((await session(session_id)).head).toBe(first.checkpoint_id);

    const undone = await call("undo", { session_id });
    expect(undone.undone).toMatchObject({
      operation_id: restored.operation_id,
      undone_by: undone.operation_id,
    });
    expect(undone.checkpoint_id).toBe(restored.safety_checkpoint_id);
    expect([await read("a.txt"), await read("b.txt")]).toEqual(["two\n", "new\n"]);

    await write("a.txt", "edited after the undo\n");
    const redone = await call("redo", { session_id });
    expect(redone.redone.operation_id).toBe(undone.operation_id);
    // "The state just before that undo" is the first checkpoint's, as restored.
    expect(await read("a.txt")).toBe("one\n");
    await expect(call("redo", { session_id })).rejects.toMatchObject({ code: "nothing_to_redo" });
    // The edit is not lost: it is in the redo's own safety checkpoint.
    await call("restore", { session_id, checkpoint_id: redone.safety_checkpoint_id ?? "" });
    expect(await read("a.txt")).toBe("edited after the undo\n");

    const types = (await log(session_id)).map((event) => event.event_type);
    expect(types).toEqual([
      "session_created",
      "checkpoint_created",
      ...Array.from({ length: 4 }, () => ["checkpoint_created", "checkpoint_restored"]).flat(),
    ]);
    const seqs = (await log(session_id)).map((event) => event.seq);
    expect(seqs).toEqual(seqs.map((_seq, index) => index + 1));
  });

  test("repeated undo walks back; a new operation clears redo, a checkpoint does not", async () => {
    const { session_id, write, read } = await makeSession();
    const one = await call("checkpoint", { session_id });
    await write("a.txt", "two\n");
    const two = await call("checkpoint", { session_id });
    await call("restore", { session_id, checkpoint_id: one.checkpoint_id });
    await call("restore", { session_id, checkpoint_id: two.checkpoint_id });
    await call("undo", { session_id });
    expect(await read("a.txt")).toBe("one\n");
    await call("undo", { session_id });
    expect(await read("a.txt")).toBe("two\n");
    await expect(call("undo", { session_id })).rejects.toMatchObject({ code: "nothing_to_undo" });
    await call("checkpoint", { session_id, message: "clears nothing" });
    await call("redo", { session_id });
    expect(await read("a.txt")).toBe("one\n");
    await call("restore", { session_id, checkpoint_id: two.checkpoint_id });
    await expect(call("redo", { session_id })).rejects.toMatchObject({ code: "nothing_to_redo" });
  });

  test("an operation can be named; twice is refused; another session's is not found", async () => {
    const { session_id } = await makeSession();
    const other = await makeSession();
    const one = await call("checkpoint", { session_id });
    const first = await call("restore", { session_id, checkpoint_id: one.checkpoint_id });
    await call("restore", { session_id, checkpoint_id: one.checkpoint_id });
    const { operation_id } = first;
    await call("undo", { session_id, operation_id });
    await expect(call("undo", { session_id, operation_id })).rejects.toMatchObject({
      code: "nothing_to_undo",
    });
    await expect(
      call("undo", { session_id: other.session_id, operation_id }),
    ).rejects.toMatchObject({ code: "operation_not_found" });
  });

  test("a choice of paths leaves the head at the safety checkpoint", async () => {
    const { session_id, write, read } = await makeSession({ "a.txt": "1", "b.txt": "1" });
    const first = await call("checkpoint", { session_id });
    await write("a.txt", "2");
    await write("b.txt", "2");
    const restored = await call("restore", {
      session_id,
      checkpoint_id: first.checkpoint_id,
      paths: ["a.txt"],
    });
    expect([await read("a.txt"), await read("b.txt")]).toEqual(["1", "2"]);
    expect((await session(session_id)).head).toBe(restored.safety_checkpoint_id);
  });

  test("a stale plan is refused with the new one, and nothing has changed", async () => {
    const { session_id, write, read } = await makeSession();
    const first = await call("checkpoint", { session_id });
    await write("a.txt", "two\n");
    const plan = await call("plan_restore", { session_id, checkpoint_id: first.checkpoint_id });
    expect(plan.counts).toEqual({ added: 0, modified: 1, removed: 0 });
    await write("a.txt", "three\n");
    const before = await log(session_id);
    const { plan_hash } = plan;
    const refused = call("restore", { session_id, checkpoint_id: first.checkpoint_id, plan_hash });
    await expect(refused).rejects.toMatchObject({ code: "workspace_changed" });
    expect(await read("a.txt")).toBe("three\n");
    expect(await log(session_id)).toEqual(before);
    const anew = await call("plan_restore", { session_id, checkpoint_id: first.checkpoint_id });
    await call("restore", {
      session_id,
      checkpoint_id: first.checkpoint_id,
      plan_hash: anew.plan_hash,
    });
    expect(await read("a.txt")).toBe("one\n");
  });

  test("into gives a copy and changes neither folder, head nor log", async () => {
    const { session_id, write, read } = await makeSession();
    const first = await call("checkpoint", { session_id });
    await write("a.txt", "two\n");
    const into = path.join(path.dirname(await cairn.folder()), "copy");
    const before = await log(session_id);
    const result = await call("restore", {
      session_id,
      checkpoint_id: first.checkpoint_id,
      into,
    });
    expect(result.safety_checkpoint_id).toBeNull();
    expect(await readFile(path.join(into, "a.txt"), "utf8")).toBe("one\n");
    expect(await read("a.txt")).toBe("two\n");
    expect(await log(session_id)).toEqual(before);
    await expect(
      call("restore", { session_id, checkpoint_id: first.checkpoint_id, into }),
    ).rejects.toMatchObject({ code: "invalid_params" });
  });

  test("without a workspace a restore gives the state back, and undo the one before", async () => {
    const { session_id } = await call("create_session", { name: "state only" });
    const one = await call("checkpoint", { session_id, state: { step: 1 } });
    const two = await call("checkpoint", { session_id, state: { step: 2 } });
    expect(one.checkpoint.tree).toBeNull();
    const restored = await call("restore", { session_id, checkpoint_id: one.checkpoint_id });
    expect(restored.state).toEqual({ step: 1 });
    const undone = await call("undo", { session_id });
    expect(undone.state).toEqual({ step: 2 });
    expect(two.checkpoint.parent_id).toBe(one.checkpoint_id);
  });

  test("a restore followed by a checkpoint makes a branch", async () => {
    const { session_id, write } = await makeSession();
    const one = await call("checkpoint", { session_id });
    await write("a.txt", "two\n");
    await call("checkpoint", { session_id });
    await call("restore", { session_id, checkpoint_id: one.checkpoint_id });
    const branch = await call("checkpoint", { session_id });
    expect(branch.checkpoint).toMatchObject({ parent_id: one.checkpoint_id, changed_files: 0 });
  });
});

describe("trash and retention", () => {
  test("delete, undo, redo and undelete each send the right event with the right ids", async () => {
    const { session_id } = await makeSession();
    const one = await call("checkpoint", { session_id, tags: ["keep"] });
    const { checkpoint_id } = await call("checkpoint", { session_id });
    await call("delete", { session_id, checkpoint_id });
    expect((await call("list_checkpoints", { session_id })).total).toBe(1);
    await expect(call("get_checkpoint", { session_id, checkpoint_id })).rejects.toMatchObject({
      code: "checkpoint_not_found",
    });
    await call("undo", { session_id });
    expect((await call("list_checkpoints", { session_id })).total).toBe(2);
    await call("redo", { session_id });
    expect((await session(session_id)).checkpoints).toBe(1);
    const trash = await call("list_trash", { session_id });
    expect(trash.checkpoints.map((each) => each.checkpoint_id)).toEqual([checkpoint_id]);
    await call("undelete", { session_id, checkpoint_id });
    await expect(call("undo", { session_id })).rejects.toMatchObject({ code: "nothing_to_undo" });
    const events = await log(session_id);
    expect(events.slice(3).map((event) => event.event_type)).toEqual([
      "checkpoint_deleted",
      "checkpoints_undeleted",
      "checkpoint_deleted",
      "checkpoints_undeleted",
    ]);
    for (const event of events) expect(event.data.session_id).toBe(session_id);
    expect(events[3]).toMatchObject({ data: { checkpoint_id }, checkpoint: { checkpoint_id } });
    expect(one.checkpoint.tags).toEqual(["keep"]);
  });

  test("permanent gives the bytes back and leaves a tombstone that children still show", async () => {
    const { session_id, write } = await makeSession();
    const one = await call("checkpoint", { session_id });
    await write("a.txt", "two\n");
    const two = await call("checkpoint", { session_id });
    await write("a.txt", "three\n");
    const three = await call("checkpoint", { session_id });
    const { checkpoint_id } = two;
    await call("delete", { session_id, checkpoint_id, permanent: true });
    await expect(call("undelete", { session_id, checkpoint_id })).rejects.toMatchObject({
      code: "checkpoint_not_found",
    });
    expect((await call("list_trash", { session_id })).checkpoints).toEqual([]);
    const [newest] = (await call("list_checkpoints", { session_id })).checkpoints;
    expect(newest).toMatchObject({
      checkpoint_id: three.checkpoint_id,
      parent_id: checkpoint_id,
      shown_parent_id: one.checkpoint_id,
    });
    await expect(call("undo", { session_id })).rejects.toMatchObject({ code: "nothing_to_undo" });
  });

  test("[CMP3] compact keeps what its rules name, dry or not, says the true remaining, and is undone", async () => {
    const { session_id } = await makeSession();
    const ids: string[] = [];
    for (let index = 0; index < 8; index += 1) {
      const tags = index === 2 ? ["v1"] : [];
      ids.push((await call("checkpoint", { session_id, tags })).checkpoint_id);
    }
    await call("update_checkpoint", { session_id, checkpoint_id: ids[1] ?? "", pinned: true });
    const dry = await call("compact", { session_id, keep_recent: 2, dry_run: true });
    expect(dry.remaining).toBe(4);
    expect((await session(session_id)).checkpoints).toBe(8);
    const done = await call("compact", { session_id, keep_recent: 2 });
    expect(new Set(done.removed.map((each) => each.checkpoint_id))).toEqual(
      new Set([ids[0], ids[3], ids[4], ids[5]]),
    );
    const { checkpoints, total } = await call("list_checkpoints", { session_id });
    expect([done.remaining, total, checkpoints.length]).toEqual([4, 4, 4]);
    const event = (await log(session_id)).at(-1);
    expect(event).toMatchObject({ event_type: "checkpoints_compacted", data: { remaining: 4 } });
    await call("undo", { session_id });
    expect((await call("list_checkpoints", { session_id })).total).toBe(8);
    await expect(call("compact", { session_id, keep_recent: 0 })).rejects.toMatchObject({
      code: "policy_keeps_nothing",
    });
  });

  test("a deleted session leaves its folder alone, comes back, and goes for good", async () => {
    const { session_id, folder, read } = await makeSession();
    await call("checkpoint", { session_id });
    await call("delete_session", { session_id });
    await expect(call("get_session", { session_id })).rejects.toMatchObject({
      code: "session_not_found",
    });
    expect(await read("a.txt")).toBe("one\n");
    const again = await call("create_session", { workspace: folder });
    await expect(call("undelete_session", { session_id })).rejects.toMatchObject({
      code: "workspace_overlaps",
    });
    await call("delete_session", { session_id: again.session_id });
    await call("undelete_session", { session_id });
    expect((await session(session_id)).checkpoints).toBe(1);
    await call("delete_session", { session_id });
    await call("delete_session", { session_id, permanent: true });
    await expect(call("undelete_session", { session_id })).rejects.toMatchObject({
      code: "session_not_found",
    });
    expect(await read("a.txt")).toBe("one\n");
  });
});

describe("sessions", () => {
  test("two open sessions may not overlap; reuse finds the same folder; closed is read-only", async () => {
    const { session_id, folder } = await makeSession({ "sub/a.txt": "x" });
    const overlap = call("create_session", { workspace: path.join(folder, "sub") });
    await expect(overlap).rejects.toMatchObject({
      code: "workspace_overlaps",
      details: { session_id },
    });
    const reused = await call("create_session", { workspace: folder, reuse: true });
    expect(reused).toMatchObject({ session_id, created: false });
    await call("update_session", { session_id, status: "closed" });
    await expect(call("checkpoint", { session_id })).rejects.toMatchObject({
      code: "session_closed",
    });
    const inner = await call("create_session", { workspace: path.join(folder, "sub") });
    await expect(call("update_session", { session_id, status: "open" })).rejects.toMatchObject({
      code: "workspace_overlaps",
    });
    await call("delete_session", { session_id: inner.session_id });
    expect((await call("update_session", { session_id, status: "open" })).session.status).toBe(
      "open",
    );
  });

  test.each([
    ["the data folder", () => cairn.dataDir, "invalid_params"],
    ["its parent", () => path.dirname(cairn.dataDir), "invalid_params"],
    ["the root", () => "/", "invalid_params"],
    ["a relative path", () => "here", "invalid_params"],
    [
      "a missing folder",
      () => path.join(path.dirname(cairn.dataDir), "no"),
      "workspace_unavailable",
    ],
  ])("%s is refused as a workspace", async (_name, workspace, code) => {
    await expect(call("create_session", { workspace: workspace() })).rejects.toMatchObject({
      code,
    });
    expect((await call("list_sessions", {})).sessions).toEqual([]);
  });

  test("settings merge: what is left out keeps its value", async () => {
    const { session_id } = await makeSession();
    await call("update_session", { session_id, settings: { ignore: ["*.log"] } });
    const { session: after } = await call("update_session", {
      session_id,
      settings: { limits: { files: 10 } },
    });
    expect(after.settings.ignore).toEqual(["*.log"]);
    expect(after.settings.limits).toMatchObject({ files: 10, file_bytes: 4_000_000_000 });
  });

  test("everything acknowledged is there after a restart, notes and tags too", async () => {
    const { session_id } = await makeSession();
    const { checkpoint_id } = await call("checkpoint", {
      session_id,
      tags: ["a"],
      state: { x: 1 },
    });
    await call("annotate", { session_id, checkpoint_id, note: "mind this", severity: "critical" });
    const before = await log(session_id);
    await cairn.restart();
    const { checkpoint } = await call("get_checkpoint", { session_id, checkpoint_id });
    expect(checkpoint).toMatchObject({
      tags: ["a"],
      state: { x: 1 },
      annotation_count: 1,
      max_severity: "critical",
      annotations: [{ note: "mind this" }],
    });
    expect(await log(session_id)).toEqual(before);
    expect(await call("validate", { session_id, deep: true })).toMatchObject({
      valid: 1,
      invalid: 0,
      problems: [],
    });
  });
});

test("__proto__ in a state is data, and is signed as such", async () => {
  const { session_id } = await call("create_session", {});
  const state = JSON.parse('{"__proto__":{"admin":true},"a":[1e21,""]}') as { a: unknown[] };
  const { checkpoint_id } = await call("checkpoint", { session_id, state: state as never });
  const { checkpoint } = await call("get_checkpoint", { session_id, checkpoint_id });
  expect(JSON.stringify(checkpoint.state)).toBe('{"__proto__":{"admin":true},"a":[1e+21,""]}');
  expect(await call("validate", { session_id })).toMatchObject({ invalid: 0 });
});

test("a missing folder fails a capture and loses nothing", async () => {
  const { session_id, folder } = await makeSession();
  const { checkpoint_id } = await call("checkpoint", { session_id });
  await rm(folder, { recursive: true });
  await expect(call("checkpoint", { session_id })).rejects.toMatchObject({
    code: "workspace_unavailable",
  });
  await call("restore", { session_id, checkpoint_id });
  expect((await stat(path.join(folder, "a.txt"))).isFile()).toBe(true);
});

test("service.subscribe gives the same events in order, without any socket", async () => {
  const { session_id } = await makeSession();
  const live = cairn.service.subscribe(session_id);
  const { checkpoint_id } = await call("checkpoint", { session_id });
  await call("update_checkpoint", { session_id, checkpoint_id, pinned: true });
  expect((await live.next()).value).toMatchObject({ event_type: "checkpoint_created", seq: 2 });
  expect((await live.next()).value).toMatchObject({ event_type: "checkpoint_updated", seq: 3 });
  const waiting = live.next();
  await live.return?.();
  expect((await waiting).done).toBe(true);
  const replay = cairn.service.subscribe(session_id, 0);
  const seen: number[] = [];
  for await (const event of replay) {
    seen.push(event.seq);
    if (seen.length === 3) break;
  }
  expect(seen).toEqual([1, 2, 3]);
});
