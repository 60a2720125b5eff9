import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { realFs } from "../fs.ts";
import { RestoreSite } from "../testing/restore-site.ts";
import { listTree } from "../testing/tree.ts";
import { watchedFs } from "../testing/faults.ts";

/** A restore during which `meddle` runs between the plan and the first write. */
function restoreDuring(
  site: RestoreSite,
  target: ReturnType<RestoreSite["capture"]>,
  meddle: () => void,
) {
  const restorer = site.restorer();
  const request = site.request(target);
  const { safety } = restorer.prepare(request);
  meddle();
  const applied = restorer.apply(request.operation_id);
  const { operation_id } = request;
  return { ...applied, safety, operation_id, restorer };
}

const read = (site: RestoreSite, path: string): string => readFileSync(site.path(path), "utf8");

test("a file that was to be replaced and is newer than the safety snapshot is kept", () => {
  using site = new RestoreSite();
  site.write({ a: "then" });
  const target = site.capture();
  site.write({ a: "now" });
  const done = restoreDuring(site, target, () => site.write({ a: "newer" }));
  expect(done.status).toBe("restored_with_differences");
  expect(done.differences).toEqual([
    expect.objectContaining({ path: "a", reason: "changed_meanwhile" }),
  ]);
  done.restorer.settle(done.operation_id);
  expect(read(site, "a")).toBe("newer");
  expect(site.list()).toHaveLength(2);
});

test("a file that was to be deleted and is newer than the safety snapshot is kept", () => {
  using site = new RestoreSite();
  site.write({ a: "1" });
  const target = site.capture();
  site.write({ "new/file": "now", "new/other": "now" });
  const done = restoreDuring(site, target, () => site.write({ "new/file": "newer" }));
  expect(done.differences).toEqual([
    expect.objectContaining({ path: "new/file", reason: "changed_meanwhile" }),
  ]);
  done.restorer.settle(done.operation_id);
  expect(listTree(site.path("new"))).toEqual(["/ 755", expect.stringContaining("file file 644")]);
  expect(read(site, "new/file")).toBe("newer");
});

test("files that appear where the restore writes, or in a folder that goes, are kept", () => {
  using site = new RestoreSite();
  site.write({ a: "then", "gone/x": "then" });
  const target = site.capture();
  site.remove("a", "gone");
  site.write({ "new/file": "now" });
  const done = restoreDuring(site, target, () => {
    site.write({ a: "person", gone: "person", "new/more": "person" });
  });
  expect(done.differences.map(({ path, reason }) => `${path} ${reason}`).toSorted()).toEqual([
    "a changed_meanwhile",
    "gone changed_meanwhile",
    "gone/x changed_meanwhile",
    "new/more changed_meanwhile",
  ]);
  done.restorer.settle(done.operation_id);
  expect([read(site, "a"), read(site, "gone"), read(site, "new/more")]).toEqual([
    "person",
    "person",
    "person",
  ]);
  expect(site.list().some((line) => line.includes(".cairn-"))).toBe(false);
});

test("a parent that becomes a link to the outside is not followed", () => {
  using site = new RestoreSite();
  const outside = join(site.home, "outside");
  mkdirSync(outside);
  for (const name of ["a", "b", "c"]) writeFileSync(join(outside, name), "outside");
  site.write({ "src/a": "then", "src/c": "then", other: "then" });
  const target = site.capture();
  site.remove("src/c");
  site.write({ "src/a": "now", "src/b": "now", other: "now" });
  const before = listTree(outside);
  const done = restoreDuring(site, target, () => {
    renameSync(site.path("src"), join(site.home, "moved"));
    symlinkSync(outside, site.path("src"));
  });
  expect(done.status).toBe("restored_with_differences");
  done.restorer.settle(done.operation_id);
  expect(listTree(outside)).toEqual(before);
  expect(readFileSync(join(site.home, "moved/a"), "utf8")).toBe("now");
  expect(read(site, "other")).toBe("then");
});

test("a parent that becomes a link in the middle of the restore is not followed either", () => {
  using site = new RestoreSite();
  const outside = join(site.home, "outside");
  site.write({ "src/a": "then", "src/b": "then" });
  const target = site.capture();
  site.write({ "src/a": "now", "src/b": "now" });
  let calls = 0;
  const count = watchedFs(realFs, (call) => (calls = call));
  site.restore(target, {}, site.restorer({ fs: count }));
  for (let at = 1; at <= calls; at += 1) {
    for (const path of [outside, join(site.home, "moved"), site.path("src")]) {
      rmSync(path, { recursive: true, force: true });
    }
    mkdirSync(outside);
    for (const name of ["a", "b"]) writeFileSync(join(outside, name), "outside");
    const before = listTree(outside);
    site.write({ "src/a": "now", "src/b": "now" });
    const fs = watchedFs(realFs, (call) => {
      if (call !== at) return;
      renameSync(site.path("src"), join(site.home, "moved"));
      symlinkSync(outside, site.path("src"));
    });
    const request = site.request(target);
    try {
      const restorer = site.restorer({ fs });
      restorer.prepare(request);
      restorer.apply(request.operation_id);
      restorer.settle(request.operation_id);
    } catch {
      // Whether it gives up or goes on: the outside is not its business.
    }
    expect(listTree(outside), `call ${at}`).toEqual(before);
    site.restorer().abandon(request.operation_id);
  }
});

test("a workspace that is replaced after the plan is left alone", () => {
  using site = new RestoreSite();
  site.write({ a: "then" });
  const target = site.capture();
  site.write({ a: "now" });
  const outside = join(site.home, "outside");
  mkdirSync(outside);
  writeFileSync(join(outside, "a"), "outside");
  const meddle = (): void => {
    renameSync(site.workspace, join(site.home, "moved"));
    symlinkSync(outside, site.workspace);
  };
  expect(() => restoreDuring(site, target, meddle)).toThrow(
    expect.objectContaining({ code: "workspace_unavailable" }),
  );
  expect(readFileSync(join(outside, "a"), "utf8")).toBe("outside");
  expect(readFileSync(join(site.home, "moved/a"), "utf8")).toBe("now");
});

test("a workspace that is reached through a link is refused before anything is planned", () => {
  using site = new RestoreSite();
  site.write({ a: "then" });
  const target = site.capture();
  renameSync(site.workspace, join(site.home, "moved"));
  symlinkSync(join(site.home, "moved"), site.workspace);
  expect(() => site.restorer().plan(site.request(target))).toThrow(
    expect.objectContaining({ code: "workspace_unavailable" }),
  );
});

test("a folder on the way to the workspace that became a link is refused", () => {
  using site = new RestoreSite();
  mkdirSync(site.path("in/ner"), { recursive: true });
  site.write({ "in/ner/a": "then" });
  const target = site.capture();
  renameSync(site.path("in"), join(site.home, "moved"));
  symlinkSync(join(site.home, "moved"), site.path("in"));
  const workspace = site.path("in/ner");
  expect(() => site.restorer().plan({ ...site.request(target), workspace })).toThrow(
    expect.objectContaining({ code: "workspace_unavailable" }),
  );
});
