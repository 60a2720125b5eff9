import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { canMount, MountedDisk } from "../testing/mounts.ts";
import { RestoreSite } from "../testing/restore-site.ts";
import { noise } from "../testing/store-site.ts";
import { listTree } from "../testing/tree.ts";

// Real disks: skipped, and listed so, where nothing may be mounted.
const cannotMount = !canMount();

/** A site whose workspace is a disk of its own. */
function siteOn(options: string): { site: RestoreSite; disk: MountedDisk } {
  const site = new RestoreSite();
  return { site, disk: new MountedDisk(options, site.workspace) };
}

test.skipIf(cannotMount)(
  "a restore for which the disk of the folder has no room changes nothing",
  () => {
    const { site, disk } = siteOn("size=1m");
    using _ = site;
    using __ = disk;
    site.write({ big: noise(500_000), a: "then" });
    const target = site.capture();
    site.write({ big: "small now", a: "now", filler: noise(700_000, "filler") });
    const before = site.list();
    expect(() => site.restore(target)).toThrow(
      expect.objectContaining({
        code: "store_full",
        message: expect.stringContaining("as it was"),
      }),
    );
    expect(site.list()).toEqual(before);
    expect(site.store.journals.list()).toEqual([]);
    site.remove("filler");
    expect(site.restore(target).status).toBe("restored");
  },
);

test.skipIf(cannotMount)(
  "a disk that turns read-only amid a restore is taken back once it can be written",
  () => {
    const { site, disk } = siteOn("size=4m");
    using _ = site;
    using __ = disk;
    site.write({ a: "then", b: "then", "c/d": "then" });
    const target = site.capture();
    site.write({ a: "now", b: "now", "c/d": "now", e: "now" });
    const before = site.list();
    // Before the first write there is nothing to take back.
    const left = { applying: [], "applying:0": ["unreachable"], "applying:2": ["unreachable"] };
    for (const [at, outcome] of Object.entries(left)) {
      const onPhase = (phase: string): void => {
        if (phase === at) disk.remount("ro");
      };
      const request = site.request(target);
      const restorer = site.restorer({ onPhase });
      restorer.prepare(request);
      expect(() => restorer.apply(request.operation_id)).toThrow(
        expect.objectContaining({ code: "workspace_unavailable" }),
      );
      const recover = () => site.restorer().recover([]);
      expect(recover().map((told) => told.outcome)).toEqual(outcome);
      disk.remount("rw");
      expect(recover().map((told) => told.outcome)).toEqual(outcome.map(() => "before"));
      expect(site.list()).toEqual(before);
    }
  },
);

test.skipIf(cannotMount)(
  "a disk that is mounted inside the folder is left alone, and the rest is restored",
  () => {
    using site = new RestoreSite();
    site.write({ a: "then" });
    const target = site.capture();
    mkdirSync(site.path("volume"));
    using disk = new MountedDisk("size=1m", site.path("volume"));
    site.write({ a: "now", "volume/file": "now", extra: "now" });
    const inside = listTree(disk.path);
    const done = site.restore(target);
    expect(done.differences.map(({ path, reason }) => `${path}: ${reason}`)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^volume/)]),
    );
    expect(readFileSync(site.path("a"), "utf8")).toBe("then");
    expect(existsSync(site.path("extra"))).toBe(false);
    expect(listTree(disk.path).filter((line) => line.startsWith("file "))).toEqual(
      inside.filter((line) => line.startsWith("file ")),
    );
  },
);

test.skipIf(cannotMount)(
  "a folder whose disk is not mounted is neither restored nor made anew",
  () => {
    const { site, disk } = siteOn("size=1m");
    using _ = site;
    site.write({ a: "then" });
    const target = site.capture();
    disk.unmount();
    const unavailable = expect.objectContaining({ code: "workspace_unavailable" });
    expect(readdirSync(site.workspace)).toEqual([]);
    expect(() => site.restore(target)).toThrow(unavailable);
    // The mount point is on another disk than the folder was, and so is what holds it.
    rmSync(site.workspace, { recursive: true });
    expect(() => site.restore(target)).toThrow(unavailable);
    expect(existsSync(site.workspace)).toBe(false);
  },
);

test.skipIf(cannotMount)(
  "a restore that a pulled disk cut is resolved when it is back under another number",
  () => {
    using site = new RestoreSite();
    const { workspace } = site;
    const bind = (): MountedDisk => new MountedDisk("size=1m", workspace);
    let work = bind();
    site.write({ a: "then", b: "then" });
    const target = site.capture();
    site.write({ a: "now", b: "now" });
    const before = site.list();
    const request = site.request(target);
    const onPhase = (phase: string): void => {
      if (phase === "applying:0") throw new Error("pulled");
    };
    site.restorer().prepare(request);
    const { journals } = site.store;
    const prepared = journals.get(request.operation_id);
    expect(() => site.restorer({ onPhase }).apply(request.operation_id)).toThrow(
      /as it was before/,
    );
    expect(site.list()).toEqual(before);
    journals.put(
      request.operation_id,
      "applying",
      Object.assign({}, prepared?.data, { phase: "applying" }),
    );
    work.unmount();
    expect(site.restorer().recover([])).toMatchObject([{ outcome: "unreachable" }]);
    work = bind();
    using _ = work;
    for (const name of ["a", "b"]) writeFileSync(join(workspace, name), "now");
    expect(site.restorer().recover([])).toMatchObject([{ outcome: "before", differences: [] }]);
    expect(site.list()).toEqual(before);
  },
);
