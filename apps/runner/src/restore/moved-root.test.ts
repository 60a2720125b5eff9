import { execFileSync, spawnSync } from "node:child_process";
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Snapshot } from "../runner.ts";
import { canMount, MountedDisk } from "../testing/mounts.ts";
import { RestoreSite } from "../testing/restore-site.ts";
import { listTree } from "../testing/tree.ts";

/** Without it a folder that was made anew on the same disk cannot be told from the old one. */
function keepsBirthTimes(): boolean {
  using site = new RestoreSite();
  return statSync(site.workspace, { bigint: true }).birthtimeNs !== 0n;
}

const tellsMadeAnew = keepsBirthTimes();
const unavailable = expect.objectContaining({ code: "workspace_unavailable" });

/** A folder with something of everything to restore: changed, missing, new. */
function edited(site: RestoreSite): { target: Snapshot; before: string[] } {
  site.write({ a: "then", b: "then", "dir/c": "then" });
  const target = site.capture();
  site.write({ a: "now", new: "now", "gone/x": "now" });
  site.remove("b", "dir");
  return { target, before: site.list() };
}

test.skipIf(!tellsMadeAnew)(
  "a workspace that was made anew after the plan is left alone, and so is the old one",
  () => {
    using site = new RestoreSite();
    const { target, before } = edited(site);
    const request = site.request(target);
    const restorer = site.restorer();
    restorer.prepare(request);
    const old = join(site.home, "old");
    renameSync(site.workspace, old);
    mkdirSync(site.workspace);
    // Content that the restore would take for what it is to replace.
    site.write({ a: "now" });
    const made = site.list();
    expect(() => restorer.apply(request.operation_id)).toThrow(unavailable);
    expect(site.list()).toEqual(made);
    expect(listTree(old)).toEqual(before);
    expect(site.store.journals.list()).toEqual([]);
  },
);

test("a folder above the workspace that becomes a link after the plan leads nowhere", () => {
  using site = new RestoreSite();
  const workspace = site.path("in/ner");
  const outside = join(site.home, "outside");
  mkdirSync(workspace, { recursive: true });
  site.write({ "in/ner/a": "then", "in/ner/b": "then" });
  const target = restoredFrom(site, workspace);
  site.write({ "in/ner/a": "now" });
  site.remove("in/ner/b");
  mkdirSync(join(outside, "ner"), { recursive: true });
  writeFileSync(join(outside, "ner/a"), "now");
  const before = listTree(outside);
  const request = { ...site.request(target), workspace };
  const restorer = site.restorer();
  restorer.prepare(request);
  renameSync(site.path("in"), join(site.home, "moved"));
  symlinkSync(outside, site.path("in"));
  expect(() => restorer.apply(request.operation_id)).toThrow(unavailable);
  expect(listTree(outside)).toEqual(before);
});

/** A checkpoint of a folder inside the site's own. */
function restoredFrom(site: RestoreSite, workspace: string): Snapshot {
  const inner = Object.create(site, { workspace: { value: workspace } }) as RestoreSite;
  return inner.capture();
}

test.each([
  ["", false],
  [", and another takes its place", true],
])(
  "a workspace that is moved away amid a restore%s is taken back where it is now",
  (_, isReplaced) => {
    for (let at = 0; ; at += 1) {
      using site = new RestoreSite();
      const { target, before } = edited(site);
      const old = join(site.home, "old");
      const onPhase = (phase: string): void => {
        if (phase !== `applying:${at}`) return;
        renameSync(site.workspace, old);
        if (isReplaced) mkdirSync(site.workspace);
      };
      const request = site.request(target);
      const restorer = site.restorer({ onPhase });
      const { plan } = restorer.prepare(request);
      if (at > plan.changes.length) return;
      expect(() => restorer.apply(request.operation_id)).toThrow(unavailable);
      expect(listTree(old), `step ${at}`).toEqual(before);
      expect(existsSync(site.workspace) ? site.list() : []).toEqual(isReplaced ? ["/ 755"] : []);
      expect(site.store.journals.list()).toEqual([]);
    }
  },
);

test.skipIf(!canMount())(
  "a disk that is unmounted amid a restore is taken back all the same, its mount point left alone",
  () => {
    using site = new RestoreSite();
    using disk = new MountedDisk("size=1m,mode=755", site.workspace);
    const { target, before } = edited(site);
    const held = openSync(site.workspace, "r");
    const onPhase = (phase: string): void => {
      if (phase !== "applying:2") return;
      disk.unmount();
      throw new Error("pulled");
    };
    const request = site.request(target);
    const restorer = site.restorer({ onPhase });
    restorer.prepare(request);
    expect(() => restorer.apply(request.operation_id)).toThrow(/as it was before/);
    expect(listTree(`/proc/self/fd/${held}/.`)).toEqual(before);
    closeSync(held);
    expect(site.list()).toEqual(["/ 755"]);
  },
);

