import { expect, test } from "vitest";
import type { Fs } from "../fs.ts";
import { realFs } from "../fs.ts";
import { crashingFs } from "../testing/faults.ts";
import { foldingFs } from "../testing/folding-fs.ts";
import { RestoreSite } from "../testing/restore-site.ts";
import type { Planted } from "../testing/tree.ts";

const nfc = "caf\u00e9";
const nfd = "cafe\u0301";

/** A checkpoint of the first files, in a folder that holds the second. */
function turned(then: Record<string, Planted>, now: Record<string, Planted>) {
  const site = new RestoreSite();
  site.write(then);
  const target = site.capture();
  const after = site.list();
  site.remove(...Object.keys(then).map((path) => path.split("/")[0] ?? path));
  site.write(now);
  return { site, target, before: site.list(), after };
}

const renames: [string, Record<string, Planted>, Record<string, Planted>][] = [
  ["a file by case", { README: "text" }, { readme: "text" }],
  ["a file by case, edited", { README: "then", b: "then" }, { readme: "now", b: "now" }],
  ["a file by Unicode form", { [nfc]: "then" }, { [nfd]: "then" }],
  ["a folder by case", { "src/a": "then", "src/b/c": "then" }, { "Src/a": "then", "Src/b/c": "x" }],
  ["a folder by Unicode form", { [`${nfd}/a`]: "then" }, { [`${nfc}/a`]: "now" }],
  ["a file to a folder", { "A/in": "then" }, { a: "now" }],
  ["a folder to a file", { a: "then" }, { "A/in": "now" }],
  ["a link by case", { L: { link: "x" } }, { l: { link: "x" } }],
];

test.each(renames)(
  "a rename of %s is restored and undone on a disk that folds names",
  (_, then, now) => {
    const { site, target, before, after } = turned(then, now);
    using __ = site;
    const restorer = site.restorer({ fs: foldingFs(realFs) });
    const there = site.restore(target, {}, restorer);
    expect(there.differences).toEqual([]);
    expect(site.list()).toEqual(after);
    const back = site.restore(there.safety, {}, restorer);
    expect(back.differences).toEqual([]);
    expect(site.list()).toEqual(before);
  },
);

test("a crash amid a rename by case or Unicode form loses neither, at any call", () => {
  let cut = 0;
  for (const [what, then, now] of renames) {
    for (let at = 1; ; at += 1) {
      const { site, target, before, after } = turned(then, now);
      using _ = site;
      let crashed = false;
      const crash = (fs: Fs): Fs => crashingFs(fs, at);
      const request = site.request(target);
      try {
        const restorer = site.restorer({ fs: crash(foldingFs(realFs)) });
        restorer.prepare(request);
        restorer.apply(request.operation_id);
        restorer.settle(request.operation_id);
      } catch {
        crashed = true;
        cut += 1;
      }
      const recovered = site.restorer({ fs: foldingFs(realFs) }).recover([]);
      const isAfter = recovered.some(({ outcome }) => outcome === "after");
      if (isAfter) site.restorer({ fs: foldingFs(realFs) }).settle(request.operation_id);
      const states = recovered.length > 0 ? [isAfter ? after : before] : [before, after];
      expect(states, `${what}, call ${at}`).toContainEqual(site.list());
      expect(recovered.flatMap(({ differences }) => differences)).toEqual([]);
      if (!crashed) break;
    }
  }
  expect(cut).toBeGreaterThan(200);
}, 60_000);

test("of two names that a disk takes for one, one is restored and the other is told", () => {
  const then = { README: "upper", readme: "lower", [nfc]: "one", [nfd]: "other", c: "then" };
  const { site, target, before } = turned(then, { c: "now", extra: "now" });
  using _ = site;
  const restorer = site.restorer({ fs: foldingFs(realFs) });
  const there = site.restore(target, {}, restorer);
  expect(there.status).toBe("restored_with_differences");
  expect(there.differences.map(({ path, reason }) => [path, reason])).toEqual([
    [nfc, "unsupported"],
    ["readme", "unsupported"],
  ]);
  expect(site.list().map((line) => line.split(" ")[0])).toEqual(["/", "README", "c", nfd]);
  site.restore(there.safety, {}, restorer);
  expect(site.list()).toEqual(before);
});

test("a folder that ignored files keep under its other name keeps them, and nothing is lost", () => {
  const { site, target, before } = turned(
    { ".gitignore": "*.log\n", "src/a": "then" },
    { ".gitignore": "*.log\n", "Src/a": "now", "Src/x.log": "ignored" },
  );
  using _ = site;
  const restorer = site.restorer({ fs: foldingFs(realFs) });
  const there = site.restore(target, {}, restorer);
  expect(there.status).toBe("restored_with_differences");
  expect(site.list().some((line) => line.startsWith("Src/x.log "))).toBe(true);
  site.restore(there.safety, {}, restorer);
  expect(site.list()).toEqual(before);
});

test("on a disk that tells names apart, all of them are restored", () => {
  const then = { README: "upper", readme: "lower", [nfc]: "one", [nfd]: "other" };
  const { site, target, before, after } = turned(then, { ReadMe: "now" });
  using _ = site;
  const there = site.restore(target);
  expect(there.status).toBe("restored");
  expect(site.list()).toEqual(after);
  site.restore(there.safety);
  expect(site.list()).toEqual(before);
});

test.each([".GIT", ".Git", ".g\u200cit", ".git\ufeff", ".Cairn-x"])(
  "a checkpoint from elsewhere that holds %o writes nothing under it",
  (name) => {
    using site = new RestoreSite();
    site.write({ ".git/hooks/pre-commit": "the user's", a: "then" });
    const plain = site.capture();
    const { store } = site;
    const put = (entries: Parameters<typeof store.putTree>[0]): string => store.putTree(entries);
    const entry = (bytes: string, kind: "file" | "directory", hash: string) => {
      const mode = kind === "file" ? 0o644 : 0o755;
      return { name: Buffer.from(bytes), kind, mode, size: 0, hash };
    };
    const hook = entry("pre-commit", "file", store.putBlob(Buffer.from("#!/bin/sh\nevil")));
    const hooks = entry("hooks", "directory", put([hook]));
    const tree = put([entry(name, "directory", put([hooks])), ...store.readTree(plain.tree)]);
    store.commit({ pin: "imported", snapshot: { ...plain, tree } });
    site.write({ a: "now" });
    const restorer = site.restorer({ fs: foldingFs(realFs) });
    const { differences } = site.restore({ ...plain, tree }, {}, restorer);
    expect(differences).toMatchObject([{ path: name, reason: "unsupported" }]);
    expect(site.list().map((line) => line.split(" ")[0])).toEqual([
      "/",
      ".git/",
      ".git/hooks/",
      ".git/hooks/pre-commit",
      "a",
    ]);
  },
);

test("what git takes for its own on some disks is captured on none", () => {
  using site = new RestoreSite();
  site.write({ ".GIT/config": "x", "in/.Git/config": "x", ".gitx": "y", "a.git/x": "z" });
  const root = site.store.readTree(site.capture().tree);
  expect(root.map(({ name }) => name.toString())).toEqual([".gitx", "a.git", "in"]);
  expect(site.store.readTree(root.at(-1)?.hash ?? "")).toEqual([]);
});
