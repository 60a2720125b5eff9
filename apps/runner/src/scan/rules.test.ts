import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import type { Settings } from "@cairn/shared/session";
import { afterEach, beforeEach, expect, test } from "vitest";
import { RestoreSite } from "../testing/restore-site.ts";
import { listStored, pathIn, scanSite } from "../testing/scanning.ts";
import type { Planted } from "../testing/tree.ts";
import { folder } from "../testing/tree.ts";
import { loadRules } from "./scan.ts";
import { surveyWorkspace } from "./survey.ts";

let site: RestoreSite;

beforeEach(() => {
  site = new RestoreSite();
});

afterEach(() => site[Symbol.dispose]());

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
  const result = scanSite(site);
  site.store.commit();
  expect(listStored(site.store, result.root).map(pathIn)).toEqual(expected);
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
  const report = surveyWorkspace({ workspace: site.workspace, rules: site.rules });
  expect([report.files, report.bytes]).toEqual([result.files, result.bytes]);
});

test("the rules that are stored are small, and the same while the rules are", () => {
  site.write({ ".gitignore": "# comment\n*.log\n\n", a: "x" });
  const before = scanSite(site);
  writeFileSync(site.path(".gitignore"), "*.log\n# another comment\n");
  expect(scanSite(site).rulesHash).toBe(before.rulesHash);
  writeFileSync(site.path(".gitignore"), "*.lag\n");
  expect(scanSite(site).rulesHash).not.toBe(before.rulesHash);
});
