// Idempotency keys over real HTTP and sockets, on a real store and folder.
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ProtocolError } from "@cairn/shared/errors";
import { methodNames, methods } from "@cairn/shared/methods";
import type { MethodName, Params, Result } from "@cairn/shared/methods";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { callOver, post } from "../testing/call.ts";
import { startTestServer } from "../testing/harness.ts";
import type { TestServer } from "../testing/harness.ts";

let server: TestServer;
let folder: string;
let session_id: string;
let keys = 0;
const newKey = (): string => `key-${(keys += 1)}`;

beforeEach(async () => {
  server = await startTestServer();
  folder = await server.folder();
  await writeFile(join(folder, "a.txt"), "one\n");
  ({ session_id } = await server.call("create_session", { name: "base", workspace: folder }));
});
afterEach(async () => await server.stop());

const head = async (): Promise<number> => (await server.call("list_events", { session_id })).head;

/** Calls twice under one key, and gives the answer, which must be the same and done once. */
async function twice<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> {
  const keyed = { ...params, idempotency_key: newKey() } as Params<M>;
  const first = await server.call(method, keyed);
  const before = (await server.call("list_sessions", {})).sessions;
  const again = await server.call(method, keyed);
  expect(again).toEqual(first);
  expect((await server.call("list_sessions", {})).sessions).toEqual(before);
  return first;
}

async function browserKey(label: string): Promise<{ key: string; key_id: string }> {
  const code = new URL(server.loginUrl()).hash.replace("#login=", "");
  const answer = await post(server, "/api/login", { code }, { "user-agent": label });
  return ((await answer.json()) as { result: { key: string; key_id: string } }).result;
}

test("[IDM3] 20 duplicates at once, by HTTP and by sockets, make one checkpoint", async () => {
  const sockets = await Promise.all(Array.from({ length: 5 }, () => server.client()));
  const params = { session_id, message: "once", idempotency_key: newKey() };
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, n) => {
      const socket = sockets[n];
      return socket === undefined
        ? server.call("checkpoint", params)
        : socket.call("checkpoint", params);
    }),
  );
  for (const answer of answers) expect(answer).toEqual(answers[0]);
  expect((await server.call("list_checkpoints", { session_id })).total).toBe(1);
  expect(await head()).toBe(2);
  const { counters } = await server.call("metrics", {});
  expect(counters["cairn_idempotent_hits_total"]).toBe(19);
});

test("[IDM1] every mutation is done once under its key, and answers the same again", async () => {
  const covered: string[] = [];
  const once = async <M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> => {
    covered.push(method);
    return await twice(method, params);
  };
  const other = await once("create_session", { name: "other", workspace: await server.folder() });
  await once("create_session", { workspace: folder, reuse: true });
  await once("update_session", { session_id, name: "renamed" });
  const one = await once("checkpoint", { session_id, tags: ["t"] });
  const { checkpoint_id } = one;
  await writeFile(join(folder, "a.txt"), "two\n");
  const two = await once("checkpoint", { session_id });
  await once("update_checkpoint", { session_id, checkpoint_id, pinned: true });
  await once("update_checkpoint", { session_id, checkpoint_id });
  const { annotation } = await once("annotate", { session_id, checkpoint_id, note: "n" });
  const { annotation_id } = annotation;
  await once("delete_annotation", { session_id, annotation_id });
  const restored = await once("restore", { session_id, checkpoint_id });
  expect(await once("undo", { session_id })).toMatchObject({
    undone: { operation_id: restored.operation_id },
  });
  await once("redo", { session_id });
  await once("delete", { session_id, checkpoint_id: two.checkpoint_id });
  await once("undo", { session_id });
  await once("delete", { session_id, checkpoint_id: two.checkpoint_id });
  await once("undelete", { session_id, checkpoint_id: two.checkpoint_id });
  await once("compact", { session_id, keep_recent: 1, dry_run: true });
  await once("compact", { session_id, keep_recent: 1 });
  await once("undo", { session_id });
  await once("redo", { session_id });
  const { checkpoints } = await server.call("list_trash", { session_id });
  await once("delete", {
    session_id,
    checkpoint_id: checkpoints[0]?.checkpoint_id ?? "",
    permanent: true,
  });
  await once("delete_session", { session_id: other.session_id });
  await once("undelete_session", { session_id: other.session_id });
  await once("delete_session", { session_id: other.session_id });
  await once("delete_session", { session_id: other.session_id, permanent: true });
  await once("revoke_key", { key_id: (await browserKey("Firefox")).key_id });
  await once("delete_consumer", { session_id, consumer: "mirror" });
  await once("start_demo", {});
  const mutations = methodNames.filter((name) => methods[name].kind === "mutation");
  expect([...new Set(covered)].toSorted()).toEqual(mutations.toSorted());
});

