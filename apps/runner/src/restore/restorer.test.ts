import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Planted } from "../testing/tree.ts";
import { folder } from "../testing/tree.ts";
import { RestoreSite } from "../testing/restore-site.ts";

const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");

const kinds: [string | Buffer, Planted][] = [
  ["text.txt", "one\n"],
  ["binary", Buffer.from(Array.from({ length: 70_000 }, (_, i) => (i * 31) % 256))],
  ["empty", ""],
  ["run.sh", { file: "#!/bin/sh\n", mode: 0o755 }],
  ["secret", { file: "token", mode: 0o600 }],
  ["read-only", { file: "fixed", mode: 0o444 }],
  ["dangling", { link: "nowhere/at/all" }],
  ["absolute", { link: "/etc/hostname" }],
  ["to-folder", { link: "src" }],
  ["link-bytes", { link: latin1("no\xffwhere") }],
  ["src/deep/er/file.ts", "export {};\n"],
  ["empty-folder", folder(0o700)],
  ["closed", folder(0o500)],
  ["closed/inside", "kept"],
  ["closed/below/inside", "kept"],
  ["ünïcödé/日本語.txt", "名"],
  [latin1("caf\xe9"), "latin1"],
  [latin1("dir\xfe/f\xff"), "bytes"],
  ["new\nline and space ", "odd"],
];

test("a restore brings back every kind of file byte for byte, and undo what was there before", () => {
  using site = new RestoreSite();
  site.write(kinds);
  const first = site.list();
  const target = site.capture();

  chmodSync(site.path("closed"), 0o755);
  site.remove("text.txt", "run.sh", "dangling", "closed", "ünïcödé", "src", "empty-folder");
  site.write([
    ["binary", "now a text"],
    ["empty", "no more"],
    ["src", "now a file"],
    ["run.sh", "not executable"],
    ["secret2", { file: "new", mode: 0o600 }],
    ["dangling/now", "a folder"],
    ["added/folder/file", "new"],
    ["added/empty", folder(0o711)],
    [latin1("dir\xfe/g\xfe"), "more"],
  ]);
  chmodSync(site.path("secret"), 0o640);
  const edited = site.list();
  expect(edited).not.toEqual(first);

  const there = site.restore(target);
  expect(there.differences).toEqual([]);
  expect(there.status).toBe("restored");
  expect(site.list()).toEqual(first);

  const back = site.restore(there.safety);
  expect(back.status).toBe("restored");
  expect(site.list()).toEqual(edited);

  const again = site.restore(back.safety);
  expect(again.status).toBe("restored");
  expect(site.list()).toEqual(first);
});

test("the plan names what would be lost first and counts files", () => {
  using site = new RestoreSite();
  site.write({
    keep: "same",
    old: "old",
    "package-lock.json": "{}",
    mode: "m",
    "gone/empty": folder(),
  });
  const target = site.capture();
  site.remove("old", "gone");
  site.write({ "package-lock.json": "{1}", "new/file": "n", "only/empty": folder() });
  chmodSync(site.path("mode"), 0o755);
  const plan = site.restorer().plan(site.request(target));
  expect(plan.changes.map(({ path, kind }) => `${kind} ${path}`)).toEqual([
    "removed new/file",
    "removed only/empty",
    "modified package-lock.json",
    "mode mode",
    "added gone/empty",
    "added old",
  ]);
  expect(plan.counts).toEqual({ added: 2, modified: 2, removed: 2 });
  expect(plan.lockfiles).toEqual(["package-lock.json"]);
  expect(plan.blocked).toEqual([]);
});

test("a stale plan is refused with the new one, changes nothing and pins nothing", () => {
  using site = new RestoreSite();
  site.write({ file: "one" });
  const target = site.capture();
  site.write({ file: "two" });
  const restorer = site.restorer();
  const { plan_hash } = restorer.plan(site.request(target));
  site.write({ elsewhere: "new, and the plan is about it" });
  const before = site.list();
  const pins = () => site.store.index.database.prepare("SELECT pin FROM pins").all();
  const held = pins();
  expect(() => restorer.prepare(site.request(target, { plan_hash }))).toThrow(
    expect.objectContaining({
      code: "workspace_changed",
      details: { plan: expect.objectContaining({ counts: { added: 0, modified: 1, removed: 1 } }) },
    }),
  );
  expect(site.list()).toEqual(before);
  expect(pins()).toEqual(held);
  expect(site.store.journals.list()).toEqual([]);
});

test("an edit elsewhere does not spoil the plan of chosen paths", () => {
  using site = new RestoreSite();
  site.write({ "a/file": "one", "b/file": "one" });
  const target = site.capture();
  site.write({ "a/file": "two", "b/file": "two" });
  const restorer = site.restorer();
  const { plan_hash } = restorer.plan(site.request(target, { paths: ["a"] }));
  site.write({ "b/file": "three", "b/more": "new" });
  const done = site.restore(target, { paths: ["a"], plan_hash });
  expect(done.status).toBe("restored");
  mkdirSync(site.path("x"));
  writeFileSync(site.path("x/expected"), "");
  expect(site.restorer().plan(site.request(target, { paths: ["a"] })).changes).toEqual([]);
  expect(site.restorer().plan(site.request(target, { paths: ["b"] })).counts).toEqual({
    added: 0,
    modified: 1,
    removed: 1,
  });
});
