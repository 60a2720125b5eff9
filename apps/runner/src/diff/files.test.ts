import { afterEach, beforeEach, expect, test } from "vitest";
import { DiffSite } from "../testing/diff-site.ts";
import { folder } from "../testing/tree.ts";
import { list, read } from "./files.ts";

let site: DiffSite;

beforeEach(() => {
  site = new DiffSite();
});

afterEach(() => site[Symbol.dispose]());

test("a path that is no UTF-8 is found by its bytes, and told with them", () => {
  const bytes = Buffer.from("caf\xe9/\xff", "latin1");
  const from = site.plant({});
  const to = site.plant([[bytes, "x\n"]]);
  const path_b64 = bytes.toString("base64");
  expect(site.between(from, to).files[0]).toMatchObject({ path: "caf\uFFFD/\uFFFD", path_b64 });
  expect(site.between(from, to, { path: { path_b64 } }).hunks).toHaveLength(1);
  expect(site.between(from, to, { path: "caf\uFFFD/\uFFFD" }).hunks).toEqual([]);
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
    const { tree } = site.plant({ a: "x" });
    expect(() => read(site.store, { tree, path, offset: 0, length: 1 })).toThrow(
      expect.objectContaining({ code: "invalid_params" }),
    );
  },
);

test("folders are listed by pages, files are read by ranges", () => {
  const { tree } = site.plant({
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
