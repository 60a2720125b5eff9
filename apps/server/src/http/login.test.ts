// Signing in, from the one-time code to a revoked key, on a real server.
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { callOver, post } from "../testing/call.ts";
import { startTestServer } from "../testing/harness.ts";
import type { TestServer } from "../testing/harness.ts";
import { RawClient } from "../testing/raw-client.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});

afterAll(async () => await server.stop());

interface Key {
  key: string;
  key_id: string;
}

async function login(code: string, userAgent = "test"): Promise<Response> {
  return await post(
    { url: server.url, token: null },
    "/api/login",
    { code },
    { "user-agent": userAgent },
  );
}

async function newKey(userAgent?: string): Promise<Key> {
  const code = new URL(server.loginUrl()).hash.replace("#login=", "");
  const response = await login(code, userAgent);
  return ((await response.json()) as { result: Key }).result;
}

test("a link is good for one browser key, which signs in over HTTP and WebSocket", async () => {
  const link = new URL(server.loginUrl());
  expect(link.search).toBe("");
  const code = link.hash.replace("#login=", "");
  const first = await login(code);
  expect(first.status).toBe(200);
  expect(first.headers.get("set-cookie")).toBeNull();
  expect(first.headers.get("cache-control")).toBe("no-store");
  const { result } = (await first.json()) as { result: Key };
  expect(Buffer.from(result.key, "base64url")).toHaveLength(32);

  const second = await login(code);
  expect(second.status).toBe(401);
  expect(await second.json()).toMatchObject({ error_code: "unauthenticated" });

  const browser = { url: server.url, token: result.key };
  expect((await callOver(browser, "health", {})).healthy).toBe(true);
  const client = await server.client({ signIn: false });
  expect(await client.call("authenticate", { token: result.key })).toMatchObject({
    authenticated: true,
  });
});

test("keys are listed by label, without anything that signs in", async () => {
  const { key, key_id } = await newKey("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0");
  const browser = { url: server.url, token: key };
  const { keys } = await callOver(browser, "list_keys", {});
  expect(keys.find((row) => row.key_id === key_id)).toMatchObject({
    label: "Firefox on Linux",
    current: true,
  });
  expect(JSON.stringify(keys)).not.toContain(key);
  expect(keys.filter(({ current }) => current)).toHaveLength(1);
});

test("revoking a key signs its sockets out for good, and nobody else's", async () => {
  const [mine, other] = [await newKey(), await newKey()];
  const sockets = await Promise.all([mine, other].map(async () => await RawClient.open(server.ws)));
  const [socket, bystander] = sockets as [RawClient, RawClient];
  await socket.call("authenticate", { token: mine.key });
  await bystander.call("authenticate", { token: other.key });
  // By itself: the reply still arrives.
  expect(await socket.call("revoke_key", { key_id: mine.key_id })).toEqual({ revoked: true });
  const { code } = await socket.until(() => socket.closed);
  expect(code).toBe(4500);
  expect((await bystander.call("health", {})).healthy).toBe(true);
  await expect(callOver({ url: server.url, token: mine.key }, "health", {})).rejects.toMatchObject({
    code: "unauthenticated",
  });
  await expect(server.call("revoke_key", { key_id: mine.key_id })).rejects.toMatchObject({
    code: "not_found",
  });
  bystander.terminate();
});

test("a fresh code needs the token", async () => {
  const refused = await post({ url: server.url, token: null }, "/api/login-code", {});
  expect(refused.status).toBe(401);
  const response = await post(server, "/api/login-code", {});
  const { result } = (await response.json()) as { result: { code: string; login_url: string } };
  expect(result.login_url).toBe(`${server.url}#login=${result.code}`);
  expect((await login(result.code)).status).toBe(200);
});

test("guesses are limited; the secrets are in no log and no answer", async () => {
  const own = await startTestServer();
  try {
    const { hash } = new URL(own.loginUrl());
    const guess = async () =>
      await post({ url: own.url, token: null }, "/api/login", { code: "guess" });
    const statuses: number[] = [];
    for (let i = 0; i < 25; i += 1) statuses.push((await guess()).status);
    expect(statuses).toEqual([...Array<number>(20).fill(401), ...Array<number>(5).fill(429)]);
    const wrong = { url: own.url, token: "a-wrong-token" };
    await expect(callOver(wrong, "health", {})).rejects.not.toThrow(/a-wrong-token/);
    const client = await own.client();
    await client.call("health", {});
    for (const secret of [own.token, hash.replace("#login=", ""), "a-wrong-token"]) {
      expect(own.logged()).not.toContain(secret);
    }
  } finally {
    await own.stop();
  }
});

test("token, database and folder are for their owner only", async () => {
  const mode = async (name: string): Promise<number> =>
    (await stat(join(server.dataDir, name))).mode & 0o777;
  expect(await mode(".")).toBe(0o700);
  expect(await mode("token")).toBe(0o600);
  expect(await mode("server.json")).toBe(0o600);
});

test("--auth off: no token is needed, and a stray one does not hurt", async () => {
  const own = await startTestServer({ auth: "off" });
  try {
    expect((await callOver({ url: own.url, token: null }, "health", {})).auth).toBe("off");
    const client = await own.client({ signIn: false });
    expect((await client.call("list_sessions", {})).sessions).toEqual([]);
    expect(await client.call("authenticate", { token: "anything" })).toMatchObject({
      role: "admin",
    });
    expect(own.loginUrl()).toBe(own.url);
    const foreign = await post(own, "/api/health", {}, { origin: "http://evil.example" });
    expect(foreign.status).toBe(403);
  } finally {
    await own.stop();
  }
});
