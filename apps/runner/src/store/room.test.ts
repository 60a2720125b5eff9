import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ProtocolError } from "@cairn/shared/errors";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { filesOf, keep, put, readFiles } from "../testing/snapshots.ts";
import { errorCode, noise, StoreSite } from "../testing/store-site.ts";
import { openStore } from "./store.ts";

const MB = 1_000_000;
const limit = 10 * MB;

/** What a call that is refused says. */
function refusal(work: () => unknown): ProtocolError {
  try {
    work();
  } catch (error) {
    if (error instanceof ProtocolError) return error;
    throw error;
  }
  throw new Error("it was not refused");
}

describe("a limit", () => {
  let site: StoreSite;

  beforeEach(() => {
    site = new StoreSite();
    site.reopen({ limit });
  });

  afterEach(() => site[Symbol.dispose]());

  const big = (seed: string, bytes = 3 * MB): Record<string, Buffer> => ({
    big: noise(bytes, seed),
  });

  test("refuses a capture over it before it takes the space, and says what to do", () => {
    const first = keep(site.store, "first", big("first"));
    keep(site.store, "second", big("second"));
    const error = refusal(() => keep(site.store, "third", big("third", 20 * MB)));
    expect(error).toMatchObject({
      code: "store_full",
      details: { reason: "limit", limit_bytes: limit },
    });
    expect(error.message).toMatch(/Delete .* for good, .* and collect, or .*--store-limit/);
    expect(error.message).toContain("10,000,000 bytes");
    const facts = site.store.facts();
    expect(facts).toMatchObject({ limit_bytes: limit, reserved_bytes: Math.floor(limit / 16) });
    // What it had written by then was taken back.
    expect(facts.stored_bytes).toBeLessThan(6.1 * MB);
    expect(facts.dead_bytes).toBeLessThan(100);
    expect(site.store.index.pins()).toEqual(["first", "second"]);
    expect(readFiles(site.store, first)["big"]?.equals(noise(3 * MB, "first"))).toBe(true);
    // Small ones still fit.
    keep(site.store, "small", big("small", 100_000));
  });

  test("leaves a reserve that restores may use and captures may not", () => {
    keep(site.store, "a", big("a", 9.3 * MB));
    const safety = big("safety", 400_000);
    expect(errorCode(() => keep(site.store, "capture", safety))).toBe("store_full");
    site.store.as("restore", () => keep(site.store, "safety", safety));
    expect(site.store.index.pins()).toEqual(["a", "safety"]);
    // It is no way around the limit.
    const more = big("more", 2 * MB);
    expect(errorCode(() => site.store.as("restore", () => keep(site.store, "b", more)))).toBe(
      "store_full",
    );
  });

  test("holds for threads together, whichever commits first", () => {
    const first = put(site.store, big("first", 6 * MB));
    // A second thread does not see what is not committed, and its commit does.
    const second = openStore(site.dir, { limit });
    try {
      const late = put(second, big("second", 6 * MB));
      site.store.commit({ pin: "first", snapshot: first });
      const commit = (): void => second.commit({ pin: "second", snapshot: late });
      expect(errorCode(commit)).toBe("store_full");
      expect(site.store.index.pins()).toEqual(["first"]);
      expect(site.store.facts().stored_bytes).toBeLessThan(6.1 * MB);
    } finally {
      second.close();
    }
  });

  test("is no obstacle to collecting, which makes room again", () => {
    keep(site.store, "a", { ...big("a", 5 * MB), small: noise(1000) });
    const kept = keep(site.store, "b", big("b", 4 * MB));
    expect(errorCode(() => keep(site.store, "c", big("c")))).toBe("store_full");
    site.store.unpin(["a"]);
    expect(site.store.collect({}).freed_bytes).toBeGreaterThan(4.9 * MB);
    keep(site.store, "c", big("c"));
    expect(readFiles(site.store, kept)["big"]?.equals(noise(4 * MB, "b"))).toBe(true);
  });
});

/** A filesystem of its own, so small that it is soon full. Null where none can be mounted. */
class SmallDisk {
  readonly dir: string;

  private constructor(dir: string) {
    this.dir = dir;
  }

