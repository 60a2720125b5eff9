import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, chmodSync, chownSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { RestoreSite } from "../testing/restore-site.ts";
import { scanSite, unprivileged } from "../testing/scanning.ts";
import { readRegularFile } from "./read-file.ts";

let site: RestoreSite;

beforeEach(() => {
  site = new RestoreSite();
});

afterEach(() => site[Symbol.dispose]());

test("FIFOs, sockets and devices are never opened, and said to be skipped", async () => {
  site.write({ file: "x" });
  execFileSync("mkfifo", [site.path("pipe")]);
  const server = createServer().listen(site.path("socket"));
  await once(server, "listening");
  try {
    const result = scanSite(site);
    expect(result.skipped).toEqual([
      { path: "pipe", reason: "fifo" },
      { path: "socket", reason: "socket" },
    ]);
    expect(result.tree.readTree(result.root).map(({ name }) => name.toString())).toEqual(["file"]);
    expect(result.isSkipped(Buffer.from("pipe"))).toBe(true);
    expect(result.isSkipped(Buffer.from("pipe/below"))).toBe(true);
    expect(result.isSkipped(Buffer.from("pip"))).toBe(false);
    expect(result.skippedHash).toMatch(/^[0-9a-f]{64}$/);
  } finally {
    server.close();
  }
});

test("what may not be read is skipped, by name, and the rest is captured", () => {
  site.write({ open: "x", "shut/file": "x", secret: "x" });
  if (process.getuid?.() === 0) chownSync(site.path("open"), 65_534, 65_534);
  chmodSync(site.path("shut"), 0o000);
  chmodSync(site.path("secret"), 0o000);
  unprivileged(site, () => {
    const result = scanSite(site, { store: false });
    expect(result.skipped).toEqual([
      { path: "secret", reason: "permission_denied" },
      { path: "shut", reason: "permission_denied" },
    ]);
    expect(result.tree.lookup(Buffer.from("open"))).toBeDefined();
    expect(result.tree.lookup(Buffer.from("shut"))).toBeUndefined();
    expect(result.isSkipped(Buffer.from("shut/file"))).toBe(true);
  });
  chmodSync(site.path("shut"), 0o755);
});

test("a workspace that may not be read, or is gone, is unavailable", () => {
  chmodSync(site.workspace, 0o000);
  unprivileged(site, () => {
    expect(() => scanSite(site, { store: false })).toThrow(
      expect.objectContaining({ code: "workspace_unavailable" }),
    );
  });
  chmodSync(site.workspace, 0o755);
  rmSync(site.workspace, { recursive: true });
  expect(() => scanSite(site)).toThrow(expect.objectContaining({ code: "workspace_unavailable" }));
});

test("a file that moves under each reading is stored and flagged", () => {
  site.write({ log: "a", still: "x" });
  const now = (): number => {
    appendFileSync(site.path("log"), "more");
    return Date.now();
  };
  const result = scanSite(site, { now });
  expect(result.skipped).toEqual([{ path: "log", reason: "changed_while_read" }]);
  const entry = result.tree.lookup(Buffer.from("log"))!;
  const stored = Buffer.concat([...site.store.readBlob(entry.hash)]);
  expect(stored.length).toBe(entry.size);
  expect(readFileSync(site.path("log")).subarray(0, stored.length).equals(stored)).toBe(true);
});

test("a file that moved once is read again", () => {
  site.write({ file: "old" });
  let reads = 0;
  const read = readRegularFile(
    site.path("file"),
    () => {
      reads += 1;
      const text = readFileSync(site.path("file"), "utf8");
      if (reads === 1) writeFileSync(site.path("file"), "newer");
      return text;
    },
    Date.now,
  );
  expect(read).toMatchObject({ result: "newer", moved: false });
});

test("a link or FIFO in a file's place is neither followed nor waited for", () => {
  site.write({ target: "x", link: { link: "target" } });
  execFileSync("mkfifo", [site.path("pipe")]);
  expect(readRegularFile(site.path("pipe"), () => 1, Date.now)).toBeUndefined();
  expect(() => readRegularFile(site.path("link"), () => 1, Date.now)).toThrow(/ELOOP/);
});
