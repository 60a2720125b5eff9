import { renameSync, rmSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DiffSite, brief } from "../testing/diff-site.ts";
import type { Planted } from "../testing/tree.ts";
import { compareTrees } from "./compare.ts";
import { RenameFinder } from "./renames.ts";
import { storedSide } from "./sides.ts";

let site: DiffSite;

beforeEach(() => {
  site = new DiffSite();
});

afterEach(() => site[Symbol.dispose]());

function code(name: string, lines = 20): string {
  return Array.from(
    { length: lines },
    (_, i) => `const ${name}${i} = make("${name}", ${i});\n`,
  ).join("");
}

/** Moved files as `old > new`, others by their path and kind. */
function told(old: Record<string, Planted>, now: Record<string, Planted>): string[] {
  const { files } = site.between(site.state(old), site.state(now));
  return files.map(({ path, kind, renamed_from }) =>
    kind === "renamed" ? `${renamed_from} > ${path}` : `${kind} ${path}`,
  );
}

test("a file that was renamed is one entry at its new path; without renames it is gone and new", () => {
  const from = site.plant({ old: "x\n" });
  renameSync(site.path("old"), site.path("new"));
  writeFileSync(site.path("empty"), "");
  const to = site.capture();
  expect(site.between(from, to, { renames: false }).files.map(brief)).toEqual([
    ["empty", "added", 0, 0],
    ["new", "added", 1, 0],
    ["old", "removed", 0, 1],
  ]);
  const { files } = site.between(from, to);
  expect(files.map(brief)).toEqual([
    ["empty", "added", 0, 0],
    ["new", "renamed", 0, 0],
  ]);
  const facts = { kind: "file", size: 2 };
  expect(files[1]).toMatchObject({ renamed_from: "old", before: facts, after: facts });
});

test("moved and edited: lines and hunks against what it was, under the new path and the old", () => {
  const from = site.state({ "src/a.ts": code("a") });
  const to = site.state({ "lib/b.ts": { file: `${code("a")}// more\n`, mode: 0o755 } });
  for (const path of ["lib/b.ts", "src/a.ts"]) {
    const { files, hunks } = site.between(from, to, { path });
    expect(files).toMatchObject([
      { path: "lib/b.ts", kind: "renamed", renamed_from: "src/a.ts", added: 1, removed: 0 },
    ]);
    expect(hunks?.map(({ lines }) => lines.at(-1))).toEqual(["+// more"]);
  }
  expect(site.between(from, to, { path: "src/a.ts", renames: false }).files.map(brief)).toEqual([
    ["src/a.ts", "removed", 0, 20],
  ]);
});

test("equal content is paired by its names first, then in the order of paths", () => {
  const same = { "x/one/index.ts": "1\n", "x/two/index.ts": "1\n", "x/a": "1\n", "x/b": "1\n" };
  const moved = { "y/two/index.ts": "1\n", "y/one/index.ts": "1\n", "y/c": "1\n", "y/b": "1\n" };
  expect(told(same, moved)).toEqual([
    "x/b > y/b",
    "x/a > y/c",
    "x/one/index.ts > y/one/index.ts",
    "x/two/index.ts > y/two/index.ts",
  ]);
});

test("the most alike are paired first; less than half alike is no rename; nothing is paired twice", () => {
  const half = code("a", 10) + code("z", 14);
  expect(
    told(
      { a: code("a"), b: `${code("a")}// b\n`, c: code("c") },
      { d: `${code("a")}// b\n// d\n`, e: code("a").replace("a0", "b0"), f: half, g: code("c", 8) },
    ),
  ).toEqual(["removed c", "b > d", "a > e", "added f", "added g"]);
});

test("no renames: empty, too short to tell, links for files, what is still there, folders", () => {
  expect(
    told(
      { empty: "", short: "ab\ncd\n", link: { link: "to" }, kept: code("k"), "d/e": "" },
      { new: "", brief: "ab\nce\n", text: "to", kept: code("k"), copy: code("k"), "f/g": "" },
    ),
  ).toEqual([
    "added brief",
    "added copy",
    "removed d/e",
    "removed empty",
    "added f/g",
    "removed link",
    "added new",
    "removed short",
    "added text",
  ]);
});

