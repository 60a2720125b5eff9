import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { realFs } from "../fs.ts";
import { watchedFs } from "../testing/faults.ts";
import { RestoreSite } from "../testing/restore-site.ts";
import { folder, listTree } from "../testing/tree.ts";

const reasons = ({ differences }: { differences: { path: string; reason: string }[] }) =>
  differences.map(({ path, reason }) => `${path}: ${reason}`);

test("ignored files and anything under .git stay as they are, at every depth", () => {
  using site = new RestoreSite();
  site.write({ ".gitignore": "*.log\nout/\n", "src/a": "1" });
  const target = site.capture();
  site.write({
    "src/a": "2",
    "src/b": "new",
    "src/debug.log": { file: "log", mode: 0o600 },
    "out/made": "built",
    "new/only.log": "kept",
    ".git/index": "i",
    ".git/hooks/pre-commit": { file: "#!/bin/sh\n", mode: 0o755 },
    "new/nested/.git/HEAD": "ref",
    "node_modules/x/index.js": "x",
  });
  const isCaptured = (path: string): boolean => path === "src/a" || path === "src/b";
  const before = site.list(isCaptured);
  const done = site.restore(target);
  expect(done.status).toBe("restored");
  expect(site.list(isCaptured)).toEqual(before);
  expect(readFileSync(site.path("src/a"), "utf8")).toBe("1");
  expect(site.list().some((line) => line.startsWith("src/b "))).toBe(false);
});

test("what a folder that goes holds besides keeps it alive, and that is no difference", () => {
  using site = new RestoreSite();
  site.write({ ".gitignore": "*.log\n", keep: "k" });
  const target = site.capture();
  site.write({ "new/a": "1", "new/deep/b": "2", "new/deep/x.log": "ignored" });
  const before = site.list();
  const done = site.restore(target);
  expect(done.differences).toEqual([]);
  expect(listTree(site.path("new"))).toEqual([
    "/ 755",
    "deep/ 755",
    expect.stringMatching(/^deep\/x\.log file 644/),
  ]);
  expect(site.restore(done.safety).status).toBe("restored");
  expect(site.list()).toEqual(before);
});

test("a wanted path that is ignored today is blocked, unless it stands there already", () => {
  using site = new RestoreSite();
  site.write({ "conf/.env": "then", "conf/same": "same", "conf/gone": "gone", other: "1" });
  const target = site.capture();
  site.write({ ".gitignore": "conf/\n", "conf/.env": "now", other: "2" });
  site.remove("conf/gone");
  const before = site.list();
  const { plan, ...done } = site.restore(target, { rules: { ...site.rules, ignore: ["conf/"] } });
  expect(reasons({ differences: plan.blocked })).toEqual([
    "conf/.env: blocked_by_ignored",
    "conf/gone: blocked_by_ignored",
  ]);
  expect(done.status).toBe("restored_with_differences");
  expect(reasons(done)).toEqual(["conf/.env: blocked_by_ignored", "conf/gone: blocked_by_ignored"]);
  expect(readFileSync(site.path("conf/.env"), "utf8")).toBe("now");
  expect(readFileSync(site.path("other"), "utf8")).toBe("1");
  site.restore(done.safety);
  expect(site.list()).toEqual(before);
});

test("an ignored path that the caller names is restored, and its content is in the safety snapshot", () => {
  using site = new RestoreSite();
  site.write({ "conf/.env": { file: "then", mode: 0o600 }, "conf/x": "then" });
  const target = site.capture();
  site.write({ ".gitignore": "conf/\n", "conf/.env": "now", "conf/x": "now" });
  const done = site.restore(target, { paths: ["conf/.env"] });
  expect(reasons(done)).toEqual([]);
  expect(listTree(site.path("conf"))).toEqual([
    "/ 755",
    expect.stringMatching(/^\.env file 600/),
    expect.stringMatching(/^x file 644/),
  ]);
  expect(readFileSync(site.path("conf/.env"), "utf8")).toBe("then");
  expect(readFileSync(site.path("conf/x"), "utf8")).toBe("now");

  const back = site.restore(done.safety, { paths: ["conf/.env"] });
  expect(back.status).toBe("restored");
  expect(readFileSync(site.path("conf/.env"), "utf8")).toBe("now");
});

