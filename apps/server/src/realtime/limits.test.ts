// The bounds of one server, over real HTTP and sockets.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { post } from "../testing/call.ts";
import { startTestServer } from "../testing/harness.ts";
import type { TestServer } from "../testing/harness.ts";
import { BareSocket, upgradeRequest } from "../testing/http.ts";

let server: TestServer;
let now: number;
const limits = {
  callsPerSecond: 20,
  callClock: () => now,
  signInMs: 100,
  headersMs: 200,
};
beforeEach(async () => {
  now = 0;
  server = await startTestServer({ limits });
});
afterEach(async () => await server.stop());

async function browserKey(): Promise<string> {
  const code = new URL(server.loginUrl()).hash.replace("#login=", "");
  const answer = await post(server, "/api/login", { code });
  return ((await answer.json()) as { result: { key: string } }).result.key;
}

describe("[LIM5] calls within a second", () => {
  test("are counted by actor over all ways in, and refused with the time to wait", async () => {
    const [one, two] = [await server.client(), await server.client()];
    const theirs = await server.client({ signIn: false });
    await theirs.call("authenticate", { token: await browserKey() });
    const ids = Array.from({ length: 15 }, () => one.send("health"));
    const more = Array.from({ length: 15 }, () => two.send("health"));
    const answers = [
      ...(await Promise.all(ids.map((id) => one.answerTo(id)))),
      ...(await Promise.all(more.map((id) => two.answerTo(id)))),
    ];
    const refused = answers.filter((answer) => !answer.success);
    expect(refused).toHaveLength(10);
    const details = { retry_after_ms: 1_000 };
    expect(refused[0]).toMatchObject({ error_code: "rate_limited", details });

    const response = await post(server, "/api/health", {});
    expect(response.status).toBe(429);
    expect(response.headers.get("retry-after")).toBe("1");
    expect(await response.json()).toMatchObject({ error_code: "rate_limited", details });
    // Another actor is not touched by that.
    const { counters } = await theirs.call("metrics", {});
    expect(counters["cairn_rate_limited_total"]).toBe(11);
    expect(counters['cairn_calls_total{method="health",outcome="rate_limited"}']).toBe(11);
    now = 999;
    await expect(two.call("health", {})).rejects.toMatchObject({ code: "rate_limited" });
    now = 1_000;
    await two.call("health", {});
  });

  test("do not count acks", async () => {
    const { session_id } = await server.call("create_session", { name: "s" });
    const client = await server.client();
    const { subscription_id } = await client.call("subscribe", { session_id, ack: {} });
    const ids = Array.from({ length: 100 }, () => client.send("ack", { subscription_id, seq: 0 }));
    for (const id of ids) expect((await client.answerTo(id)).success).toBe(true);
  });

  test("of those who have not signed in are counted by connection", async () => {
    const [loud, quiet] = [
      await server.client({ signIn: false }),
      await server.client({ signIn: false }),
    ];
    const ids = Array.from({ length: 21 }, () => loud.send("health"));
    const codes: string[] = [];
    for (const id of ids) {
      const answer = await loud.answerTo(id);
      if (!answer.success) codes.push(answer.error_code);
    }
    expect(codes).toEqual([...Array.from({ length: 20 }, () => "unauthenticated"), "rate_limited"]);
    await quiet.call("authenticate", { token: server.token });
    await quiet.call("health", {});
  });
});

describe("a socket", () => {
  test("on which nobody signs in is closed with a code that says stop", async () => {
    const client = await server.client({ signIn: false });
    const signedIn = await server.client();
    const { code } = await client.until(() => client.closed, "the close");
    expect(code).toBe(4501);
    expect(signedIn.closed).toBeNull();
    await signedIn.call("health", {});
    const { counters } = await server.call("metrics", {});
    expect(counters['cairn_sockets_closed_total{code="4501"}']).toBe(1);
  });

  test("whose wrong token was refused is closed all the same", async () => {
    const client = await server.client({ signIn: false });
    const wrong = client.call("authenticate", { token: "wrong" });
    await expect(wrong).rejects.toMatchObject({ code: "unauthenticated" });
    expect((await client.until(() => client.closed, "the close")).code).toBe(4501);
  });

  test("is not closed where nobody has to sign in", async () => {
    const open = await startTestServer({ auth: "off", limits });
    try {
      const client = await open.client({ signIn: false });
      const other = await server.client({ signIn: false });
      await other.until(() => other.closed, "the close of another, that came later");
      expect(client.closed).toBeNull();
      await client.call("health", {});
    } finally {
      await open.stop();
    }
  });
});

