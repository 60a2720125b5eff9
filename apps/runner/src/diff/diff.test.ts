import { rmSync } from "node:fs";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { scanWorkspace } from "../scan/scan.ts";
import { DiffSite, brief } from "../testing/diff-site.ts";
import type { Planted } from "../testing/tree.ts";
import { folder } from "../testing/tree.ts";
import { compareTrees } from "./compare.ts";
import { comparePaths, diff } from "./diff.ts";
import { folderSide, storedSide } from "./sides.ts";

let site: DiffSite;

beforeEach(() => {
  site = new DiffSite();
});

afterEach(() => site[Symbol.dispose]());

test("each kind of change, each path once, folders only where they are all there is", () => {
  const before = site.state({
    same: "x",
    edited: "a\nb\n",
    mode: "x",
    gone: "1\n2\n",
    "was file": "x\n",
    "was folder/a": "1\n",
    "was folder/b": "2\n",
    "was link": { link: "same" },
    "emptied/a": "x\n",
    "empty gone": folder(),
    shut: folder(0o700),
    "shut/a": "x",
    binary: Buffer.from([1, 0]),
  });
  const after = site.state({
    same: "x",
    edited: "a\nc\nd",
    mode: { file: "x", mode: 0o755 },
    "was file/in": "y\n",
    "was folder": "z\n",
    "was link": "same",
    emptied: folder(),
    "empty new": folder(),
    shut: folder(),
    "shut/a": "x",
    binary: Buffer.from([1, 0, 0]),
    "new/a": "1\n",
  });
  const options = { renames: false };
  expect(site.between(before, after, options).files.map(brief)).toEqual([
    ["binary", "modified", "binary"],
    ["edited", "modified", 2, 1],
    ["emptied/a", "removed", 0, 1],
    ["empty gone", "removed", 0, 0],
    ["empty new", "added", 0, 0],
    ["gone", "removed", 0, 2],
    ["mode", "mode", 0, 0],
    ["new/a", "added", 1, 0],
    ["shut", "mode", 0, 0],
    ["was file", "type", 0, 1],
    ["was file/in", "added", 1, 0],
    ["was folder", "type", 1, 0],
    ["was folder/a", "removed", 0, 1],
    ["was folder/b", "removed", 0, 1],
    ["was link", "type", 0, 0],
  ]);
  expect(site.between(after, after).files).toEqual([]);
});

test("the empty tree is a side; facts of both sides are given", () => {
  const only = site.plant({ a: { file: "x\n", mode: 0o600 } });
  const [file] = site.between(null, only).files;
  expect(file).toMatchObject({
    path: "a",
    kind: "added",
    before: null,
    after: { kind: "file", mode: 0o600, size: 2 },
  });
});

const planted = fc.dictionary(
  fc
    .array(fc.constantFrom("a", "b", "a.b", "a-b", "é", "b!"), { minLength: 1, maxLength: 3 })
    .map((names) => names.join("/")),
  fc.constantFrom<Planted>("1\n", "2\n", { file: "1\n", mode: 0o755 }),
  { maxKeys: 12 },
);

/** Without paths that would be file and folder at once. */
function possible(tree: Record<string, Planted>): Record<string, Planted> {
  const paths = Object.keys(tree);
  return Object.fromEntries(
    Object.entries(tree).filter(
      ([path]) => !paths.some((other) => other !== path && other.startsWith(`${path}/`)),
    ),
  );
}

test("any two trees: every file that differs, none that does not, on pages of any size, and one by one", () => {
  const size = fc.integer({ min: 1, max: 4 });
  fc.assert(
    fc.property(planted, planted, size, fc.boolean(), (a, b, limit, renames) => {
      const [old, now] = [possible(a), possible(b)];
      const [from, to] = [site.state(old), site.state(now)];
      const whole = site.between(from, to, { renames }).files;
      const files = whole.filter(
        ({ before, after }) => before?.kind !== "directory" && after?.kind !== "directory",
      );
      const differing = [...new Set([...Object.keys(old), ...Object.keys(now)])].filter(
        (path) => JSON.stringify(old[path]) !== JSON.stringify(now[path]),
      );
      const sources = whole.flatMap(({ renamed_from }) => renamed_from ?? []);
      const told = [...whole.map(({ path }) => path), ...sources];
      expect(new Set(told).size).toBe(told.length);
      expect(differing.filter((path) => !told.includes(path))).toEqual([]);
      expect(files.every(({ path }) => differing.includes(path))).toBe(true);
      expect(sources.every((path) => path in old && !(path in now))).toBe(true);
      expect(renames || sources.length === 0).toBe(true);
      expect(site.pages(from, to, { limit, renames })).toEqual(whole);
      for (const file of whole) {
        expect(site.between(from, to, { renames, path: file.path }).files).toEqual([file]);
      }
    }),
    { numRuns: 60 },
  );
});

test("paths are in the order in which trees are walked", () => {
  const paths = ["a", "a/x", "a/x/y", "a!", "a-b", "a.b", "a0", "b"].map((path) =>
    Buffer.from(path),
  );
  expect(paths.toReversed().toSorted(comparePaths)).toEqual(paths);
});

test("a side can be the folder as it is now, without storing what is in it", () => {
  const from = site.plant({ a: "1\n", link: { link: "a" }, same: "x" });
  const facts = site.store.facts();
  site.remove("link");
  site.write({ a: "1\n2\n", link: { link: "b" }, new: "n\n" });
  const { store, workspace, rules } = site;
  const scan = scanWorkspace(store, { workspace, rules, store: false, cache: null });
  const to = folderSide(store, scan, workspace);
  const options = { from: storedSide(store, from.tree), to, limit: 10 };
  expect(diff(options).files.map(brief)).toEqual([
    ["a", "modified", 1, 0],
    ["link", "modified", 1, 1],
    ["new", "added", 1, 0],
  ]);
  expect(diff({ ...options, path: "a" }).hunks).toMatchObject([{ lines: [" 1", "+2"] }]);
  store.commit();
  expect(store.facts()).toEqual(facts);
  rmSync(site.path("new"));
  expect(() => diff({ ...options, path: "new" })).toThrow(
    expect.objectContaining({ code: "workspace_changed" }),
  );
});

test("equal folders are not read", () => {
  const from = site.state({ "same/deep/a": "x", "same/b": "y", other: "1" });
  const to = site.state({ "same/deep/a": "x", "same/b": "y", other: "2" });
  const readHashes: string[] = [];
  const side = (root: string) => ({
    root,
    readTree(hash: string) {
      readHashes.push(hash);
      return site.store.readTree(hash);
    },
  });
  expect([...compareTrees(side(from.tree), side(to.tree))]).toHaveLength(1);
  expect(readHashes).toEqual([from.tree, to.tree]);
});