test("a file that the target's rules would not capture is not deleted", () => {
  using site = new RestoreSite();
  site.rules = { ...site.rules, ignore: ["*.db"] };
  site.write({ a: "1" });
  const target = site.capture();
  site.rules = { ...site.rules, ignore: [] };
  site.write({ a: "2", "precious.db": "data", "dir/b.db": "data", "dir/c": "new" });
  const done = site.restore(target);
  expect(readFileSync(site.path("precious.db"), "utf8")).toBe("data");
  expect(readFileSync(site.path("dir/b.db"), "utf8")).toBe("data");
  expect(site.list().some((line) => line.startsWith("dir/c "))).toBe(false);
  expect(reasons(done)).toEqual([
    "dir/b.db: blocked_by_ignored",
    "precious.db: blocked_by_ignored",
  ]);
});

test("what the target could not read is not taken for deleted", () => {
  using site = new RestoreSite();
  site.write({ a: "1" });
  execFileSync("mkfifo", [site.path("pipe")]);
  const target = site.capture();
  expect(target.skipped).not.toBeNull();
  site.remove("pipe");
  site.write({ "pipe/now/a": "folder with work", a: "2" });
  const done = site.restore(target);
  expect(readFileSync(site.path("pipe/now/a"), "utf8")).toBe("folder with work");
  expect(readFileSync(site.path("a"), "utf8")).toBe("1");
  expect(reasons(done)).toEqual(["pipe: skipped"]);
});

test("a pipe or socket in the way is left alone and never opened", () => {
  using site = new RestoreSite();
  site.write({ a: "1", "b/c": "1" });
  const target = site.capture();
  site.remove("a", "b");
  site.write({ b: folder() });
  execFileSync("mkfifo", [site.path("a"), site.path("b/c")]);
  const done = site.restore(target);
  expect(reasons(done)).toEqual(["a: skipped", "b/c: skipped"]);
  expect(site.list()).toEqual(["/ 755", "a other 644", "b/ 755", "b/c other 644"]);
});

test("a folder that holds ignored files is not replaced by a file", () => {
  using site = new RestoreSite();
  site.write({ ".gitignore": "*.log\n", thing: "a file", other: "1" });
  const target = site.capture();
  site.remove("thing");
  site.write({ "thing/captured": "c", "thing/deep/x.log": "ignored", other: "2" });
  const before = listTree(site.path("thing"));
  const done = site.restore(target);
  expect(reasons(done)).toEqual(["thing: blocked_by_ignored"]);
  expect(listTree(site.path("thing"))).toEqual(before);
  expect(readFileSync(site.path("other"), "utf8")).toBe("1");
});

test("files that hard links share with the outside keep their content and mode there", () => {
  using site = new RestoreSite();
  const outside = join(site.home, "outside");
  mkdirSync(outside);
  site.write({ shared: { file: "then", mode: 0o600 }, mode: { file: "m", mode: 0o755 } });
  const target = site.capture();
  site.remove("shared", "mode");
  for (const name of ["shared", "mode"]) {
    writeFileSync(join(outside, name), name === "mode" ? "m" : "now", { mode: 0o644 });
    execFileSync("ln", [join(outside, name), site.path(name)]);
  }
  const before = listTree(outside);
  expect(site.restore(target).status).toBe("restored");
  expect(listTree(outside)).toEqual(before);
});

