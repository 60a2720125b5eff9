import { afterEach, beforeEach, expect, test } from "vitest";
import { DiffSite, brief } from "../testing/diff-site.ts";
import type { Planted } from "../testing/tree.ts";

let site: DiffSite;

beforeEach(() => {
  site = new DiffSite();
});

afterEach(() => site[Symbol.dispose]());

/** As if the store had lost an object. */
function lose(hash: string | null | undefined): void {
  const { database } = site.store.index;
  const row = database.prepare("DELETE FROM objects WHERE hash = ?");
  expect(row.run(Buffer.from(hash ?? "", "hex")).changes).toBe(1);
}

function folderHash(tree: string, name: string): string | undefined {
  return site.store.readTree(tree).find((entry) => entry.name.toString() === name)?.hash;
}

function differ(old: Record<string, Planted>, now: Record<string, Planted>) {
  return { from: site.state(old), to: site.state(now) };
}

const damaged = expect.objectContaining({ code: "damaged" });
const long = (name: string) => Array.from({ length: 20 }, (_, i) => `${name} ${i}\n`).join("");

test("contents that are damaged are named, and all other files are told of as ever", () => {
  const { from, to } = differ(
    {
      "a/edited": "1\n",
      "a/sound": "2\n",
      gone: long("gone"),
      moved: long("moved"),
      mode: "3\n",
    },
    {
      "a/edited": "one\n",
      "a/sound": "2\nmore\n",
      come: `${long("gone")}more\n`,
      new: `${long("moved")}more\n`,
      mode: { file: "3\n", mode: 0o755 },
    },
  );
  const blob = (text: string) => site.store.hashBlob(Buffer.from(text));
  for (const text of ["1\n", long("gone"), "3\n"]) lose(blob(text));
  const { files } = site.between(from, to);
  expect(files.map(brief)).toEqual([
    ["a/edited", "modified", null, null],
    ["a/sound", "modified", 1, 0],
    ["come", "added", 21, 0],
    ["gone", "removed", null, null],
    ["mode", "mode", null, null],
    ["new", "renamed", 1, 0],
  ]);
  expect(files.filter((file) => file.damaged).map(({ path }) => path)).toEqual([
    "a/edited",
    "gone",
    "mode",
  ]);
  expect(site.pages(from, to, { limit: 2 })).toEqual(files);
  expect(site.between(from, to, { path: "a/sound" }).hunks).toHaveLength(1);
  expect(() => site.between(from, to, { path: "a/edited" })).toThrow(damaged);
});

test("a folder whose listing is damaged is named, and all else is told of", () => {
  const { from, to } = differ(
    { "broken/a": "1\n", "broken/b/c": "2\n", "sound/d": "3\n", "whole/e": "4\n" },
    { "broken/a": "one\n", "broken/b/c": "two\n", "new/d": "5\n", "whole/e": "four\n" },
  );
  lose(folderHash(from.tree, "broken"));
  lose(folderHash(to.tree, "new"));
  const options = { renames: false };
  const { files } = site.between(from, to, options);
  expect(files.map(({ path, kind, damaged = false }) => [path, kind, damaged])).toEqual([
    ["broken", "modified", true],
    ["new", "added", true],
    ["sound/d", "removed", false],
    ["whole/e", "modified", false],
  ]);
  for (const file of files) {
    expect(site.between(from, to, { ...options, path: file.path }).files).toEqual([file]);
  }
  expect(() => site.between(from, to, { path: "broken/a" })).toThrow(damaged);
});

test("where the root folder is damaged nothing can be told", () => {
  const { from, to } = differ({ a: "1\n" }, { a: "2\n" });
  lose(from.tree);
  expect(() => site.between(from, to)).toThrow(damaged);
});
