import { readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import type { DiffFile } from "@cairn/shared/files";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Snapshot } from "../runner.ts";
import { scanWorkspace } from "../scan/scan.ts";
import { RestoreSite } from "../testing/restore-site.ts";
import type { Planted } from "../testing/tree.ts";
import { folder } from "../testing/tree.ts";
import { compareTrees } from "./compare.ts";
import type { DiffOptions } from "./diff.ts";
import { comparePaths, diff } from "./diff.ts";
import { list, read } from "./files.ts";
import { folderSide, storedSide } from "./sides.ts";
import { validate } from "./validate.ts";

let site: RestoreSite;

beforeEach(() => {
  site = new RestoreSite();
});

afterEach(() => site[Symbol.dispose]());

function capture(planted?: Record<string, Planted> | [string | Buffer, Planted][]): Snapshot {
  if (planted !== undefined) site.write(planted);
  return site.capture();
}

/** The folder emptied, filled anew and captured. */
function state(planted: Record<string, Planted>): Snapshot {
  site.remove(...readdirSync(site.workspace));
  return capture(planted);
}

function between(from: Snapshot | null, to: Snapshot, more: Partial<DiffOptions> = {}) {
  const { store } = site;
  return diff({
    from: storedSide(store, from?.tree ?? null),
    to: storedSide(store, to.tree),
    limit: 200,
    ...more,
  });
}

const brief = ({ path, kind, added, removed, binary }: DiffFile) =>
  binary ? [path, kind, "binary"] : [path, kind, added, removed];

