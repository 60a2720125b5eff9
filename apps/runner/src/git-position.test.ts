import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { gitPosition } from "./git-position.ts";

const one = "1".repeat(40);
const two = "2".repeat(40);
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "cairn-git-"));
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

function write(files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
}

test.each<[string, Record<string, string>, unknown]>([
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
