import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  chmodSync,
  chownSync,
  lutimesSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import type { Settings } from "@cairn/shared/session";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ObjectStore } from "../store/objects.ts";
import { RestoreSite } from "../testing/restore-site.ts";
import type { Planted } from "../testing/tree.ts";
import { folder, readable } from "../testing/tree.ts";
import { joinPath } from "./paths.ts";
import { readRegularFile } from "./read-file.ts";
import type { Scan, ScanOptions } from "./scan.ts";
import { loadRules, scanWorkspace } from "./scan.ts";
import { StatCache } from "./stat-cache.ts";
import { surveyWorkspace } from "./survey.ts";
import { openWorkspace } from "./workspace.ts";

let site: RestoreSite;

beforeEach(() => {
  site = new RestoreSite();
});

afterEach(() => site[Symbol.dispose]());

function scan(options: Partial<ScanOptions> = {}): Scan {
  const { workspace, rules, store } = site;
  return scanWorkspace(store, { workspace, rules, store: true, cache: null, ...options });
}

/** A stored tree in the form of `listTree`, without the root's own line. */
function listStored(store: ObjectStore, root: string): string[] {
  const lines: string[] = [];
  const walk = (hash: string, path: Buffer): void => {
    for (const entry of store.readTree(hash)) {
      const at = joinPath(path, entry.name);
      const mode = entry.mode.toString(8);
      if (entry.kind === "directory") {
        lines.push(`${readable(at)}/ ${mode}`);
        walk(entry.hash, at);
        continue;
      }
      const content = Buffer.concat([...store.readBlob(entry.hash)]);
      assert.equal(content.length, entry.size);
      if (entry.kind === "symlink") lines.push(`${readable(at)} link ${readable(content)}`);
      else {
        const kind = (entry.mode & 0o100) === 0 ? "file" : "executable";
        assert.equal(entry.kind, kind);
        const hash = createHash("sha256").update(content).digest("hex");
        lines.push(`${readable(at)} file ${mode} ${hash}`);
      }
    }
  };
  walk(root, Buffer.alloc(0));
  return lines;
}

/** The path in a line of `listTree`, folders with a slash at the end. */
function pathIn(line: string): string {
  return line.replace(/\/ \d+$/, "/").replace(/ (file \d+ \w+|link .*)$/, "");
}

function captured(result: Scan): string[] {
  return listStored(site.store, result.root).map(pathIn);
}

const hardToKeep: [string | Buffer, Planted][] = [
  ["plain.txt", "text\n"],
  ["no newline at the end", "text"],
  ["empty", ""],
  ["binary", Buffer.from([0, 255, 1, 254, 13, 10])],
  ["crlf.txt", "a\r\nb\r\n"],
  ["run.sh", { file: "#!/bin/sh\n", mode: 0o755 }],
  ["secret", { file: "s", mode: 0o600 }],
  ["read only", { file: "r", mode: 0o444 }],
  ["closed/inside", "x"],
  ["closed", folder(0o700)],
  ["bare/empty/below", folder()],
  ["ünïcode/日本語 🪨", "x"],
  ["é composed", "1"],
  ["é decomposed", "2"],
  ["Case", "1"],
  ["case", "2"],
  ["new\nline", "x"],
  [`quote"s' and \\backslash`, "x"],
  [" leading and trailing ", "x"],
  ["-dash", "x"],
  ["*", "x"],
  ["replacement \uFFFD", "x"],
  [Buffer.from("not utf-8 \xff\xfe/\xe9t\xe9", "latin1"), "bytes"],
  [Buffer.from("link \xff", "latin1"), { link: Buffer.from("to \xfe", "latin1") }],
  ["link to file", { link: "plain.txt" }],
  ["link to folder", { link: "bare" }],
  ["dangling", { link: "nowhere/at all" }],
  ["absolute", { link: "/etc/hostname" }],
  ["outside", { link: "../../.." }],
  ["loop", { link: "loop" }],
  ["n".repeat(255), "long name"],
  [`${"deep/".repeat(120)}file`, "deep"],
  ["nested/repository/.git/HEAD", "ref: refs/heads/main\n"],
  ["nested/repository/file", "plain"],
  ["nested/worktree/.git", "gitdir: /elsewhere\n"],
  ["nested/worktree/file", "plain"],
  [".gitattributes", "* filter=evil\n"],
];

