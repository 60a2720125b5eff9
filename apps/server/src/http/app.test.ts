// The HTTP side on a real server, with bare requests where headers count.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errors } from "@cairn/shared/errors";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestServer } from "../testing/harness.ts";
import type { TestServer } from "../testing/harness.ts";
import { ask, BareSocket } from "../testing/http.ts";

let server: TestServer;
let signedIn: Record<string, string>;
let host: string;

beforeAll(async () => {
  server = await startTestServer();
  host = new URL(server.url).host;
  signedIn = { host, authorization: `Bearer ${server.token}`, "content-type": "application/json" };
});

afterAll(async () => await server.stop());

const missing = "00000000-0000-4000-8000-000000000000";

test("a call and its result", async () => {
  const answer = await ask(server.url, {
    method: "POST",
    path: "/api/health",
    headers: signedIn,
    body: "{}",
  });
  expect(answer.status).toBe(200);
  expect(answer.json()).toMatchObject({ success: true, result: { healthy: true, auth: "token" } });
  expect(answer.headers["cache-control"]).toBe("no-store");
});

test.each([
  ["no token", "/api/health", { authorization: "" }, "{}", "unauthenticated"],
  ["a wrong token", "/api/health", { authorization: "Bearer x" }, "{}", "unauthenticated"],
  [
    "the token in the query",
    "/api/health?token=TOKEN",
    { authorization: "" },
    "{}",
    "unauthenticated",
  ],
  ["broken JSON", "/api/health", {}, "{", "invalid_json"],
  ["nothing", "/api/health", {}, "", "invalid_json"],
  ["bytes that are not UTF-8", "/api/health", {}, Buffer.from([0x22, 0xff, 0x22]), "invalid_json"],
  ["JSON 65 deep", "/api/health", {}, `${"[".repeat(65)}${"]".repeat(65)}`, "invalid_json"],
  ["no object", "/api/health", {}, "[]", "invalid_params"],
  ["a wrong param", "/api/get_session", {}, '{"session_id":"x"}', "invalid_params"],
  ["an unknown id", "/api/get_session", {}, `{"session_id":"${missing}"}`, "session_not_found"],
  ["plain text", "/api/health", { "content-type": "text/plain" }, "{}", "unsupported_media_type"],
  [
    "a form",
    "/api/health",
    { "content-type": "application/x-www-form-urlencoded" },
    "{}",
    "unsupported_media_type",
  ],
  [
    "compressed JSON",
    "/api/health",
    { "content-encoding": "gzip" },
    "{}",
    "unsupported_media_type",
  ],
  ["an unknown method", "/api/frobnicate", {}, "{}", "unknown_method"],
  ["__proto__", "/api/__proto__", {}, "{}", "unknown_method"],
  ["a connection's method", "/api/subscribe", {}, "{}", "unknown_method"],
  ["2 MiB and a byte", "/api/health", {}, " ".repeat(2 * 1024 * 1024 + 1), "payload_too_large"],
  ["another host", "/api/health", { host: "evil.example" }, "{}", "host_refused"],
  ["another port", "/api/health", { host: "127.0.0.1:1" }, "{}", "host_refused"],
  ["another origin", "/api/health", { origin: "http://evil.example" }, "{}", "origin_refused"],
  ["the origin null", "/api/health", { origin: "null" }, "{}", "origin_refused"],
  ["a cross-site fetch", "/api/health", { "sec-fetch-site": "cross-site" }, "{}", "origin_refused"],
  ["a same-site fetch", "/api/health", { "sec-fetch-site": "same-site" }, "{}", "origin_refused"],
] as const)("%s is refused", async (_name, path, headers, body, code) => {
  const answer = await ask(server.url, {
    method: "POST",
    path: path.replace("TOKEN", server.token),
    headers: { ...signedIn, ...headers },
    body,
  });
  expect(answer.json()).toMatchObject({ success: false, error_code: code });
  expect(answer.status).toBe(errors[code].status);
  expect(answer.headers["x-content-type-options"]).toBe("nosniff");
});

test("a body without a length is refused once it is too large, not read to its end", async () => {
  const bare = await new BareSocket(server.url).connected();
  const head = Object.entries({ ...signedIn, "transfer-encoding": "chunked" });
  bare.socket.write(
    `POST /api/health HTTP/1.1\r\n${head.map(([k, v]) => `${k}: ${v}\r\n`).join("")}\r\n`,
  );
  const chunk = `${(64 * 1024).toString(16)}\r\n${" ".repeat(64 * 1024)}\r\n`;
  for (let i = 0; i < 33; i += 1) bare.socket.write(chunk);
  // The last chunk has not been sent.
  expect(await bare.until(/payload_too_large/)).toMatch(/^HTTP\/1\.1 413 /);
  bare.socket.destroy();
});

