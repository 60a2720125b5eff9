import { execFileSync, spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { gitPosition } from "./git-position.ts";
import type { Planted } from "./testing/tree.ts";
import { writeTree } from "./testing/tree.ts";

const one = "1".repeat(40);
const two = "2".repeat(40);
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "cairn-git-"));
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

function write(files: Record<string, Planted>): void {
  writeTree(dir, files);
}

test.each<[string, Record<string, Planted>, unknown]>([
  ["no repository", {}, null],
  ["a file that is no pointer", { ".git": "hello" }, null],
  ["a pointer to nowhere", { ".git": "gitdir: /nowhere/at/all\n" }, null],
  ["detached", { ".git/HEAD": `${one}\n` }, { commit: one, branch: null }],
  ["no commit yet", { ".git/HEAD": "ref: refs/heads/main\n" }, { commit: null, branch: "main" }],
  [
    "a loose ref",
    { ".git/HEAD": "ref: refs/heads/a/b\n", ".git/refs/heads/a/b": `${one}\n` },
    { commit: one, branch: "a/b" },
  ],
  [
    "a packed ref",
    {
      ".git/HEAD": "ref: refs/heads/main\n",
      ".git/packed-refs": `# pack-refs\n${two} refs/heads/other/refs/heads/main\n${one} refs/heads/main\n^${two}\n`,
    },
    { commit: one, branch: "main" },
  ],
  [
    "loose wins over packed",
    {
      ".git/HEAD": "ref: refs/heads/main\n",
      ".git/refs/heads/main": `${one}\n`,
      ".git/packed-refs": `${two} refs/heads/main\n`,
    },
    { commit: one, branch: "main" },
  ],
  [
    "a worktree",
    {
      ".git": "gitdir: main/.git/worktrees/w\n",
      "main/.git/worktrees/w/HEAD": "ref: refs/heads/topic\n",
      "main/.git/worktrees/w/commondir": "../..\n",
      "main/.git/refs/heads/topic": `${one}\n`,
    },
    { commit: one, branch: "topic" },
  ],
  [
    "a ref that points at a ref",
    {
      ".git/HEAD": "ref: refs/heads/main\n",
      ".git/refs/heads/main": "ref: refs/heads/real\n",
      ".git/refs/heads/real": `${one}\n`,
    },
    { commit: one, branch: "main" },
  ],
  [
    "refs that point at each other",
    { ".git/HEAD": "ref: refs/heads/a\n", ".git/refs/heads/a": "ref: refs/heads/a\n" },
    { commit: null, branch: "a" },
  ],
  [
    "a ref that leaves the repository",
    { ".git/HEAD": "ref: refs/../../secret\n", secret: `${one}\n` },
    { commit: null, branch: "refs/../../secret" },
  ],
  [
    "a HEAD that is a link, as old repositories have",
    { ".git/HEAD": { link: "refs/heads/old" }, ".git/refs/heads/old": `${one}\n` },
    { commit: one, branch: "old" },
  ],
  [
    "an endless or garbled name of a ref",
    {
      ".git/HEAD": `ref: refs/heads/${"x".repeat(2000)}\n`,
      "in/.git/HEAD": "ref: refs/\u001b[2J\n",
    },
    { commit: null, branch: null },
  ],
  ["a HEAD that says nothing", { ".git/HEAD": "garbage\n" }, { commit: null, branch: null }],
])("%s", (_name, files, expected) => {
  write(files);
  expect(gitPosition(dir)).toEqual(expected);
});

test("a FIFO for HEAD is not waited for", () => {
  mkdirSync(join(dir, ".git"));
  execFileSync("mkfifo", [join(dir, ".git", "HEAD")]);
  expect(gitPosition(dir)).toBeNull();
});

