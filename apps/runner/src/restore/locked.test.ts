import { realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import type { Fs } from "../fs.ts";
import { realFs } from "../fs.ts";
import { watchedFs } from "../testing/faults.ts";
import { RestoreSite } from "../testing/restore-site.ts";

/** A disk that refuses calls on these paths, as it does where they are locked against changes. */
function locking(isLocked: (call: keyof Fs, path: string) => boolean): Fs {
  return watchedFs(realFs, (_call, name, args) => {
    const [path] = args;
    if (!Buffer.isBuffer(path)) return;
    const text = path.toString();
    const real = join(realpathSync(dirname(text)), text.slice(text.lastIndexOf("/") + 1));
    if (isLocked(name, real)) throw Object.assign(new Error("EPERM: locked"), { code: "EPERM" });
  });
}

function edited(site: RestoreSite) {
  site.write({ a: "then", b: "then", "d/c": "then", "d/e": "then", z: "then" });
  const target = site.capture();
  site.write({ a: "now", b: "now", "d/c": "now", z: "now", "x/y": "now" });
  return { target, before: site.list() };
}

test("a file that is locked against changes is named, and nothing has changed", () => {
  using site = new RestoreSite();
  const { target, before } = edited(site);
  const fs = locking((call, path) => call === "rename" && path === site.path("d/c"));
  expect(() => site.restore(target, {}, site.restorer({ fs }))).toThrow(
    expect.objectContaining({
      code: "workspace_unavailable",
      message: expect.stringContaining('"d/c". The folder is as it was before'),
      details: { path: "d/c" },
    }),
  );
  expect(site.list()).toEqual(before);
  expect(site.store.journals.list()).toEqual([]);
});

test("what cannot be taken back keeps nothing else from it, and is once it can be", () => {
  using site = new RestoreSite();
  const { target, before } = edited(site);
  // Files may be made in a folder that is append-only, and neither renamed nor removed.
  const kept = new Set<keyof Fs>(["rename", "unlink"]);
  const fs = locking((call, path) => kept.has(call) && dirname(path) === site.path("d"));
  expect(() => site.restore(target, {}, site.restorer({ fs }))).toThrow(
    expect.objectContaining({ details: { path: "d/c" } }),
  );
  const isLeft = (path: string): boolean => path.startsWith("d/.cairn-");
  expect(site.list(isLeft)).toEqual(before);
  expect(site.list()).not.toEqual(before);
  expect(site.restorer({ fs }).recover([])).toMatchObject([
    { outcome: "unreachable", differences: [{ reason: "failed" }] },
  ]);
  expect(site.restorer().recover([])).toMatchObject([{ outcome: "before", differences: [] }]);
  expect(site.list()).toEqual(before);
});

test("what stands where the way back of something else lies waits with it", () => {
  using site = new RestoreSite();
  site.write({ thing: "a file", other: "then" });
  const target = site.capture();
  site.remove("thing");
  site.write({ "thing/in/side": "work", other: "now" });
  const before = site.list();
  // The file that took the folder's place cannot be removed again.
  const fs = locking((call, path) => call === "unlink" && path === site.path("thing"));
  const onPhase = (phase: string): void => {
    if (phase === "applying:4") throw new Error("cut");
  };
  expect(() => site.restore(target, {}, site.restorer({ fs, onPhase }))).toThrow(
    /could not be taken back/,
  );
  expect(site.list(isStaged)).not.toEqual(before);
  expect(site.restorer().recover([])).toMatchObject([{ outcome: "before", differences: [] }]);
  expect(site.list()).toEqual(before);
});

const isStaged = (path: string): boolean => path.includes(".cairn-");
