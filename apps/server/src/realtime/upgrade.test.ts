// Each test sends real bytes to a real server. The five faults of @hono/node-ws 1.3.1 are marked.
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { ProtocolError } from "@cairn/shared/errors";
import { AccessList } from "../auth/access.ts";
import { Authenticator } from "../auth/authenticator.ts";
import { BareSocket, upgradeRequest } from "../testing/http.ts";
import { startTestServer } from "../testing/harness.ts";
import type { TestServer } from "../testing/harness.ts";
import { RawClient } from "../testing/raw-client.ts";
import { Connections } from "./connections.ts";
import { attachWebSockets } from "./upgrade.ts";

let server: TestServer;
const lived: unknown[] = [];
const died = (error: unknown): void => void lived.push(error);

beforeAll(async () => {
  server = await startTestServer();
  // What would end the process of a server.
  process.on("uncaughtException", died).on("unhandledRejection", died);
});

afterAll(async () => {
  process.off("uncaughtException", died).off("unhandledRejection", died);
  await server.stop();
});

/** What would have ended the process so far, once the server has shown that it serves. */
async function faults(): Promise<unknown[]> {
  const client = await server.client();
  await client.call("health", {});
  await client.close();
  return lived.splice(0);
}

async function refusal(text: string): Promise<{ status: number; head: string; body: string }> {
  const bare = await new BareSocket(server.url).connected();
  bare.socket.write(text);
  // The server itself closes: nothing here ends the socket.
  const all = await bare.closed;
  const [head = "", body = ""] = all.split("\r\n\r\n");
  return { status: Number(head.split(" ")[1]), head: head.toLowerCase(), body };
}

test("fault 1: GET // with upgrade headers is answered, and nobody exits", async () => {
  for (const path of ["//", "///ws", "//ws", "http://", "/ws/", "/wsx", "/", "/api/health", "*"]) {
    const { status, body } = await refusal(upgradeRequest(server.url, path));
    expect({ path, status }).toEqual({ path, status: 404 });
    expect(JSON.parse(body)).toMatchObject({ success: false, error_code: "not_found" });
  }
  expect(await faults()).toEqual([]);
});

test("fault 2: a reset at any time of the handshake ends only that socket", async () => {
  for (let round = 0; round < 30; round += 1) {
    const bare = await new BareSocket(server.url).connected();
    // A token makes the admission wait for the store.
    const authorization = `Bearer ${"x".repeat(40)}`;
    bare.socket.write(upgradeRequest(server.url, "/ws", round % 2 ? { authorization } : {}));
    if (round % 3 === 0) bare.socket.resetAndDestroy();
    else setImmediate(() => bare.socket.resetAndDestroy());
    await bare.closed;
  }
  expect(await faults()).toEqual([]);
});

test("fault 3: an error of an open socket reaches the log, also where ErrorEvent is missing", async () => {
  const had = globalThis.ErrorEvent;
  Reflect.deleteProperty(globalThis, "ErrorEvent");
  const own = await startTestServer();
  try {
    expect(globalThis.ErrorEvent).toBeTypeOf("function");
    const bare = await new BareSocket(own.url).connected();
    bare.socket.write(upgradeRequest(own.url));
    await bare.until(/101 Switching/);
    // An unmasked frame from a client.
    bare.socket.write(Buffer.from([0x81, 0x01, 0x61]));
    const received = await bare.closed;
    expect(received).toContain("\u0003\u00ea"); // 1002
    expect(own.logged()).toContain("a WebSocket failed");
    expect(own.logged()).toContain("MASK must be set");
    expect(own.logged()).not.toContain("handler failed");
  } finally {
    globalThis.ErrorEvent = had;
    await own.stop();
  }
  expect(await faults()).toEqual([]);
});

test("fault 4: a bad handshake never gets to the adapter, so none of it is kept", async () => {
  const bad: Record<string, string | null>[] = [
    { "Sec-WebSocket-Key": null },
    { "Sec-WebSocket-Key": "short" },
    { "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=" },
    { "Sec-WebSocket-Protocol": "" },
    { "Sec-WebSocket-Protocol": "a,,b" },
    { "Sec-WebSocket-Protocol": "a, a" },
  ];
  for (const headers of bad) {
    const { status } = await refusal(upgradeRequest(server.url, "/ws", headers));
    expect({ headers, status }).toEqual({ headers, status: 400 });
  }
  const version = await refusal(
    upgradeRequest(server.url, "/ws", { "Sec-WebSocket-Version": "7" }),
  );
  expect(version).toMatchObject({ status: 426 });
  expect(version.head).toContain("sec-websocket-version: 13");
  const posted = await refusal(upgradeRequest(server.url, "/ws", {}, "POST"));
  expect(posted.status).toBe(405);
  expect(await faults()).toEqual([]);
});

test("what the guard lets through, ws accepts: no handshake is left half-way", async () => {
  // oxlint-disable-next-line typescript/unbound-method -- called with its own `this` below
  const { handleUpgrade } = WebSocketServer.prototype;
  const begun: unknown[] = [];
  const opened: unknown[] = [];
  WebSocketServer.prototype.handleUpgrade = function (request, socket, head, done) {
    begun.push(request);
    handleUpgrade.call(this, request, socket, head, (ws, original) => {
      opened.push(original);
      done(ws, original);
    });
  };
  try {
    for (const key of ["x".repeat(22) + "==", "", "=".repeat(24), "+/".repeat(11) + "=="]) {
      for (const protocol of [null, "chat", "chat, superchat", "a b", "ä"]) {
        const headers = { "Sec-WebSocket-Key": key, "Sec-WebSocket-Protocol": protocol };
        const bare = await new BareSocket(server.url).connected();
        bare.socket.write(upgradeRequest(server.url, "/ws", headers), "utf8");
        await bare.until(/HTTP\/1.1 (101|400)/);
        bare.socket.destroy();
      }
    }
    expect(begun.length).toBeGreaterThan(0);
    expect(opened).toEqual(begun);
  } finally {
    WebSocketServer.prototype.handleUpgrade = handleUpgrade;
  }
});