test("repositories below are told of, each by itself; the folder itself need be none", () => {
  write({
    "a/.git/HEAD": `${one}\n`,
    "a/sub/.git": "gitdir: ../.git/modules/sub\n",
    "a/.git/modules/sub/HEAD": "ref: refs/heads/main\n",
    "a/.git/modules/sub/packed-refs": `${two} refs/heads/main\n`,
    "none/.git": "hello",
    "unborn/.git/HEAD": "ref: refs/heads/new\n",
  });
  const nested = [
    { path: "a", commit: one, branch: null },
    { path: "a/sub", commit: two, branch: "main" },
    { path: "unborn", commit: null, branch: "new" },
  ];
  const found = ["a", "a/sub", "gone", "none", "unborn"];
  expect(gitPosition(dir, found)).toEqual({ commit: null, branch: null, nested });
  write({ ".git/HEAD": "ref: refs/heads/main\n" });
  expect(gitPosition(dir, found)).toEqual({ commit: null, branch: "main", nested });
  expect(gitPosition(dir, ["none"])).toEqual({ commit: null, branch: "main" });
});

test("at most a hundred repositories are told of", () => {
  const names = Array.from({ length: 103 }, (_, i) => `r${i}`);
  write(Object.fromEntries(names.map((name) => [`${name}/.git/HEAD`, `${one}\n`])));
  expect(gitPosition(dir, names)?.nested).toHaveLength(100);
});

test.each<[string, Record<string, Planted>]>([
  ["a device for .git", { ".git": { link: "/dev/zero" } }],
  ["a device for HEAD", { ".git/HEAD": { link: "/dev/zero" } }],
  ["a pointer to a device", { ".git": "gitdir: /dev\n" }],
  ["an endless pointer", { ".git": `gitdir: ${"x".repeat(10_000)}\n` }],
  ["a pointer to itself", { ".git": "gitdir: .git\n" }],
])("%s leads nowhere", (_name, files) => {
  write(files);
  expect(gitPosition(dir)).toBeNull();
});

test("a list of refs is read piece by piece", () => {
  write({ ".git/HEAD": "ref: refs/heads/main\n" });
  const other = `${two} refs/heads/another-branch\n`;
  // The line that is looked for lies across the end of a piece at one of these lengths.
  for (const before of [0, 1, 4095, ...Array.from({ length: 64 }, (_, i) => 4096 + i)]) {
    const filler = other.repeat(before).slice(0, -1 - (before % 7) || undefined);
    write({ ".git/packed-refs": `${filler}\n${one} refs/heads/main\n` });
    expect(gitPosition(dir)?.commit).toBe(one);
  }
});

test("of lists of refs 32 MB are read, however many repositories have them", () => {
  write({ ".git/HEAD": "ref: refs/heads/main\n", "r/.git": "gitdir: ../.git\n" });
  const packed = join(dir, ".git/packed-refs");
  const position = (megabytes: number) => {
    write({ ".git/packed-refs": "" });
    truncateSync(packed, megabytes * 2 ** 20);
    appendFileSync(packed, `\n${one} refs/heads/main\n`);
    return gitPosition(dir, ["r"]);
  };
  const found = { commit: one, branch: "main" };
  expect(position(15)).toEqual({ ...found, nested: [{ path: "r", ...found }] });
  expect(position(20)).toEqual({ ...found, nested: [{ path: "r", ...found, commit: null }] });
  expect(position(2 ** 20)).toMatchObject({ commit: null });
});

const hasGit = spawnSync("git", ["--version"]).status === 0;

test.runIf(hasGit)("says what git itself says", () => {
  const main = join(dir, "main");
  mkdirSync(main);
  const git = (...args: string[]): string =>
    execFileSync("git", ["-C", main, "-c", "user.name=a", "-c", "user.email=a@b", ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  git("init", "-q", "-b", "trunk");
  expect(gitPosition(main)).toEqual({ commit: null, branch: "trunk" });
  git("commit", "-q", "--allow-empty", "-m", "one");
  const commit = git("rev-parse", "HEAD");
  expect(gitPosition(main)).toEqual({ commit, branch: "trunk" });
  git("pack-refs", "--all");
  expect(gitPosition(main)).toEqual({ commit, branch: "trunk" });
  git("worktree", "add", "-q", "-b", "topic", join(dir, "tree"));
  expect(gitPosition(join(dir, "tree"))).toEqual({ commit, branch: "topic" });
  git("checkout", "-q", "--detach");
  expect(gitPosition(main)).toEqual({ commit, branch: null });
});