describe("a TCP connection", () => {
  test.each([
    ["that says nothing", ""],
    ["with half a request", "GET / HTTP/1.1\r\nHost: "],
    ["with half a handshake", "GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"],
  ])("%s is closed", async (_what, text) => {
    const bare = await new BareSocket(server.url).connected();
    bare.socket.write(text);
    expect(await bare.closed).toMatch(/^(HTTP\/1.1 408 |$)/);
  });

  test("with a body that never ends is closed", async () => {
    const bare = await new BareSocket(server.url).connected();
    const { host } = new URL(server.url);
    const head = ["POST /api/health HTTP/1.1", `Host: ${host}`, "Content-Length: 100"];
    const headers = [
      "Content-Type: application/json",
      `Authorization: Bearer ${server.token}`,
      "",
      "{",
    ];
    bare.socket.write([...head, ...headers].join("\r\n"));
    expect(await bare.closed).toMatch(/^(HTTP\/1.1 408 |$)/);
  });

  test("that has become a WebSocket lives on", async () => {
    const bare = await new BareSocket(server.url).connected();
    const authorization = `Bearer ${server.token}`;
    bare.socket.write(upgradeRequest(server.url, "/ws", { authorization }));
    await bare.until(/101 Switching/);
    const silent = await new BareSocket(server.url).connected();
    await silent.closed;
    const request = Buffer.from('{"id":"f","method":"health"}');
    const mask = [0x81, 0x80 | request.length, 0, 0, 0, 0];
    bare.socket.write(Buffer.concat([Buffer.from(mask), request]));
    expect(await bare.until(/"id":"f"/)).toContain('"success":true');
    bare.socket.destroy();
  });
});

test("[LIM1] a frame over 2 MiB is answered under its id, and the connection lives on", async () => {
  const client = await server.client();
  const pad = "x".repeat(2 * 1024 * 1024);
  const large = `{"id": "large", "method": "health", "params": {"pad": "${pad}"}}`;
  expect(await client.raw(large, "large")).toMatchObject({ error_code: "payload_too_large" });
  const nameless = `{"method": "health", "params": {"pad": "${pad}"}, "id": "last"}`;
  expect(await client.raw(nameless, "unknown")).toMatchObject({ error_code: "payload_too_large" });
  const broken = `{"id": "a\nb", "params": {"pad": "${pad}"}}`;
  expect(await client.raw(broken, "unknown")).toMatchObject({ error_code: "payload_too_large" });
  await client.call("health", {});
  const response = await post(server, "/api/health", { pad });
  expect(response.status).toBe(413);
});

test("[LIM2] JSON is at most 64 levels deep, on both ways in", async () => {
  const client = await server.client();
  const nested = (levels: number): string => `${"[".repeat(levels)}${"]".repeat(levels)}`;
  // The request itself and its params are two of them.
  const request = (id: string, levels: number): string =>
    `{"id": "${id}", "method": "health", "params": {"deep": ${nested(levels)}}}`;
  expect(await client.raw(request("a", 62), "a")).toMatchObject({ success: true });
  expect(await client.raw(request("b", 63))).toMatchObject({ error_code: "invalid_json" });
  const body = (levels: number): string => `{"deep": ${nested(levels)}}`;
  expect((await post(server, "/api/health", body(63))).status).toBe(200);
  expect((await post(server, "/api/health", body(64))).status).toBe(400);
});

test("[SUB8] 128 subscriptions a connection", async () => {
  const roomy = await startTestServer();
  try {
    const client = await roomy.client();
    const ids: string[] = [];
    for (let n = 0; n < 129; n += 1) {
      ids.push((await roomy.call("create_session", { name: "s" })).session_id);
    }
    for (const session_id of ids.slice(0, 128)) await client.call("subscribe", { session_id });
    const [first = "", last = ""] = [ids[0], ids[128]];
    const more = client.call("subscribe", { session_id: last });
    await expect(more).rejects.toMatchObject({ code: "limit_reached" });
    await client.call("subscribe", { session_id: first });
    await client.call("unsubscribe", { session_id: first });
    await client.call("subscribe", { session_id: last });
  } finally {
    await roomy.stop();
  }
});