test("[IDM1] also by another way in, and after a restart", async () => {
  const dataDir = join(await server.folder(), "data");
  const first = await startTestServer({ dataDir });
  const created = await first.call("create_session", { name: "kept" });
  const params = { session_id: created.session_id, idempotency_key: newKey() };
  const socket = await first.client();
  const answer = await socket.call("checkpoint", params);
  expect(await first.call("checkpoint", params)).toEqual(answer);
  await first.stop();
  const second = await startTestServer({ dataDir });
  try {
    expect(await second.call("checkpoint", params)).toEqual(answer);
    const { total } = await second.call("list_checkpoints", { session_id: params.session_id });
    expect(total).toBe(1);
  } finally {
    await second.stop();
    await rm(dataDir, { recursive: true });
  }
});

describe("[IDM2] the same key", () => {
  test("with other params is a conflict, also while the first is at work", async () => {
    const idempotency_key = newKey();
    const first = server.call("checkpoint", { session_id, idempotency_key });
    const second = server.call("checkpoint", { session_id, message: "other", idempotency_key });
    const outcomes = await Promise.allSettled([first, second]);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    const late = server.call("checkpoint", { session_id, message: "third", idempotency_key });
    await expect(late).rejects.toMatchObject({ code: "idempotency_conflict" });
    const response = await post(server, "/api/checkpoint", {
      session_id,
      message: "third",
      idempotency_key,
    });
    expect(response.status).toBe(409);
    expect((await server.call("list_checkpoints", { session_id })).total).toBe(1);
  });

  test("with params that mean the same is no conflict", async () => {
    const idempotency_key = newKey();
    const one = await server.call("checkpoint", { session_id, idempotency_key });
    const two = await server.call("checkpoint", {
      idempotency_key,
      tags: [],
      message: "",
      session_id: session_id.toUpperCase(),
    });
    expect(two).toEqual(one);
  });

  test("of another method or another actor is another call", async () => {
    const idempotency_key = newKey();
    const params = { session_id, idempotency_key };
    const mine = await server.call("checkpoint", params);
    const { key } = await browserKey("Firefox");
    const theirs = await callOver({ url: server.url, token: key }, "checkpoint", params);
    expect(theirs.checkpoint_id).not.toBe(mine.checkpoint_id);
    const { checkpoint_id } = mine;
    await server.call("annotate", { ...params, checkpoint_id, note: "n" });
    expect((await server.call("list_checkpoints", { session_id })).total).toBe(2);
  });
});

describe("[IDM4] a call that failed", () => {
  test("leaves its key free, also for other params", async () => {
    const idempotency_key = newKey();
    const taken = { name: "twin", workspace: folder, idempotency_key };
    const failed = server.call("create_session", taken);
    await expect(failed).rejects.toMatchObject({ code: "workspace_overlaps" });
    await server.call("update_session", { session_id, status: "closed" });
    const made = await server.call("create_session", taken);
    expect(made.created).toBe(true);
    expect(await server.call("create_session", taken)).toEqual(made);
  });

  test("fails for those who waited for it too, and all of them may try again", async () => {
    const params = { session_id, checkpoint_id: session_id, note: "n", idempotency_key: newKey() };
    const outcomes = await Promise.allSettled(
      Array.from({ length: 5 }, () => server.call("annotate", params)),
    );
    for (const outcome of outcomes) {
      const { code } = (outcome as { reason: ProtocolError }).reason;
      expect(code).toBe("checkpoint_not_found");
    }
    const { checkpoint_id } = await server.call("checkpoint", { session_id });
    await server.call("annotate", { ...params, checkpoint_id });
  });
});

test("a key is 1 to 200 characters, and reads take none", async () => {
  for (const idempotency_key of ["", "x".repeat(201), 5 as unknown as string]) {
    const call = server.call("checkpoint", { session_id, idempotency_key });
    await expect(call).rejects.toMatchObject({ code: "invalid_params" });
  }
  await server.call("checkpoint", { session_id, idempotency_key: "x".repeat(200) });
  const read = { session_id, idempotency_key: newKey() };
  const before = await server.call("get_session", read);
  await server.call("update_session", { session_id, name: "changed" });
  expect((await server.call("get_session", read)).session.name).not.toBe(before.session.name);
});