test("fault 5: a frame far over the limit closes with 1009 before it is read", async () => {
  const client = await server.client();
  // The header of a masked text frame that announces 64 MiB.
  const header = Buffer.alloc(14);
  header.set([0x81, 0xff]);
  header.writeBigUInt64BE(BigInt(64 * 1024 * 1024), 2);
  const bare = await new BareSocket(server.url).connected();
  bare.socket.write(upgradeRequest(server.url));
  await bare.until(/101 Switching/);
  bare.socket.write(header);
  expect(await bare.closed).toContain("\u0003\u00f1"); // 1009
  await client.close();
  expect(await faults()).toEqual([]);
});

test("foreign hosts and origins are refused before anything else", async () => {
  const answers = [
    [{ Host: "evil.example" }, 421, "host_refused"],
    [{ Origin: "http://evil.example" }, 403, "origin_refused"],
    [{ Origin: "null" }, 403, "origin_refused"],
    [{ "Sec-Fetch-Site": "cross-site" }, 403, "origin_refused"],
    [{ "Sec-Fetch-Site": "same-site" }, 403, "origin_refused"],
    [{ Authorization: "Bearer wrong" }, 401, "unauthenticated"],
    [{ Authorization: "Basic eDp5" }, 401, "unauthenticated"],
  ] as const;
  for (const [headers, status, error_code] of answers) {
    const refused = await refusal(upgradeRequest(server.url, "/ws", headers));
    expect({ headers, status: refused.status }).toEqual({ headers, status });
    expect(JSON.parse(refused.body)).toMatchObject({ success: false, error_code });
    expect(refused.head).toContain("connection: close");
  }
  const origin = server.url.replace(/\/$/, "");
  const client = await RawClient.open(server.ws, { origin, "sec-fetch-site": "same-origin" });
  expect(await client.call("authenticate", { token: server.token })).toMatchObject({
    role: "admin",
  });
  await client.close();
});

test("a Bearer header on the upgrade signs in", async () => {
  const headers = { authorization: `Bearer ${server.token}` };
  const client = await RawClient.open(server.ws, headers);
  expect((await client.call("health", {})).healthy).toBe(true);
  await client.close();
});

test("an upgrade to something else is declined by a plain answer", async () => {
  const bare = await new BareSocket(server.url).connected();
  bare.socket.write(
    `GET /healthz HTTP/1.1\r\nHost: ${new URL(server.url).host}\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n`,
  );
  expect(await bare.until(/healthy/)).toMatch(/^HTTP\/1.1 200/);
  bare.socket.destroy();
});

test("a GET of /ws without an upgrade says what it is", async () => {
  const response = await fetch(new URL("/ws", server.url));
  expect(response.status).toBe(400);
});

test("[LIM4] sockets and event streams share one bound; beyond it each is answered and closed", async () => {
  const small = await startTestServer({ maxConnections: 2 });
  try {
    const { session_id } = await small.call("create_session", { name: "s" });
    const path = `/api/sessions/${session_id}/events`;
    const headers = { authorization: `Bearer ${small.token}` };
    const first = await small.client();
    const stream = await fetch(new URL(path, small.url), { headers });
    expect(stream.status).toBe(200);
    const refused = await new BareSocket(small.url).connected();
    refused.socket.write(upgradeRequest(small.url));
    expect(await refused.closed).toMatch(/^HTTP\/1.1 422 [^]*connection: close[^]*"limit_reached"/);
    const other = await fetch(new URL(path, small.url), { headers });
    expect(other.status).toBe(422);
    expect(await other.json()).toMatchObject({ error_code: "limit_reached" });
    // Calls are no connections.
    expect((await small.call("list_connections", {})).connections).toHaveLength(2);
    await stream.body?.cancel();
    await expect
      .poll(async () => (await small.call("list_connections", {})).connections.length)
      .toBe(1);
    await small.client();
    await first.close();
  } finally {
    await small.stop();
  }
});

test("a server that is stopping takes no connection", async () => {
  const log = pino({ level: "silent" });
  const access = new AccessList({ host: "127.0.0.1", allowedHosts: [], publicUrl: null });
  const keys = { verify: () => Promise.resolve(null) };
  const authenticator = new Authenticator({ mode: "token", adminToken: "t", keys });
  const metrics = { closed: () => undefined };
  const dispatch = () => Promise.resolve({});
  const connections = new Connections({ dispatch, log, metrics });
  const bareServer: Server = createServer();
  let isStopping = true;
  const admit = (): void => {
    if (isStopping) throw new ProtocolError("shutting_down", "Stopping.");
  };
  attachWebSockets(bareServer, { access, authenticator, connections, log, admit });
  await new Promise<void>((resolve) => bareServer.listen(0, "127.0.0.1", resolve));
  const { port } = bareServer.address() as AddressInfo;
  access.bound(port);
  const url = `ws://127.0.0.1:${port}/ws`;
  await expect(RawClient.open(url)).rejects.toThrow("refused with 503");
  isStopping = false;
  (await RawClient.open(url)).terminate();
  await new Promise((resolve) => bareServer.close(resolve));
});
