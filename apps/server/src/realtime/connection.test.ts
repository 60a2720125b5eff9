// The base protocol, as a client sees it that knows nothing else.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BareSocket, upgradeRequest } from "../testing/http.ts";
import { startTestServer } from "../testing/harness.ts";
import type { TestServer } from "../testing/harness.ts";

let server: TestServer;
let folder: string;
let session_id: string;

beforeAll(async () => {
  server = await startTestServer();
  folder = await server.folder();
  await writeFile(join(folder, "a.txt"), "one\n");
  ({ session_id } = await server.call("create_session", { name: "base", workspace: folder }));
});

afterAll(async () => await server.stop());

test("commands before authenticate are refused, and the connection lives on", async () => {
  const client = await server.client({ signIn: false });
  for (const method of ["list_sessions", "subscribe", "checkpoint", "health"]) {
    const answer = await client.answerTo(client.send(method, { session_id }));
    expect(answer).toMatchObject({ success: false, error_code: "unauthenticated" });
  }
  await expect(client.call("authenticate", { token: "wrong" })).rejects.toMatchObject({
    code: "unauthenticated",
  });
  expect(await client.call("authenticate", { token: server.token })).toEqual({
    authenticated: true,
    role: "admin",
  });
  expect((await client.call("list_sessions", {})).sessions).toHaveLength(1);
});

test("what is pipelined after authenticate waits for it", async () => {
  const client = await server.client({ signIn: false });
  const first = client.send("authenticate", { token: server.token });
  const ids = [
    client.send("health"),
    client.send("list_sessions"),
    client.send("get_session", { session_id }),
  ];
  expect((await client.answerTo(first)).success).toBe(true);
  for (const id of ids) expect(await client.answerTo(id)).toMatchObject({ success: true });
});

test.each([
  ["{", "unknown", "invalid_json"],
  ["", "unknown", "invalid_json"],
  ["null", "unknown", "invalid_params"],
  ["[]", "unknown", "invalid_params"],
  ['"hello"', "unknown", "invalid_params"],
  ["{}", "unknown", "invalid_params"],
  ['{"method":"health"}', "unknown", "invalid_params"],
  ['{"id":"","method":"health"}', "unknown", "invalid_params"],
  ['{"id":{},"method":"health"}', "unknown", "invalid_params"],
  ['{"id":"a"}', "a", "invalid_params"],
  ['{"id":7,"method":5}', 7, "invalid_params"],
  ['{"id":"a","method":"health","params":[]}', "a", "invalid_params"],
  ['{"id":"a","method":"health","params":null}', "a", "invalid_params"],
  ['{"id":"a","method":"no_such"}', "a", "unknown_method"],
  ['{"id":"a","method":"__proto__"}', "a", "unknown_method"],
  ['{"id":"a","method":"get_session"}', "a", "invalid_params"],
  ['{"id":"a","method":"get_session","params":{"session_id":"x"}}', "a", "invalid_params"],
  ['{"id":"a","method":"get_session","params":{"session_id":null}}', "a", "invalid_params"],
  [
    '{"id":"a","method":"get_session","params":{"session_id":"00000000-0000-4000-8000-000000000000"}}',
    "a",
    "session_not_found",
  ],
  ['{"id":"a","method":"subscribe","params":{}}', "a", "invalid_params"],
  ['{"id":"a","method":"subscribe","params":{"session_id":"x"}}', "a", "invalid_params"],
  [
    '{"id":"a","method":"subscribe","params":{"session_id":"00000000-0000-4000-8000-000000000000"}}',
    "a",
    "session_not_found",
  ],
  [
    `{"id":"a","method":"health","params":${'{"a":'.repeat(64)}1${"}".repeat(65)}`,
    "unknown",
    "invalid_json",
  ],
])("%s is answered as %s %s, and the connection lives on", async (text, id, error_code) => {
  const client = await server.client();
  expect(await client.raw(text, id)).toMatchObject({ id, success: false, error_code });
  expect((await client.call("health", {})).healthy).toBe(true);
});

test("an unknown method is named in the error", async () => {
  const client = await server.client();
  const answer = await client.answerTo(client.send("frobnicate"));
  expect(answer).toMatchObject({ error: expect.stringContaining("frobnicate") });
});