test("each kind of change, each path once, folders only where they are all there is", () => {
  const before = state({
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
  const after = state({
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
  expect(between(before, after).files.map(brief)).toEqual([
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
  expect(between(after, after).files).toEqual([]);
});

test("the empty tree is a side; facts of both sides are given", () => {
  const only = capture({ a: { file: "x\n", mode: 0o600 } });
  const [file] = between(null, only).files;
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

test("any two trees: every file that differs, none that does not, on pages of any size", () => {
  fc.assert(
    fc.property(planted, planted, fc.integer({ min: 1, max: 4 }), (a, b, limit) => {
      const [old, now] = [possible(a), possible(b)];
      const [from, to] = [state(old), state(now)];
      const whole = between(from, to).files;
      const files = whole.filter(
        ({ before, after }) => before?.kind !== "directory" && after?.kind !== "directory",
      );
      const differing = [...new Set([...Object.keys(old), ...Object.keys(now)])].filter(
        (path) => JSON.stringify(old[path]) !== JSON.stringify(now[path]),
      );
      const told = new Set(whole.map(({ path }) => path));
      expect(differing.filter((path) => !told.has(path))).toEqual([]);
      expect(files.every(({ path }) => differing.includes(path))).toBe(true);
      const paged: DiffFile[] = [];
      let cursor: string | undefined;
      do {
        const page = between(from, to, { limit, ...(cursor !== undefined && { cursor }) });
        expect(page.files.length).toBeLessThanOrEqual(limit);
        paged.push(...page.files);
        cursor = page.next_cursor;
      } while (cursor !== undefined);
      expect(paged).toEqual(whole);
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

test("one file: its hunks, with three lines around, and the marker of a missing newline", () => {
  const lines = Array.from({ length: 30 }, (_, i) => `line ${i}`);
  const from = state({ file: `${lines.join("\n")}\n`, other: "x" });
  lines[10] = "changed";
  const to = state({ file: lines.join("\n"), other: "y" });
  const result = between(from, to, { path: "file" });
  expect(result.files.map(brief)).toEqual([["file", "modified", 2, 2]]);
  expect(result.hunks).toEqual([
    {
      old_start: 8,
      old_lines: 7,
      new_start: 8,
      new_lines: 7,
      lines: [
        " line 7",
        " line 8",
        " line 9",
        "-line 10",
        "+changed",
        " line 11",
        " line 12",
        " line 13",
      ],
    },
    {
      old_start: 27,
      old_lines: 4,
      new_start: 27,
      new_lines: 4,
      lines: [
        " line 26",
        " line 27",
        " line 28",
        "-line 29",
        "+line 29",
        String.raw`\ No newline at end of file`,
      ],
    },
  ]);
  expect(between(from, to, { path: "same" })).toEqual({ files: [], hunks: [] });
});

test("hunks of what is new, gone, a link, binary, or only of another mode", () => {
  const from = state({ gone: "a\n", link: { link: "a" }, mode: "x", bin: Buffer.from([0]) });
  const to = state({
    new: "a\nb\n",
    link: { link: "b" },
    mode: { file: "x", mode: 0o755 },
    bin: Buffer.from([0, 0]),
  });
  const hunks = (path: string) => between(from, to, { path }).hunks?.map(({ lines }) => lines);
  expect(hunks("new")).toEqual([["+a", "+b"]]);
  expect(hunks("gone")).toEqual([["-a"]]);
  const marker = String.raw`\ No newline at end of file`;
  expect(hunks("link")).toEqual([["-a", marker, "+b", marker]]);
  expect(hunks("mode")).toEqual([]);
  expect(hunks("bin")).toEqual([]);
});

test("too large: by bytes, by lines, by how much differs", () => {
  const random = (seed: string) =>
    Array.from({ length: 9000 }, (_, i) =>
      createHash("sha1").update(`${seed}${i}`).digest("hex").slice(0, 8),
    ).join("\n");
  const from = state({ bytes: "x", lines: "x", rewritten: random("a") });
  const to = state({
    bytes: "y".repeat(1024 * 1024 + 1),
    lines: "y\n".repeat(20_001),
    rewritten: random("b"),
  });
  for (const path of ["bytes", "lines", "rewritten"]) {
    const result = between(from, to, { path });
    expect(result).toMatchObject({ too_large: true, files: [{ added: null, removed: null }] });
    expect(result.hunks).toBeUndefined();
  }
});

test("a side can be the folder as it is now, without storing what is in it", () => {
  const from = capture({ a: "1\n", link: { link: "a" }, same: "x" });
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

test("a path that is no UTF-8 is found by its bytes, and told with them", () => {
  const bytes = Buffer.from("caf\xe9/\xff", "latin1");
  const from = capture({});
  const to = capture([[bytes, "x\n"]]);
  const path_b64 = bytes.toString("base64");
  expect(between(from, to).files[0]).toMatchObject({ path: "caf\uFFFD/\uFFFD", path_b64 });
  expect(between(from, to, { path: { path_b64 } }).hunks).toHaveLength(1);
  expect(between(from, to, { path: "caf\uFFFD/\uFFFD" }).hunks).toEqual([]);
  expect(list(site.store, { tree: to.tree, limit: 5 }).entries[0]).toMatchObject({
    path: "caf\uFFFD",
    path_b64: Buffer.from("caf\xe9", "latin1").toString("base64"),
  });
  const found = read(site.store, { tree: to.tree, path: { path_b64 }, offset: 0, length: 9 });
  expect(Buffer.from(found.data).toString()).toBe("x\n");
});

test.each([["../a"], ["/a"], ["a//b"], ["a/./b"], ["a\0"], ["."], ["/"]])(
  "%j is no path inside",
  (path) => {
    const { tree } = capture({ a: "x" });
    expect(() => read(site.store, { tree, path, offset: 0, length: 1 })).toThrow(
      expect.objectContaining({ code: "invalid_params" }),
    );
  },
);

test("folders are listed by pages, files are read by ranges", () => {
  const { tree } = capture({
    "d/a": "0123456789",
    "d/b": "x",
    "d/c": folder(),
    link: { link: "d" },
  });
  const { store } = site;
  expect(list(store, { tree, limit: 10 }).entries).toMatchObject([
    { path: "d", kind: "directory", size: 0 },
    { path: "link", kind: "symlink", mode: 0, size: 1 },
  ]);
  const first = list(store, { tree, path: "d", limit: 2 });
  expect(first.entries.map(({ path }) => path)).toEqual(["d/a", "d/b"]);
  const second = list(store, { tree, path: "d/", limit: 2, cursor: first.next_cursor ?? "" });
  expect(second.entries.map(({ path }) => path)).toEqual(["d/c"]);
  expect(second.next_cursor).toBeUndefined();
  const text = (path: string, offset: number, length: number) =>
    Buffer.from(read(store, { tree, path, offset, length }).data).toString();
  expect(text("d/a", 3, 4)).toBe("3456");
  expect(text("d/a", 8, 100)).toBe("89");
  expect(text("d/a", 100, 1)).toBe("");
  expect(text("link", 0, 10)).toBe("d");
  const code = (work: () => unknown): unknown => {
    try {
      return work();
    } catch (error) {
      return (error as { code: unknown }).code;
    }
  };
  expect(code(() => text("d", 0, 1))).toBe("invalid_params");
  expect(code(() => text("d/missing", 0, 1))).toBe("not_found");
  expect(code(() => text("d/a/below", 0, 1))).toBe("not_found");
  expect(code(() => list(store, { tree, path: "d/a", limit: 1 }))).toBe("invalid_params");
  expect(code(() => list(store, { tree, cursor: "!", limit: 1 }))).toBe("invalid_params");
  expect(code(() => list(store, { tree: "0".repeat(64), limit: 1 }))).toBe("damaged");
});

test("validate names what is damaged, where, for each snapshot that it breaks", () => {
  const sound = state({ a: "sound\n" });
  const large = Buffer.alloc(5_000_000, "large");
  const first = state({ "d/bad": "to be lost\n", "d/large": large, a: "sound\n" });
  const second = state({ "e/bad": "to be lost\n", b: "x" });
  const own = state({ ".gitignore": "*.log\n" });
  const { store } = site;
  const snapshots = [
    { pin: "sound", snapshot: sound },
    { pin: "first", snapshot: first },
    { pin: "second", snapshot: second },
    { pin: "own rules", snapshot: own },
  ];
  expect(validate(store, { snapshots, deep: true }).problems).toEqual([]);
  const drop = (hash: string): void => {
    store.index.database
      .prepare("DELETE FROM objects WHERE hash = ?")
      .run(Buffer.from(hash, "hex"));
  };
  drop(store.hashBlob(Buffer.from("to be lost\n")));
  drop(store.hashBlob(large.subarray(0, 1024 * 1024)));
  drop(own.rules);
  for (const deep of [false, true]) {
    const { problems } = validate(store, { snapshots, deep });
    expect(problems.map(({ pin, path }) => [pin, path])).toEqual([
      ["first", "d/bad"],
      ["first", "d/large"],
      ["second", "e/bad"],
      ["own rules", undefined],
    ]);
  }
});

test("equal folders are not read", () => {
  const from = state({ "same/deep/a": "x", "same/b": "y", other: "1" });
  const to = state({ "same/deep/a": "x", "same/b": "y", other: "2" });
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

test("a file that was renamed is gone and new", () => {
  const from = capture({ old: "x\n" });
  renameSync(site.path("old"), site.path("new"));
  writeFileSync(site.path("empty"), "");
  const to = capture();
  expect(between(from, to).files.map(brief)).toEqual([
    ["empty", "added", 0, 0],
    ["new", "added", 1, 0],
    ["old", "removed", 0, 1],
  ]);
});