const isGit = (path: string): boolean => path.split("/").includes(".git");

test("a workspace of everything that is hard to keep is stored as it stands", () => {
  site.write(hardToKeep);
  const large = join(site.workspace, "30 MB");
  writeFileSync(large, "");
  for (let i = 0; i < 30; i += 1) appendFileSync(large, Buffer.alloc(1_000_000, i));
  const result = scan();
  site.store.commit();
  expect(result.skipped).toEqual([]);
  const [, ...onDisk] = site.list(isGit);
  expect(listStored(site.store, result.root)).toEqual(onDisk);
  const again = scan({ store: false });
  expect([again.root, again.rulesHash, again.files, again.bytes]).toEqual([
    result.root,
    result.rulesHash,
    result.files,
    result.bytes,
  ]);
});

test("a scan that only hashes stores nothing, and shows its tree all the same", () => {
  site.write(hardToKeep);
  const before = site.store.facts();
  const result = scan({ store: false });
  site.store.commit();
  expect(site.store.facts()).toEqual(before);
  expect(result.tree.lookup(Buffer.from("closed/inside"))).toMatchObject({ kind: "file", size: 1 });
  expect(result.tree.lookup(Buffer.from("closed"))).toMatchObject({
    kind: "directory",
    mode: 0o700,
  });
  const bytes = Buffer.from("not utf-8 \xff\xfe/\xe9t\xe9", "latin1");
  expect(result.tree.lookup(bytes)).toMatchObject({ size: 5 });
  expect(result.tree.lookup(Buffer.from("plain.txt/below"))).toBeUndefined();
  expect(result.tree.lookup(Buffer.from("nothing"))).toBeUndefined();
  expect(result.tree.lookup(Buffer.alloc(0))?.hash).toBe(result.root);
});

test("files, counts and hash are those of the content, whatever was there before", () => {
  const roots = new Set<string>();
  const state = (planted: Record<string, Planted>): void => {
    rmSync(site.workspace, { recursive: true });
    mkdirSync(site.workspace);
    site.write(planted);
    roots.add(scan().root);
  };
  const states: Record<string, Planted>[] = [
    {},
    { a: "x" },
    { a: "y" },
    { a: { file: "x", mode: 0o755 } },
    { a: { file: "x", mode: 0o600 } },
    { a: { link: "x" } },
    { a: folder() },
    { a: folder(0o700) },
    { "a/x": "" },
    { "a/x": folder() },
    { b: "x" },
  ];
  for (const planted of [...states, ...states.toReversed()]) state(planted);
  expect(roots.size).toBe(states.length);
});

test("FIFOs, sockets and devices are never opened, and said to be skipped", async () => {
  site.write({ file: "x" });
  execFileSync("mkfifo", [site.path("pipe")]);
  const server = createServer().listen(site.path("socket"));
  await once(server, "listening");
  try {
    const result = scan();
    expect(result.skipped).toEqual([
      { path: "pipe", reason: "fifo" },
      { path: "socket", reason: "socket" },
    ]);
    expect(captured(result)).toEqual(["file"]);
    expect(result.isSkipped(Buffer.from("pipe"))).toBe(true);
    expect(result.isSkipped(Buffer.from("pipe/below"))).toBe(true);
    expect(result.isSkipped(Buffer.from("pip"))).toBe(false);
    expect(result.skippedHash).toMatch(/^[0-9a-f]{64}$/);
  } finally {
    server.close();
  }
});

/** Runs `work` as somebody whom permissions bind. */
function unprivileged(work: () => void): void {
  if (process.getuid?.() !== 0) {
    work();
    return;
  }
  const nobody = 65_534;
  chmodSync(site.home, 0o755);
  process.seteuid?.(nobody);
  try {
    work();
  } finally {
    process.seteuid?.(0);
  }
}