test("unknown params are ignored; a number id comes back as a number", async () => {
  const client = await server.client();
  const text = `{"id":12,"method":"get_session","params":{"session_id":"${session_id}","new":1},"x":2}`;
  expect(await client.raw(text, 12)).toMatchObject({ id: 12, success: true });
  const upper = session_id.toUpperCase();
  expect((await client.call("get_session", { session_id: upper })).session.session_id).toBe(
    session_id,
  );
});

test("a binary frame is invalid_json", async () => {
  const client = await server.client();
  const answer = await client.raw(Buffer.from('{"id":"a","method":"health"}'));
  expect(answer).toMatchObject({ id: "unknown", error_code: "invalid_json" });
  expect((await client.call("health", {})).healthy).toBe(true);
});

test("a request over 2 MiB is answered by its id; the connection lives on", async () => {
  const client = await server.client();
  const state = "x".repeat(2 * 1024 * 1024);
  const id = client.send("checkpoint", { session_id, state });
  expect(await client.answerTo(id)).toMatchObject({ error_code: "payload_too_large" });
  expect((await client.call("health", {})).healthy).toBe(true);
});

test("50 pipelined commands are all answered with success, mutations in the order sent", async () => {
  const client = await server.client();
  const ids = Array.from({ length: 50 }, (_, i) =>
    i % 2 === 0
      ? client.send("checkpoint", { session_id, message: `m${i}` })
      : client.send("list_checkpoints", { session_id }),
  );
  for (const id of ids) expect(await client.answerTo(id)).toMatchObject({ success: true });
  const created = client.answers.filter(({ id }) => ids.indexOf(String(id)) % 2 === 0);
  expect(created.map(({ id }) => id)).toEqual(ids.filter((_, i) => i % 2 === 0));
  const { checkpoints } = await client.call("list_checkpoints", { session_id, limit: 200 });
  const messages = checkpoints.map(({ message }) => message).filter((m) => /^m\d+$/.test(m));
  expect(messages.toReversed()).toEqual(Array.from({ length: 25 }, (_, i) => `m${i * 2}`));
});

test("reads overtake a mutation that takes long", async () => {
  const client = await server.client();
  const big = await server.folder("big");
  for (let i = 0; i < 300; i += 1) await writeFile(join(big, `f${i}`), `${i}`.repeat(2_000));
  const made = await client.call("create_session", { name: "big", workspace: big });
  const slow = client.send("checkpoint", { session_id: made.session_id });
  const quick = client.send("list_keys");
  await client.answerTo(slow);
  const order = client.answers.map(({ id }) => id);
  expect(order.indexOf(quick)).toBeLessThan(order.indexOf(slow));
});

test("at 32 requests in flight the socket is read no further, and all are answered", async () => {
  const client = await server.client();
  const ids = Array.from({ length: 900 }, () => client.send("get_session", { session_id }));
  for (const id of ids) expect((await client.answerTo(id)).success).toBe(true);
});

test("an answer to a closed socket is dropped, and the server lives on", async () => {
  const client = await server.client();
  for (let i = 0; i < 40; i += 1) client.send("checkpoint", { session_id });
  client.terminate();
  const other = await server.client();
  expect((await other.call("checkpoint", { session_id })).checkpoint.session_id).toBe(session_id);
  expect(server.logged()).not.toContain('"level":50');
});

test("a fragmented request with a ping between its parts is one request", async () => {
  const bare = await new BareSocket(server.url).connected();
  const authorization = `Bearer ${server.token}`;
  bare.socket.write(upgradeRequest(server.url, "/ws", { authorization }));
  await bare.until(/101 Switching/);
  const frame = (first: number, text: string): Buffer =>
    Buffer.concat([Buffer.from([first, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);
  bare.socket.write(frame(0x01, '{"id":"f","meth'));
  bare.socket.write(frame(0x89, "ping"));
  bare.socket.write(frame(0x80, 'od":"health"}'));
  expect(await bare.until(/"id":"f"/)).toContain("\u008a\u0004ping");
  bare.socket.destroy();
});
