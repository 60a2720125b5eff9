import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { keepScan } from "./capture.ts";
import type { Captured } from "./runner.ts";
import { scanWorkspace } from "./scan/scan.ts";
import { RestoreSite } from "./testing/restore-site.ts";
import { folder } from "./testing/tree.ts";

let site: RestoreSite;

beforeEach(() => {
  site = new RestoreSite();
});

afterEach(() => site[Symbol.dispose]());

function capture(parent: string | null, allow_empty = false): Captured {
  const { workspace, rules, store } = site;
  const scan = scanWorkspace(store, { workspace, rules, store: true, cache: null });
  return keepScan(store, scan, { pin: "pin", workspace, parent, allow_empty });
}

test("a capture says which files differ from its parent, and by how many lines", () => {
  site.write({
    edited: "1\n2\n3\n",
    gone: "a\nb\n",
    mode: "x\n",
    turned: "x\ny\n",
    binary: Buffer.from([0, 1]),
    "still/same": "x\n",
  });
  const parent = capture(null);
  expect(parent).toMatchObject({ files: 6, changed_files: 6, added: 9, removed: 0 });
  site.remove("gone", "turned");
  chmodSync(site.path("mode"), 0o755);
  site.write({
    edited: "1\ntwo\n3\n4",
    binary: Buffer.from([0, 2]),
    "turned/inside": "z\n",
    "new/deep/file": "1\n2\n",
    bare: folder(),
  });
  const captured = capture(parent.tree);
  expect(captured.changed_paths).toEqual([
    "bare",
    "binary",
    "edited",
    "gone",
    "mode",
    "new/deep/file",
    "turned",
    "turned/inside",
  ]);
  expect(captured).toMatchObject({ files: 6, changed_files: 7, added: 5, removed: 5 });
  expect(capture(captured.tree)).toMatchObject({
    tree: captured.tree,
    changed_files: 0,
    added: 0,
    removed: 0,
    changed_paths: [],
  });
});

test("a folder that is new, gone or of another mode is a changed path, and no changed file", () => {
  site.write({ shut: folder(0o700), "shut/a": "x\n", emptied: folder(), "turned/in": "x\n" });
  const parent = capture(null);
  expect(parent).toMatchObject({
    changed_files: 2,
    changed_paths: ["emptied", "shut/a", "turned/in"],
  });
  chmodSync(site.path("shut"), 0o755);
  site.remove("emptied", "turned");
  site.write({ bare: folder(), turned: "x\n" });
  expect(capture(parent.tree)).toMatchObject({
    // What was a folder with a file in it and is a file now is two.
    changed_files: 2,
    changed_paths: ["bare", "emptied", "shut", "turned", "turned/in"],
    added: 1,
    removed: 1,
  });
});

test("lines are not counted where that would take longer than the capture", () => {
  for (let i = 0; i < 1100; i += 1) writeFileSync(site.path(`f${i}`), `${i}\n`);
  const many = capture(null);
  expect(many).toMatchObject({ changed_files: 1100, added: null, removed: null });
  expect(many.changed_paths).toHaveLength(1000);
  site.write({ large: "x\n".repeat(600_000) });
  expect(capture(many.tree)).toMatchObject({ changed_files: 1, added: null, removed: null });
});

test("a name that is no UTF-8 is among the changed paths in its readable form", () => {
  site.write([[Buffer.from("caf\xe9", "latin1"), "x"]]);
  expect(capture(null).changed_paths).toEqual(["caf\uFFFD"]);
});

test("a capture tells where git stands, of the repositories in it that are captured too", () => {
  const commit = "1".repeat(40);
  site.write({
    ".gitignore": "ignored\n",
    ".git/HEAD": "ref: refs/heads/main\n",
    "b/deep/.git/HEAD": `${commit}\n`,
    "a/.git": "gitdir: ../b/deep/.git\n",
    "ignored/.git/HEAD": `${commit}\n`,
    "plain/.git/no head": "x",
  });
  const position = { commit, branch: null };
  expect(capture(null).git).toEqual({
    commit: null,
    branch: "main",
    nested: [
      { path: "a", ...position },
      { path: "b/deep", ...position },
    ],
  });
  site.remove("a/.git", "b/deep/.git");
  expect(capture(null).git).toEqual({ commit: null, branch: "main" });
});

test("a capture is durable and pinned when it returns", () => {
  site.write({ a: "x", pipe: "x" });
  const captured = capture(null);
  expect(site.store.index.pins()).toEqual(["pin"]);
  expect(site.store.index.has(captured.tree)).toBe(true);
  expect(site.store.index.has(captured.rules)).toBe(true);
});

test("a parent that is damaged keeps nobody from making new checkpoints", () => {
  site.write({ a: "x" });
  const missing = "0".repeat(64);
  expect(capture(missing)).toMatchObject({ files: 1, changed_files: 1, added: null });
});

test("a disk that is not mounted is no deletion", () => {
  site.write({ a: "x" });
  const parent = capture(null);
  site.remove("a");
  const { store, workspace } = site;
  store.index.setDevice(workspace, "12345678");
  expect(() => capture(parent.tree)).toThrow(
    expect.objectContaining({ code: "workspace_unavailable" }),
  );
  expect(capture(parent.tree, true)).toMatchObject({ files: 0, changed_files: 1 });
  // From then on this is the device it is on.
  expect(capture(parent.tree)).toMatchObject({ files: 0 });
});

test("ten thousand files, captured twice, are stored once", () => {
  for (let i = 0; i < 100; i += 1) {
    mkdirSync(site.path(`d${i}`));
    for (let j = 0; j < 100; j += 1) writeFileSync(site.path(`d${i}/f${j}`), `file ${i} ${j}\n`);
  }
  const captured = capture(null);
  expect(captured).toMatchObject({ files: 10_000, changed_files: 10_000 });
  const before = site.store.facts();
  expect(capture(captured.tree)).toMatchObject({ tree: captured.tree, changed_files: 0 });
  expect(site.store.facts()).toEqual(before);
  // Blobs, folders, root, rules.
  expect(before.objects).toBe(10_000 + 100 + 1 + 1);
  expect(readdirSync(`${site.store.dir}/packs`)).toHaveLength(1);
  rmSync(site.path("d5"), { recursive: true });
  writeFileSync(site.path("d7/f3"), "changed\n");
  expect(capture(captured.tree)).toMatchObject({ changed_files: 101, added: 1, removed: 101 });
});