test("binary files and links are moved by equal content only", () => {
  const binary = Buffer.alloc(5000, 3);
  binary[100] = 0;
  const edited = Buffer.from(binary);
  edited[4000] = 1;
  expect(
    told(
      { b1: binary, link: { link: "somewhere" }, b2: Buffer.concat([binary, binary]) },
      { b3: edited, moved: { link: "somewhere" }, b4: Buffer.concat([binary, binary]) },
    ),
  ).toEqual(["removed b1", "added b3", "b2 > b4", "link > moved"]);
});

test("line ends and the missing newline at the end do not hide that a file was moved", () => {
  const windows = code("w").replaceAll("\n", "\r\n");
  expect(told({ a: code("w") }, { b: windows.slice(0, -2) })).toEqual(["a > b"]);
});

test("a name that is no UTF-8 is told with its bytes", () => {
  const bytes = Buffer.from("caf\xe9", "latin1");
  const from = site.plant([[bytes, "x\n"]]);
  renameSync(Buffer.concat([Buffer.from(`${site.workspace}/`), bytes]), site.path("plain"));
  expect(site.between(from, site.capture()).files).toMatchObject([
    { path: "plain", renamed_from: "caf\uFFFD", renamed_from_b64: bytes.toString("base64") },
  ]);
});

test("pages of any size tell the same renames, whether anyone remembers them or not", () => {
  const files = Array.from({ length: 40 }, (_, i) => i);
  const at = (folder: string, more: string) =>
    Object.fromEntries(files.map((i) => [`${folder}/${i % 3}/f${i}`, `${code(`f${i}`)}${more}`]));
  const from = site.state({ ...at("old", ""), gone: code("gone") });
  const to = site.state({ ...at("new", "// edited\n"), come: code("other") });
  const whole = site.between(from, to).files;
  expect(whole.filter(({ kind }) => kind === "renamed")).toHaveLength(40);
  for (const limit of [1, 7, 41]) {
    expect(site.pages(from, to, { limit })).toEqual(whole);
    expect(site.pages(from, to, { limit, finder: new RenameFinder() })).toEqual(whole);
  }
});

test("effort is bounded: a finder reads texts for one comparison once, and none of too many files", () => {
  const many = (folder: string, more: string) =>
    Object.fromEntries(
      Array.from({ length: 1001 }, (_, i) => [
        `${folder}/f${folder}${i}`,
        `${i} is one of a thousand and one files here${more}\n`,
      ]),
    );
  const from = site.state({ ...many("a", ""), "x/same.ts": code("s"), "x/moved": code("m") });
  const to = site.state({
    ...many("b", "!"),
    "y/same.ts": `${code("s")}//\n`,
    "y/moved2": `${code("m")}//\n`,
  });
  const [old, now] = [storedSide(site.store, from.tree), storedSide(site.store, to.tree)];
  const read: string[] = [];
  const counting = {
    ...old,
    read: (...args: Parameters<typeof old.read>) => {
      read.push(args[0].toString());
      return old.read(...args);
    },
  };
  const finder = new RenameFinder();
  const changes = [...compareTrees(old, now)];
  const found = finder.find(counting, now, changes, {});
  // Only what kept its name is looked into.
  expect([...found].map(([path, { path: was }]) => [was.toString(), path])).toEqual([
    ["x/same.ts", "y/same.ts"],
  ]);
  expect(read).toEqual(["x/same.ts"]);
  expect(finder.find(counting, now, changes, {})).toBe(found);
  expect(read).toHaveLength(1);
  rmSync(site.path("y"), { recursive: true });
});

test("looking for renames stops when it is called off", () => {
  const from = site.state({ a: code("a"), b: code("b") });
  const to = site.state({ c: `${code("a")}//\n`, d: `${code("b")}//\n` });
  const sides = [storedSide(site.store, from.tree), storedSide(site.store, to.tree)] as const;
  const changes = [...compareTrees(...sides)];
  const check = (): void => {
    throw new Error("called off");
  };
  expect(() => new RenameFinder().find(...sides, changes, { check })).toThrow("called off");
});
