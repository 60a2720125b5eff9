// A copy of a real repository, this one, with everything planted in it that is hard to keep.
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { folder, listTree, writeTree, type Planted } from "../../runner/src/testing/tree.ts";

const root = join(import.meta.dirname, "../../..");

function git(cwd: string, ...args: string[]): string {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_")),
  );
  const fixed = ["user.name=Ana", "user.email=ana@example.org", "commit.gpgsign=false"];
  const all = [...fixed.flatMap((each) => ["-c", each]), ...args];
  return execFileSync("git", all, { cwd, env, encoding: "utf8", maxBuffer: 2 ** 26 });
}

function commitAll(cwd: string, message: string): void {
  git(cwd, "add", "--all");
  git(cwd, "commit", "--quiet", "--message", message);
}

/** Bytes that are no text, other ones for another seed. */
function noise(seed: number): Buffer {
  return Buffer.from(Array.from({ length: 5_000 }, (_, at) => (at * 31 + seed * 17) % 256));
}

const planted: [string | Buffer, Planted][] = [
  ["tools/run.sh", { file: "#!/bin/sh\necho run\n", mode: 0o755 }],
  ["keys/private.pem", { file: "not a real key\n", mode: 0o600 }],
  ["keys", folder(0o700)],
  ["links/dangling", { link: "nowhere/at/all" }],
  ["links/to-folder", { link: "../shared" }],
  ["links/absolute", { link: "/etc/hostname" }],
  ["empty/inner", folder(0o750)],
  ["assets/noise.bin", noise(1)],
  ["names/naïve 日本語 🪨.txt", "unicode\n"],
  [Buffer.from("names/not-utf8-\xff\xfe.txt", "latin1"), "bytes\n"],
  ["becomes-folder", "a file\n"],
  ["becomes-file/inside.txt", "in a folder\n"],
  // `*.log` stands in the repository's own .gitignore.
  ["debug.log", "ignored, first\n"],
  ["vendor/nested/readme.txt", "nested\n"],
  ["vendor/nested/src/code.c", "int main(void) { return 0; }\n"],
];

/** Copies this repository's sources into a new folder, and plants the rest. */
export function copyRepository(to: string): void {
  mkdirSync(to);
  for (const path of git(root, "ls-files", "-z").split("\0")) {
    const from = join(root, path);
    if (path === "" || lstatSync(from, { throwIfNoEntry: false })?.isFile() !== true) continue;
    mkdirSync(dirname(join(to, path)), { recursive: true });
    copyFileSync(from, join(to, path));
  }
  git(to, "init", "--quiet");
  commitAll(to, "As copied");
  writeTree(to, planted);
  const nested = join(to, "vendor/nested");
  git(nested, "init", "--quiet");
  commitAll(nested, "Nested");
}

/** Edits, deletes, links and modes of all kinds; `.git` and the ignored file move too. */
export function workOn(folder_: string): void {
  const at = (path: string) => join(folder_, path);
  writeTree(folder_, {
    "shared/src/ids.ts": "// written anew\n",
    "new/deep/file.txt": "new\n",
    "new/empty": folder(0o711),
    "assets/noise.bin": noise(2),
    "names/名.txt": "another\n",
    "debug.log": "ignored, second\n",
    "vendor/nested/readme.txt": "nested, changed\n",
  });
  for (const gone of ["README.md", "apps/runner/src/scan", "empty", "becomes-folder"]) {
    rmSync(at(gone), { recursive: true });
  }
  for (const gone of ["becomes-file", "links/to-folder", "names/naïve 日本語 🪨.txt"]) {
    rmSync(at(gone), { recursive: true });
  }
  rmSync(Buffer.from(at("names/not-utf8-\xff\xfe.txt"), "latin1"));
  symlinkSync("../apps", at("links/to-folder"));
  writeTree(folder_, {
    "becomes-folder/inside.txt": "now a folder\n",
    "becomes-file": "now a file\n",
  });
  chmodSync(at("tools/run.sh"), 0o644);
  chmodSync(at("keys/private.pem"), 0o640);
  chmodSync(at("keys"), 0o755);
  commitAll(at("vendor/nested"), "Nested, changed");
  git(folder_, "commit", "--quiet", "--all", "--message", "Meanwhile");
}

/** A third state, so that undo has something of its own to bring back. */
export function workMore(folder_: string): void {
  writeFileSync(join(folder_, "new/deep/file.txt"), "new, and edited\n");
  rmSync(join(folder_, "tools"), { recursive: true });
}

const leftAlone = (path: string) => /(^|\/)\.git(\/|$)/.test(path) || path === "debug.log";

/** What a checkpoint holds of the folder, a line a path. */
export function capturedOf(folder_: string): string[] {
  return listTree(folder_, leftAlone);
}

/** Every `.git` and the ignored file. */
export function untouchedOf(folder_: string): string[] {
  const captured = new Set(capturedOf(folder_));
  return listTree(folder_).filter((line) => !captured.has(line));
}