test.skipIf(!canMount())(
  "what a crash left on a disk that is not mounted is not taken for taken back, nor forgotten",
  () => {
    using site = new RestoreSite();
    const image = join(site.home, "image");
    mkdirSync(image);
    using disk = new MountedDisk("size=1m,mode=755", image);
    const bind = (): void => void execFileSync("mount", ["--bind", disk.path, site.workspace]);
    const unbind = (): void => void spawnSync("umount", [site.workspace]);
    using _ = { [Symbol.dispose]: unbind };
    bind();
    const { target, before } = edited(site);
    const request = site.request(target);
    let journal: unknown;
    const onPhase = (phase: string): void => {
      if (phase === "applying") journal = site.store.journals.get(request.operation_id)?.data;
    };
    const restorer = site.restorer({ onPhase });
    restorer.prepare(request);
    restorer.apply(request.operation_id);
    // As a crash left it.
    site.store.journals.put(request.operation_id, "applying", journal);
    unbind();
    const mountPoint = site.list();
    expect(() => site.restorer().abandon(request.operation_id)).toThrow(unavailable);
    expect(site.list()).toEqual(mountPoint);
    expect(site.restorer().recover([])).toMatchObject([{ outcome: "unreachable" }]);
    bind();
    site.restorer().abandon(request.operation_id);
    expect(site.list()).toEqual(before);
  },
);

test.skipIf(!tellsMadeAnew)(
  "a folder that was made anew after a crash keeps what it holds, whatever the restore wanted there",
  () => {
    using site = new RestoreSite();
    const { target } = edited(site);
    const request = site.request(target);
    const onPhase = (phase: string): void => {
      if (phase === "applied") throw new Error("cut");
    };
    const restorer = site.restorer({ onPhase });
    restorer.prepare(request);
    expect(() => restorer.apply(request.operation_id)).toThrow("cut");
    const { journals } = site.store;
    const left = journals.get(request.operation_id)?.data;
    journals.put(request.operation_id, "applying", Object.assign({}, left, { phase: "applying" }));
    site.remove("");
    mkdirSync(site.workspace);
    // As it was cloned again: `b` and `dir/c` are what the restore put there.
    site.write({ a: "then", b: "then", "dir/c": "then" });
    const cloned = site.list();
    expect(site.restorer().recover([])).toMatchObject([
      { outcome: "before", differences: [{ path: "", reason: "changed_meanwhile" }] },
    ]);
    expect(site.list()).toEqual(cloned);
    expect(journals.list()).toEqual([]);
  },
);

test.skipIf(!tellsMadeAnew)(
  "a folder that was made anew after a crash keeps what it holds, also where the restore had made it",
  () => {
    using site = new RestoreSite();
    site.write({ a: "then", "dir/c": "then" });
    const target = site.capture();
    site.remove("");
    const request = site.request(target);
    const { journals } = site.store;
    let left: unknown;
    const onPhase = (phase: string): void => {
      if (phase === "applying:0") left = journals.get(request.operation_id)?.data;
    };
    const restorer = site.restorer({ onPhase });
    restorer.prepare(request);
    restorer.apply(request.operation_id);
    // As a crash left it.
    journals.put(request.operation_id, "applying", left);
    site.remove("");
    mkdirSync(site.workspace);
    // As it was cloned again.
    site.write({ a: "then", "dir/c": "then" });
    const cloned = site.list();
    expect(site.restorer().recover([])).toMatchObject([
      { outcome: "before", differences: [{ path: "", reason: "changed_meanwhile" }] },
    ]);
    expect(site.list()).toEqual(cloned);
    expect(journals.list()).toEqual([]);
  },
);

/** Mounts layers of which the lower one is a copy of the workspace. Null where that cannot be. */
function layered(site: RestoreSite): Disposable | null {
  const layers = ["lower", "upper", "work"].map((name) => join(site.home, "layers", name));
  for (const layer of layers) mkdirSync(layer, { recursive: true });
  const [lower, upper, work] = layers;
  cpSync(site.workspace, lower ?? "", { recursive: true });
  const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
  const mounted = spawnSync("mount", ["-t", "overlay", "-o", options, "overlay", site.workspace]);
  if (mounted.status !== 0) return null;
  return { [Symbol.dispose]: () => void spawnSync("umount", ["--lazy", site.workspace]) };
}

test("a folder on a container's layers is the same after its first change made another inode of it", (context) => {
  using site = new RestoreSite();
  site.write({ "in/a": "then", "in/b": "then", "in/dir/c": "then" });
  const workspace = site.path("in");
  const target = restoredFrom(site, workspace);
  site.remove("in/b", "in/dir");
  using layers = layered(site);
  if (layers === null) return context.skip();
  const before = site.list();
  const request = { ...site.request(target), workspace };
  const onPhase = (phase: string): void => {
    if (phase === "applied") throw new Error("cut");
  };
  const restorer = site.restorer({ onPhase });
  restorer.prepare(request);
  expect(() => restorer.apply(request.operation_id)).toThrow("cut");
  expect(site.list()).not.toEqual(before);
  const { journals } = site.store;
  const left = journals.get(request.operation_id)?.data;
  journals.put(request.operation_id, "applying", Object.assign({}, left, { phase: "applying" }));
  expect(site.restorer().recover([])).toMatchObject([{ outcome: "before", differences: [] }]);
  expect(site.list()).toEqual(before);
});