test("a link to the outside is replaced, not what it points to", () => {
  using site = new RestoreSite();
  const outside = join(site.home, "outside");
  mkdirSync(outside);
  writeFileSync(join(outside, "file"), "outside");
  site.write({ file: "mine", "folder/file": "mine" });
  const target = site.capture();
  site.remove("file", "folder");
  symlinkSync(join(outside, "file"), site.path("file"));
  symlinkSync(outside, site.path("folder"));
  const before = listTree(outside);
  expect(site.restore(target).status).toBe("restored");
  expect(listTree(outside)).toEqual(before);
  expect(readFileSync(site.path("folder/file"), "utf8")).toBe("mine");
});

test("what the store holds damaged is left as it stands, and the rest is restored", () => {
  using site = new RestoreSite();
  site.write({ a: "then a", b: "then b", c: "then c" });
  const target = site.capture();
  site.write({ a: "now", b: "now" });
  site.remove("c");
  for (const content of ["then b", "then c"]) {
    const hash = Buffer.from(site.store.hashBlob(Buffer.from(content)), "hex");
    site.store.index.database.prepare("DELETE FROM objects WHERE hash = ?").run(hash);
  }
  const done = site.restore(target);
  expect(reasons(done)).toEqual(["b: damaged", "c: damaged"]);
  expect(readFileSync(site.path("a"), "utf8")).toBe("then a");
  expect(readFileSync(site.path("b"), "utf8")).toBe("now");
  expect(site.list().length).toBe(3);
});

test("a folder that outgrew its limits can still be restored", () => {
  using site = new RestoreSite();
  site.write({ a: "1" });
  const target = site.capture();
  site.write({ b: "2", c: "3" });
  site.rules = { ...site.rules, limits: { ...site.rules.limits, files: 2, bytes: 2 } };
  expect(site.restore(target).status).toBe("restored");
});

test("a file is not turned into a folder that a rule for folders ignores, nor the reverse", () => {
  using site = new RestoreSite();
  site.write({ "b/a": "in a folder", c: "then" });
  const folders = site.capture();
  site.remove("b");
  site.write({ ".gitignore": "b/\n", b: "a file", c: "now" });
  const before = site.list();
  const there = site.restore(folders);
  expect(reasons(there)).toEqual(["b: blocked_by_ignored"]);
  expect(readFileSync(site.path("b"), "utf8")).toBe("a file");
  expect(readFileSync(site.path("c"), "utf8")).toBe("then");
  expect(site.restore(there.safety).status).toBe("restored");
  expect(site.list()).toEqual(before);

  // The checkpoint with the file knew no folder of that name.
  site.remove("b", ".gitignore");
  site.write({ b: folder() });
  const done = site.restore(there.safety);
  expect(reasons(done)).toContain("b: blocked_by_ignored");
  expect(site.list()).toContain("b/ 755");
});

test("what is on a disk mounted in the folder, or mounted itself, is left; the rest is restored", () => {
  using site = new RestoreSite();
  site.write({ edited: "then", "config/bound": "then" });
  const target = site.capture();
  site.write({ edited: "now", "config/bound": "now", "volume/deep/file": "now", extra: "now" });
  const before = site.list((path) => path === "edited" || path === "extra");
  // As the kernel refuses them: a rename to another disk, and one of what is mounted on.
  const fs = watchedFs(realFs, (_call, name, args) => {
    if (name !== "rename") return;
    const from = (args[0] as Buffer).toString();
    const code = from.endsWith("/file") ? "EXDEV" : from.endsWith("/bound") ? "EBUSY" : undefined;
    if (code !== undefined) throw Object.assign(new Error(code), { code });
  });
  const done = site.restore(target, {}, site.restorer({ fs }));
  expect(reasons(done).toSorted()).toEqual([
    "config/bound: unsupported",
    "volume/deep/file: unsupported",
  ]);
  expect(site.list((path) => path === "edited" || path === "extra")).toEqual(before);
  expect(readFileSync(site.path("edited"), "utf8")).toBe("then");
});