  static mount(bytes: number): SmallDisk | string {
    if (process.getuid?.() !== 0) return "only root can mount a small disk";
    const dir = mkdtempSync(join(tmpdir(), "cairn-small-"));
    const { status, stderr } = spawnSync("mount", [
      "-t",
      "tmpfs",
      "-o",
      `size=${bytes}`,
      "tmpfs",
      dir,
    ]);
    if (status === 0) return new SmallDisk(dir);
    rmSync(dir, { recursive: true });
    return `a small disk cannot be mounted here: ${stderr.toString().trim()}`;
  }

  /** Others fill it to the last byte. */
  fill(): void {
    const path = join(this.dir, "of others");
    mkdirSync(path, { recursive: true });
    for (let i = 0, size = 4 * MB; size >= 4096; i += 1) {
      try {
        writeFileSync(join(path, `${i}`), Buffer.alloc(size));
      } catch {
        rmSync(join(path, `${i}`), { force: true });
        size = Math.floor(size / 2);
      }
    }
  }

  get free(): number {
    const { bsize, bavail } = statfsSync(this.dir);
    return bsize * bavail;
  }

  [Symbol.dispose](): void {
    spawnSync("umount", ["-l", this.dir]);
    rmSync(this.dir, { recursive: true, force: true });
  }
}

const canMount = ((): true | string => {
  const disk = SmallDisk.mount(1 * MB);
  if (typeof disk === "string") return disk;
  disk[Symbol.dispose]();
  return true;
})();
if (canMount !== true) console.log(`not tested, ${canMount}: a disk that is full`);

describe.skipIf(canMount !== true)("a disk that is full", () => {
  let disk: SmallDisk;
  let site: StoreSite;

  beforeEach(() => {
    disk = SmallDisk.mount(32 * MB) as SmallDisk;
    site = new StoreSite(disk.dir);
    site.store.care.begin();
  });

  afterEach(() => {
    site[Symbol.dispose]();
    disk[Symbol.dispose]();
  });

  test("captures stop short of it, and keep what they had", () => {
    const kept = filesOf("kept", 50);
    const snapshot = keep(site.store, "kept", kept);
    const error = refusal(() => keep(site.store, "big", { big: noise(40 * MB, "big") }));
    expect(error).toMatchObject({ code: "store_full", details: { reason: "disk" } });
    expect(error.message).toMatch(/Free some space/);
    // It was not filled, and what the capture had taken is free again.
    expect(disk.free).toBeGreaterThan(25 * MB);
    site.reopen();
    expect(readFiles(site.store, snapshot)).toEqual(kept);
    keep(site.store, "next", filesOf("next", 50));
  });

  test("filled by others to the last byte: a capture is refused, a restore finds the reserve", () => {
    const kept = filesOf("kept", 50);
    const snapshot = keep(site.store, "kept", kept);
    expect(existsSync(join(site.dir, "reserve"))).toBe(true);
    disk.fill();
    expect(errorCode(() => keep(site.store, "capture", filesOf("capture", 50)))).toBe("store_full");
    expect(readFiles(site.store, snapshot)).toEqual(kept);
    expect(existsSync(join(site.dir, "reserve"))).toBe(true);
    const safety = filesOf("safety", 50);
    const made = site.store.as("restore", () => {
      const made = keep(site.store, "safety", safety);
      site.store.journals.put("operation", "prepared", { safety: made });
      site.store.journals.put("operation", "applying", { safety: made });
      return made;
    });
    expect(existsSync(join(site.dir, "reserve"))).toBe(false);
    site.store.as("restore", () => site.store.journals.delete("operation"));
    expect(readFiles(site.store, made)).toEqual(safety);
  });

  test("filled by others: letting go and collecting still work, and give space", () => {
    const kept = filesOf("kept", 50);
    const snapshot = keep(site.store, "kept", kept);
    keep(site.store, "gone", { big: noise(8 * MB, "gone") });
    disk.fill();
    site.store.as("restore", () => site.store.unpin(["gone"]));
    while (!site.store.collect({}).done) continue;
    expect(disk.free).toBeGreaterThan(7 * MB);
    site.reopen();
    expect(readFiles(site.store, snapshot)).toEqual(kept);
    // The reserve is made again at the next start.
    site.store.care.begin();
    expect(existsSync(join(site.dir, "reserve"))).toBe(true);
  });
});
