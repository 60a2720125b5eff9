import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { RestoreSite } from "../testing/restore-site.ts";
import { folder, listTree } from "../testing/tree.ts";

const read = (site: RestoreSite, path: string): string => readFileSync(site.path(path), "utf8");

test("chosen paths are restored with what is below them, and nothing else is", () => {
  using site = new RestoreSite();
  site.write({ "a/x": "then", "a/gone": "then", "a/deep/y": "then", b: "then", c: "then" });
  const target = site.capture();
  site.remove("a/gone", "a/deep");
  site.write({ "a/x": "now", "a/new": "now", b: "now", c: "now" });
  const done = site.restore(target, { paths: ["a", "c"] });
  expect(done.status).toBe("restored");
  expect(listTree(site.path("a")).map((line) => line.split(" ")[0])).toEqual([
    "/",
    "deep/",
    "deep/y",
    "gone",
    "x",
  ]);
  expect([read(site, "a/x"), read(site, "b"), read(site, "c")]).toEqual(["then", "now", "then"]);
});

test("a chosen file brings the folders on its way back, and only those", () => {
  using site = new RestoreSite();
  site.write({ "a/b": folder(0o750), "a/b/x": "then", "a/b/y": "then", "a/c": "then" });
  const target = site.capture();
  site.remove("a");
  const done = site.restore(target, { paths: ["a/b/x"] });
  expect(done.status).toBe("restored");
  expect(site.list()).toEqual(["/ 755", "a/ 755", "a/b/ 750", expect.stringContaining("a/b/x ")]);
});

test("a chosen path that the checkpoint lacks is removed", () => {
  using site = new RestoreSite();
  site.write({ a: "1" });
  const target = site.capture();
  site.write({ "new/x": "now", "new/y": "now" });
  const done = site.restore(target, { paths: ["new/x"] });
  expect(done.status).toBe("restored");
  expect(existsSync(site.path("new/x"))).toBe(false);
  expect(read(site, "new/y")).toBe("now");
});

test("a chosen path whose folder is a file now is left, and said so", () => {
  using site = new RestoreSite();
  site.write({ "a/x": "then" });
  const target = site.capture();
  site.remove("a");
  site.write({ a: "a file" });
  const done = site.restore(target, { paths: ["a/x"] });
  expect(done.differences).toEqual([expect.objectContaining({ path: "a", reason: "failed" })]);
  expect(read(site, "a")).toBe("a file");
});

test("a name that is no UTF-8 is chosen by its bytes", () => {
  using site = new RestoreSite();
  const name = Buffer.from("caf\xe9", "latin1");
  site.write([[name, "then"]]);
  const target = site.capture();
  site.write([
    [name, "now"],
    ["b", "now"],
  ]);
  const path_b64 = name.toString("base64");
  const { plan, status } = site.restore(target, { paths: [{ path_b64 }] });
  expect(plan.changes).toMatchObject([{ kind: "modified", path_b64 }]);
  expect(status).toBe("restored");
  expect(read(site, "b")).toBe("now");
});

test.each(["../x", "/etc/passwd", "a/../../x", ".", "", "a//b", "a\0b"])(
  "the path %j is refused",
  (path) => {
    using site = new RestoreSite();
    site.write({ a: "1" });
    const target = site.capture();
    expect(() => site.restorer().plan(site.request(target, { paths: [path] }))).toThrow(
      expect.objectContaining({ code: "invalid_params" }),
    );
  },
);

test("a path that neither side knows is not found, .git among them", () => {
  using site = new RestoreSite();
  site.write({ a: "1", ".git/HEAD": "ref" });
  const target = site.capture();
  for (const path of ["b", "a/b", ".git", ".git/HEAD"]) {
    expect(() => site.restorer().plan(site.request(target, { paths: [path] }))).toThrow(
      expect.objectContaining({ code: "not_found" }),
    );
  }
});

test("a copy goes into a new or an empty folder and takes no safety snapshot", () => {
  using site = new RestoreSite();
  site.write({ "a/x": { file: "then", mode: 0o600 }, l: { link: "nowhere" }, e: folder(0o500) });
  const first = site.list();
  const target = site.capture();
  site.remove("a");
  const now = site.list();
  const restorer = site.restorer();
  for (const name of ["new", "empty"]) {
    const into = join(site.home, name);
    if (name === "empty") mkdirSync(into);
    const request = site.request(target, { into });
    expect(restorer.prepare(request).safety).toBeNull();
    expect(existsSync(into)).toBe(name === "empty");
    expect(restorer.apply(request.operation_id)).toEqual({ status: "restored", differences: [] });
    restorer.settle(request.operation_id);
    expect(listTree(into)).toEqual(first);
  }
  expect(site.list()).toEqual(now);
  expect(site.store.journals.list()).toEqual([]);
});

test("a copy of chosen paths holds only those", () => {
  using site = new RestoreSite();
  site.write({ "a/x": "1", "a/y": "2", b: "3" });
  const into = join(site.home, "copy");
  site.restore(site.capture(), { into, paths: ["a/x"] });
  expect(listTree(into)).toEqual(["/ 755", "a/ 755", expect.stringContaining("a/x ")]);
});

test("a copy goes nowhere near work: not empty, overlapping, relative or no folder", () => {
  using site = new RestoreSite();
  site.write({ a: "1", folder: folder() });
  const target = site.capture();
  const full = join(site.home, "full");
  mkdirSync(full);
  writeFileSync(join(full, "x"), "");
  symlinkSync(site.path("folder"), join(site.home, "link"));
  const bad = [
    full,
    join(full, "x"),
    site.path("folder"),
    site.workspace,
    join(site.home, "link"),
    join(site.home, "link/new"),
    join(site.home, "data/copy"),
    join(site.home, "no/such/parent"),
    "relative",
  ];
  for (const into of bad) {
    expect(() => site.restorer().plan(site.request(target, { into }))).toThrow(
      expect.objectContaining({ code: "invalid_params", message: expect.stringContaining(into) }),
    );
  }
});

test("a workspace that holds Cairn's data folder is refused", () => {
  using site = new RestoreSite();
  site.write({ a: "1" });
  const target = site.capture();
  for (const workspace of [site.home, join(site.home, "data/store/packs")]) {
    expect(() => site.restorer().plan({ ...site.request(target), workspace })).toThrow(
      expect.objectContaining({ code: "invalid_params" }),
    );
  }
});