test("what may not be read is skipped, by name, and the rest is captured", () => {
  site.write({ open: "x", "shut/file": "x", secret: "x" });
  if (process.getuid?.() === 0) chownSync(site.path("open"), 65_534, 65_534);
  chmodSync(site.path("shut"), 0o000);
  chmodSync(site.path("secret"), 0o000);
  unprivileged(() => {
    const result = scan({ store: false });
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
  unprivileged(() => {
    expect(() => scan({ store: false })).toThrow(
      expect.objectContaining({ code: "workspace_unavailable" }),
    );
  });
  chmodSync(site.workspace, 0o755);
  rmSync(site.workspace, { recursive: true });
  expect(() => scan()).toThrow(expect.objectContaining({ code: "workspace_unavailable" }));
});

test("a file that moves under each reading is stored and flagged", () => {
  site.write({ log: "a", still: "x" });
  const now = (): number => {
    appendFileSync(site.path("log"), "more");
    return Date.now();
  };
  const result = scan({ now });
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

/** Counts the files that a scan reads: `now` is asked once before each. */
function counting(later = 60_000): { now: () => number; reads: () => number } {
  let reads = 0;
  return {
    now() {
      reads += 1;
      return Date.now() + later;
    },
    reads: () => reads,
  };
}

test("the cache spares what stands still, and nothing else", () => {
  site.write({ a: "1", b: "2", "c/d": "3", link: { link: "a" } });
  const cache = new StatCache();
  const first = counting();
  const { root } = scan({ cache, now: first.now });
  expect(first.reads()).toBe(4);
  const second = counting();
  expect(scan({ cache, now: second.now }).root).toBe(root);
  expect(second.reads()).toBe(0);
  const third = counting();
  writeFileSync(site.path("b"), "changed");
  renameSync(site.path("a"), site.path("e"));
  chmodSync(site.path("c/d"), 0o600);
  const changed = scan({ cache, now: third.now });
  expect(changed.root).toBe(scan({ cache: null }).root);
  // A new name and a new mode change the ctime, so they are read once more.
  expect(third.reads()).toBe(3);
});

test("an edit that keeps size and mtime is seen", () => {
  site.write({ a: "one" });
  const cache = new StatCache();
  const before = scan({ cache, now: counting().now });
  const { atime, mtime } = statSync(site.path("a"));
  writeFileSync(site.path("a"), "two");
  utimesSync(site.path("a"), atime, mtime);
  expect(scan({ cache, now: counting().now }).root).not.toBe(before.root);
});

test("a link that is replaced by one of the same length and mtime is seen", () => {
  site.write({ a: { link: "one" } });
  const cache = new StatCache();
  const before = scan({ cache, now: counting().now });
  rmSync(site.path("a"));
  symlinkSync("two", site.path("a"));
  lutimesSync(site.path("a"), 1, 1);
  expect(scan({ cache, now: counting().now }).root).not.toBe(before.root);
});

test("what changed within the clock's grain before it was read is read again", () => {
  site.write({ a: "one" });
  const cache = new StatCache();
  const { ctimeMs } = statSync(site.path("a"));
  scan({ cache, now: () => ctimeMs + 5 });
  const again = counting();
  scan({ cache, now: again.now });
  expect(again.reads()).toBe(1);
  const third = counting();
  scan({ cache, now: third.now });
  expect(third.reads()).toBe(0);
});

test("a cache knows nothing that the store does not hold", () => {
  site.write({ a: "1", "b/c": "2", link: { link: "a" } });
  const cache = new StatCache();
  scan({ cache, store: false, now: counting().now });
  const result = scan({ cache });
  site.store.commit();
  const [, ...onDisk] = site.list();
  expect(listStored(site.store, result.root)).toEqual(onDisk);
});

test("the cache outlives its thread; torn or foreign, it counts as empty", () => {
  site.write({ a: "1", b: "2", c: "3" });
  const path = join(site.home, "cache", "one");
  scan({ cache: new StatCache(path), now: counting().now });
  const reads = (): number => {
    const { now, reads } = counting();
    const { root } = scan({ cache: new StatCache(path), now });
    expect(root).toBe(scan({ cache: null }).root);
    return reads();
  };
  expect(reads()).toBe(0);
  writeFileSync(site.path("b"), "changed");
  expect(reads()).toBe(1);
  expect(reads()).toBe(0);
  const data = readFileSync(path);
  writeFileSync(path, data.subarray(0, data.length - 7));
  expect(reads()).toBe(3);
  expect(reads()).toBe(0);
  const bad = readFileSync(path);
  bad[60] = bad.readUInt8(60) ^ 1;
  writeFileSync(path, bad);
  expect(reads()).toBe(3);
  writeFileSync(path, "something else");
  expect(reads()).toBe(3);
});

test("a cache file does not grow with every edit", () => {
  site.write({ a: "1" });
  const path = join(site.home, "cache", "one");
  const cache = new StatCache(path);
  for (let i = 0; i < 1500; i += 1) {
    writeFileSync(site.path("a"), `${i}`);
    scan({ cache, store: false, now: counting().now });
  }
  expect(statSync(path).size).toBeLessThan(100_000);
});

const ruleCases: [string, Record<string, Planted>, string[], Partial<Settings>?][] = [
  [
    "built-in: what tools make again, never build or dist",
    {
      "node_modules/a": "x",
      "sub/node_modules/a": "x",
      ".venv/a": "x",
      "__pycache__/a": "x",
      "build/a": "x",
      "dist/a": "x",
      "bin/a": "x",
      "target/a": "x",
      "crate/Cargo.toml": "x",
      "crate/target/a": "x",
      "crate/src/target/a": "x",
    },
    [
      "bin/",
      "bin/a",
      "build/",
      "build/a",
      "crate/",
      "crate/Cargo.toml",
      "crate/src/",
      "crate/src/target/",
      "crate/src/target/a",
      "dist/",
      "dist/a",
      "sub/",
      "target/",
      "target/a",
    ],
  ],
  [
    ".gitignore of each folder, the deeper one first",
    {
      ".gitignore": "*.log\n/only-here\nout/\n",
      "a.log": "x",
      "only-here": "x",
      "out/x": "x",
      "sub/.gitignore": "!kept.log\nonly-here\n",
      "sub/kept.log": "x",
      "sub/lost.log": "x",
      "sub/only-here": "x",
      "sub/deep/only-here": "x",
      "other/only-here": "x",
    },
    [
      ".gitignore",
      "other/",
      "other/only-here",
      "sub/",
      "sub/.gitignore",
      "sub/deep/",
      "sub/kept.log",
    ],
  ],
  [
    ".cairnignore over .gitignore, wherever the two stand",
    {
      ".cairnignore": "!local.db\nnotes/\n!node_modules/\nnode_modules/big\n",
      "sub/.gitignore": "*.db\n",
      "sub/local.db": "x",
      "sub/other.db": "x",
      "notes/a": "x",
      "node_modules/small": "x",
      "node_modules/big": "x",
    },
    [
      ".cairnignore",
      "node_modules/",
      "node_modules/small",
      "sub/",
      "sub/.gitignore",
      "sub/local.db",
    ],
  ],
  [
    "settings: ignore over the files, include over all",
    {
      ".gitignore": ".env\ndata/\n*.tmp\nvendor/\n",
      ".cairnignore": "!a.tmp\n",
      ".env": "x",
      "a.tmp": "x",
      "data/keep.db": "x",
      "data/other": "x",
      "data/deep/keep.db": "x",
      "vendor/a/b": "x",
      "vendor/node_modules/c": "x",
      "private/.env": "x",
      "src/x": "x",
    },
    [
      ".cairnignore",
      ".env",
      ".gitignore",
      "data/",
      "data/keep.db",
      "src/",
      "src/x",
      "vendor/",
      "vendor/a/",
      "vendor/a/b",
      "vendor/node_modules/",
      "vendor/node_modules/c",
    ],
    { ignore: ["private/", "*.tmp"], include: [".env", "data/*.db", "/vendor"] },
  ],
  [
    "what is Cairn's or git's own, at any depth, whatever is included",
    {
      ".git/config": "x",
      "a/.git": "gitdir: elsewhere",
      "a/.cairn-staging-1/x": "x",
      ".cairn-x": "x",
      ".cairnignore": "",
      ".gitmodules": "x",
      "a/b": "x",
    },
    [".cairnignore", ".gitmodules", "a/", "a/b"],
    { include: [".git", "**/.git/**", "/a", ".cairn-x"] },
  ],
  [
    "a folder that is not ignored itself stands, empty or not",
    { ".gitignore": "*\n!.gitignore\n!logs/\n", "logs/a": "x", bare: folder() },
    [".gitignore", "logs/"],
  ],
  [
    "an ignore file that is a link or folder is no ignore file",
    { rules: "a\n", ".gitignore": { link: "rules" }, ".cairnignore": folder(), a: "x" },
    [".cairnignore/", ".gitignore", "a", "rules"],
  ],
];

test.each(ruleCases)("rules: %s", (_name, planted, expected, settings = {}) => {
  site.write(planted);
  site.rules = { ...site.rules, ...settings };
  const result = scan();
  site.store.commit();
  expect(captured(result)).toEqual(expected);
  // What the walk left out and what the matchers leave out is the same, for every path there is.
  const stored = loadRules(site.store, result.rulesHash);
  for (const line of site.list().slice(1)) {
    const isDir = pathIn(line).endsWith("/");
    const path = Buffer.from(pathIn(line).replace(/\/$/, ""));
    const left = result.tree.lookup(path) === undefined;
    const ignored = result.ignoredMatcher(path, isDir);
    // A folder into which an include may reach is only captured with what is in it.
    if (!isDir || ignored) assert.equal(ignored, left, path.toString());
    expect(stored(path, isDir)).toBe(ignored);
  }
  const report = surveyWorkspace({ workspace: site.workspace, rules: site.rules }, () => undefined);
  expect([report.files, report.bytes]).toEqual([result.files, result.bytes]);
});

test("the rules that are stored are small, and the same while the rules are", () => {
  site.write({ ".gitignore": "# comment\n*.log\n\n", a: "x" });
  const before = scan();
  writeFileSync(site.path(".gitignore"), "*.log\n# another comment\n");
  expect(scan().rulesHash).toBe(before.rulesHash);
  writeFileSync(site.path(".gitignore"), "*.lag\n");
  expect(scan().rulesHash).not.toBe(before.rulesHash);
});

test("left-out paths say which rule names them", () => {
  site.write({ ".gitignore": "*.log\n", "a.log": "12345", "sub/node_modules/x": "123" });
  site.rules = { ...site.rules, ignore: ["private"] };
  site.write({ private: "1" });
  const report = surveyWorkspace({ workspace: site.workspace, rules: site.rules }, () => undefined);
  expect(report.left_out).toEqual([
    { path: "a.log", why: ".gitignore: *.log", bytes: 5 },
    { path: "private", why: "settings: private", bytes: 1 },
    { path: "sub/node_modules", why: "node_modules (built-in)", bytes: 3 },
  ]);
});

test("a survey names secrets that would be captured, and bounds that are passed", () => {
  site.write({
    ".env": "x",
    ".env.example": "x",
    "deploy/server.pem": "x",
    ".gitignore": "ignored.key\n",
    "ignored.key": "x",
    "large.bin": Buffer.alloc(2000),
  });
  const limits = { files: 3, bytes: 1500, file_bytes: 1000, store_bytes: null };
  const request = { workspace: site.workspace, rules: { ...site.rules, limits } };
  const report = surveyWorkspace(request, () => undefined);
  expect(report.sensitive).toEqual([".env", "deploy/server.pem"]);
  expect(report.over).toEqual(["files", "bytes", "file_bytes"]);
});

test.each([
  ["files", { files: 1 }],
  ["bytes", { bytes: 3 }],
  ["file_bytes", { file_bytes: 3 }],
])("a capture over the limit of %s is refused", (limit, change) => {
  site.write({ a: "1234", b: "12" });
  site.rules = { ...site.rules, limits: { ...site.rules.limits, ...change } };
  expect(() => scan()).toThrow(
    expect.objectContaining({ code: "limit_reached", details: { limit } }),
  );
});

test("folders that Cairn refuses", () => {
  const data = join(site.home, "data");
  const code = (path: string): unknown => {
    try {
      return openWorkspace(path, data);
    } catch (error) {
      return (error as { code: unknown }).code;
    }
  };
  site.write({ file: "x" });
  symlinkSync(data, site.path("sneaky"));
  symlinkSync(site.workspace, join(site.home, "alias"));
  expect(code("/")).toBe("invalid_params");
  expect(code(homedir())).toBe("invalid_params");
  expect(code(dirname(homedir()))).toBe("invalid_params");
  expect(code("relative")).toBe("invalid_params");
  expect(code(site.home)).toBe("invalid_params");
  expect(code(data)).toBe("invalid_params");
  expect(code(join(data, "packs"))).toBe("invalid_params");
  expect(code(site.path("sneaky"))).toBe("invalid_params");
  expect(code(site.path("file"))).toBe("invalid_params");
  expect(code(site.path("missing"))).toBe("workspace_unavailable");
  expect(code(join(site.home, "alias"))).toBe(site.workspace);
  expect(code(`${site.workspace}/`)).toBe(site.workspace);
});
