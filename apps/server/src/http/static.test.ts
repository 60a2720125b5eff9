import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestServer } from "../testing/harness.ts";
import type { TestServer } from "../testing/harness.ts";
import { ask } from "../testing/http.ts";

let dist: string;
let server: TestServer;

beforeAll(async () => {
  dist = await mkdtemp(join(tmpdir(), "cairn-dist-"));
  await mkdir(join(dist, "assets"));
  await writeFile(join(dist, "index.html"), "<html><head></head><body>page</body></html>");
  await writeFile(join(dist, "assets/main-abc.js"), "1");
  await writeFile(join(dist, "favicon.svg"), "<svg/>");
  await writeFile(join(dist, ".sources"), "secret");
  await writeFile(join(dist, "../outside.txt"), "outside");
  server = await startTestServer({ dist });
});

afterAll(async () => {
  await server.stop();
  await rm(dist, { recursive: true });
  await rm(join(dist, "../outside.txt"));
});

const get = async (path: string, headers: Record<string, string> = {}, method = "GET") =>
  await ask(server.url, { path, method, headers: { host: new URL(server.url).host, ...headers } });

test.each(["/", "/index.html", "/sessions/1?checkpoint=2", "/deep/link.with.dots", "/apiary"])(
  "%s is the page, asked for anew each time",
  async (path) => {
    const { status, headers, body } = await get(path);
    expect(status).toBe(200);
    expect(headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(headers["cache-control"]).toBe("no-cache");
    expect(body.toString()).toContain("page");
  },
);

test("the page's policy allows no inline script, and style elements by nonce only", async () => {
  const [first, second] = [await get("/"), await get("/")];
  const policy = String(first.headers["content-security-policy"]);
  const directives = new Map(
    policy.split("; ").map((part) => [part.split(" ")[0], part.split(" ").slice(1).join(" ")]),
  );
  expect(directives.get("default-src")).toBe("'none'");
  expect(directives.get("script-src")).toBe("'self'");
  expect(directives.get("frame-ancestors")).toBe("'none'");
  const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? "none";
  expect(directives.get("style-src")).toBe(`'self' 'nonce-${nonce}'`);
  expect(first.body.toString()).toContain(`<meta property="csp-nonce" nonce="${nonce}">`);
  expect(second.body.toString()).not.toContain(nonce);
  const { host } = new URL(server.url);
  expect(directives.get("connect-src")).toContain(`ws://${host}`);
});

test("assets are kept for good, the rest is revalidated", async () => {
  const asset = await get("/assets/main-abc.js");
  expect(asset.headers).toMatchObject({
    "content-type": "text/javascript; charset=utf-8",
    "cache-control": "public, max-age=31536000, immutable",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",
  });
  const icon = await get("/favicon.svg");
  expect(icon.headers).toMatchObject({
    "content-type": "image/svg+xml",
    "cache-control": "no-cache",
  });
  const again = await get("/favicon.svg", { "if-none-match": String(icon.headers["etag"]) });
  expect(again.status).toBe(304);
});

test("a missing asset is no page; nothing outside the folder and no dot file is served", async () => {
  expect((await get("/assets/gone.js")).status).toBe(404);
  for (const path of ["/../outside.txt", "/%2e%2e/outside.txt", "/..%2foutside.txt", "/.sources"]) {
    expect((await get(path)).body.toString()).not.toMatch(/outside|secret/);
  }
});

test("HEAD has no body; other methods are nothing here", async () => {
  const head = await get("/", {}, "HEAD");
  expect(head.status).toBe(200);
  expect(head.body).toHaveLength(0);
  expect((await get("/", {}, "POST")).status).toBe(404);
});
