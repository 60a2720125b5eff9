// How much a connection reads and holds, with the work behind it in the test's hands.
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { AccessList } from "../auth/access.ts";
import { Authenticator } from "../auth/authenticator.ts";
import { RawClient } from "../testing/raw-client.ts";
import type { Connection } from "./connection.ts";
import { Connections } from "./connections.ts";
import type { Caller, Dispatch } from "./dispatch.ts";
import { attachWebSockets } from "./upgrade.ts";

let http: Server;
let url: string;
let dispatch: Dispatch;
let connections: Connections;
const closedWith: number[] = [];
const log = pino({ level: "silent" });

beforeEach(async () => {
  closedWith.length = 0;
  http = createServer();
  const access = new AccessList({ host: "127.0.0.1", allowedHosts: [], publicUrl: null });
  const keys = { verify: () => Promise.resolve(null) };
  connections = new Connections({
    dispatch: (...call) => dispatch(...call),
    log,
    metrics: { closed: (code) => closedWith.push(code) },
    times: { pingMs: 30, deadMs: 30 },
  });
  const authenticator = new Authenticator({ mode: "off", adminToken: "", keys });
  attachWebSockets(http, { access, authenticator, connections, log, admit: () => undefined });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo;
  access.bound(port);
  url = `ws://127.0.0.1:${port}/ws`;
});

afterEach(async () => {
  await connections.drain(50);
  await new Promise((resolve) => http.close(resolve));
});

test("32 requests are begun, no more until one is answered; liveness waits meanwhile", async () => {
  const begun: (() => void)[] = [];
  let most = 0;
  let atWork = 0;
  let wake = (): void => undefined;
  dispatch = async () => {
    most = Math.max(most, (atWork += 1));
    await new Promise<void>((resolve) => {
      begun.push(resolve);
      wake();
    });
    atWork -= 1;
    return {};
  };
  const reached = async (count: number): Promise<void> => {
    while (begun.length < count) await new Promise<void>((resolve) => (wake = resolve));
  };
  const client = await RawClient.open(url);
  const ids = Array.from({ length: 2_000 }, (_, i) =>
    client.send("health", { pad: "x".repeat(i) }),
  );
  await reached(32);
  // Several times what it takes to be given up as dead.
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(begun).toHaveLength(32);
  expect(client.closed).toBeNull();
  for (let done = 0; done < ids.length; done += 1) {
    await reached(done + 1);
    begun[done]?.();
  }
  for (const id of ids) expect((await client.answerTo(id)).success).toBe(true);
  expect(most).toBe(32);
});

test("mutations of one session go one by one in the order sent; others and reads pass them", async () => {
  const order: string[] = [];
  const release = new Map<string, () => void>();
  dispatch = async (_name, params) => {
    const { step } = params as { step: string };
    order.push(`begin ${step}`);
    await new Promise<void>((resolve) => release.set(step, resolve));
    order.push(`end ${step}`);
    return {};
  };
  const client = await RawClient.open(url);
  const send = (method: string, session_id: string, step: string): string =>
    client.send(method, { session_id, step });
  send("delete_session", "A", "a1");
  send("checkpoint", "a", "a2");
  send("checkpoint", "b", "b1");
  send("subscribe", "a", "s1");
  send("unsubscribe", "a", "s2");
  const read = send("get_session", "a", "r1");
  await expect
    .poll(() => order.toSorted())
    .toEqual(["begin a1", "begin b1", "begin r1", "begin s1"]);
  release.get("r1")?.();
  await client.answerTo(read);
  for (const step of ["s1", "a1"]) release.get(step)?.();
  await expect.poll(() => release.has("a2") && release.has("s2")).toBe(true);
  expect(order.indexOf("end a1")).toBeLessThan(order.indexOf("begin a2"));
  expect(order.indexOf("end s1")).toBeLessThan(order.indexOf("begin s2"));
  for (const finish of release.values()) finish();
  await client.until(() => client.answers.length === 6, "six answers");
});

test("what comes after the socket is gone is dropped: no answer, no event, nothing begun", async () => {
  const begun: string[] = [];
  let finish = (): void => undefined;
  let started = false;
  dispatch = async (name, _params, call) => {
    begun.push(name);
    call.afterReply(() => (started = true));
    await new Promise<void>((resolve) => (finish = resolve));
    return {};
  };
  const client = await RawClient.open(url);
  client.send("checkpoint", { session_id: "a" });
  client.send("delete", { session_id: "a" });
  await expect.poll(() => begun.length).toBe(1);
  client.terminate();
  await expect.poll(() => connections.count).toBe(0);
  finish();
  await new Promise((resolve) => setImmediate(resolve));
  expect(begun).toEqual(["checkpoint"]);
  expect(started).toBe(false);
});

test("a client that takes nothing is closed in the range that reconnects; what it held is freed", async () => {
  const chunk = JSON.stringify({ event_type: "x", pad: "x".repeat(256 * 1024) });
  let connection: Caller | null = null;
  dispatch = (_name, _params, call) => {
    connection = call.connection;
    return Promise.resolve({});
  };
  const client = await RawClient.open(url);
  await client.answerTo(client.send("health"));
  const { outbox } = connection as unknown as Connection;
  client.ws.pause();
  let sent = 0;
  while (closedWith.length === 0) {
    outbox.send(chunk);
    sent += chunk.length;
    // The kernel takes what it can in between.
    await new Promise((resolve) => setImmediate(resolve));
    expect(sent).toBeLessThan(64 * 1024 * 1024);
  }
  expect(closedWith).toEqual([4408]);
  // Before that, nothing was lost: all that was sent arrives, then the code.
  client.ws.resume();
  expect((await client.until(() => client.closed)).code).toBe(4408);
  await expect.poll(() => connections.count).toBe(0);
}, 30_000);

test("frames of one tick leave in one write", async () => {
  let connection: Caller | null = null;
  dispatch = (_name, _params, call) => {
    connection = call.connection;
    return Promise.resolve({});
  };
  const client = await RawClient.open(url);
  await client.answerTo(client.send("health"));
  let reads = 0;
  const { outbox } = connection as unknown as Connection;
  (client.ws as unknown as { _socket: NodeJS.ReadableStream })._socket.on(
    "data",
    () => (reads += 1),
  );
  for (let i = 0; i < 100; i += 1) outbox.send(JSON.stringify({ event_type: "x", i }));
  await client.until(() => client.events.length === 100, "100 frames");
  expect(reads).toBe(1);
});