test.each([
  ["GET", "/api/health"],
  ["GET", "/api/delete_session"],
  ["GET", "/api/frobnicate"],
  ["GET", "/api/login"],
  ["GET", "/api"],
  ["PUT", "/api/health"],
  ["DELETE", "/api/health"],
  ["OPTIONS", "/api/health"],
])("%s %s is not allowed", async (method, path) => {
  const answer = await ask(server.url, { method, path, headers: signedIn });
  expect(answer.status).toBe(405);
  expect(answer.headers["allow"]).toBe("POST");
  expect(answer.json()).toMatchObject({ error_code: "method_not_allowed" });
  expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
});

test("openapi and healthz are public, metrics are not; foreign hosts get none of them", async () => {
  const headers = { host };
  const openapi = await ask(server.url, { path: "/api/openapi.json", headers });
  expect(openapi.json()).toMatchObject({ openapi: "3.1.0" });
  expect((await ask(server.url, { path: "/healthz", headers })).json()).toEqual({
    healthy: true,
    auth: "token",
  });
  expect((await ask(server.url, { path: "/metrics", headers })).status).toBe(401);
  const metrics = await ask(server.url, { path: "/metrics", headers: signedIn });
  expect(metrics.headers["content-type"]).toContain("text/plain");
  expect(metrics.body.toString()).toMatch(
    /^cairn_calls_total\{method="health",outcome="ok"\} \d+$/m,
  );
  expect(metrics.body.toString()).toMatch(/^cairn_event_loop_delay_p99_seconds /m);
  for (const path of ["/", "/healthz", "/metrics", "/api/openapi.json", "/assets/x.js"]) {
    const answer = await ask(server.url, { path, headers: { host: "rebound.example" } });
    expect(answer.status).toBe(421);
  }
});

test("what nobody expected is internal, with a reference that the log has, and no detail", async () => {
  const { session_id } = await server.call("create_session", { name: "s" });
  const answer = await ask(server.url, {
    method: "POST",
    path: "/api/list_checkpoints",
    headers: signedIn,
    body: JSON.stringify({ session_id, cursor: "\u0000" }),
  });
  // Either the cursor is refused as a param, or it got as far as an error that is kept inside.
  expect([400, 500]).toContain(answer.status);
  expect(answer.body.toString()).not.toMatch(/at .*\.ts|node_modules|SQLITE/);
});

test("the contents of a file, whatever its name", async () => {
  const folder = await server.folder();
  const large = Buffer.alloc(2_500_000, "0123456789abcdef");
  const names = ["a.html", "ä b%41#?.txt", 'q"uote\\.txt'];
  for (const name of names) await writeFile(join(folder, name), `<script>${name}</script>`);
  await writeFile(join(folder, "large.bin"), large);
  await writeFile(join(folder, "empty"), "");
  const bytes = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0x6e, 0xff, 0xfe])]);
  await writeFile(bytes, "not UTF-8");
  const { session_id } = await server.call("create_session", { name: "f", workspace: folder });
  const { checkpoint_id } = await server.call("checkpoint", { session_id });
  const base = `/api/sessions/${session_id}/checkpoints/${checkpoint_id}/files/`;
  const get = async (path: string) =>
    await ask(server.url, { path: base + path, headers: signedIn });

  for (const name of names) {
    const answer = await get(encodeURIComponent(name));
    expect(answer.body.toString()).toBe(`<script>${name}</script>`);
    expect(answer.headers).toMatchObject({
      "content-type": "application/octet-stream",
      "x-content-type-options": "nosniff",
      "content-security-policy": expect.stringMatching(/^sandbox/) as string,
      "cross-origin-resource-policy": "same-origin",
      "content-length": String(answer.body.length),
    });
    expect(answer.headers["content-disposition"]).toMatch(/^attachment; filename="[^"]*"; /);
  }
  expect((await get("large.bin")).body.equals(large)).toBe(true);
  expect((await get("empty")).body).toHaveLength(0);
  for (const encoding of ["base64", "base64url"] as const) {
    const path_b64 = Buffer.from([0x6e, 0xff, 0xfe]).toString(encoding);
    expect((await get(`x?path_b64=${path_b64}`)).body.toString()).toBe("not UTF-8");
  }
  expect((await get("none")).status).toBe(404);
  expect((await get("%ff")).status).toBe(400);
  expect((await get("..%2f..%2fetc%2fpasswd")).status).toBeGreaterThanOrEqual(400);
  expect((await ask(server.url, { path: `${base}a.html`, headers: { host } })).status).toBe(401);
  const foreign = { ...signedIn, "sec-fetch-site": "cross-site" };
  expect((await ask(server.url, { path: `${base}a.html`, headers: foreign })).status).toBe(403);
  const other = `/api/sessions/${missing}/checkpoints/${checkpoint_id}/files/a.html`;
  expect((await ask(server.url, { path: other, headers: signedIn })).status).toBe(404);
});
