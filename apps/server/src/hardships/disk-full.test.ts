// P6: a disk that is full, for real. Every call is answered within five seconds, by an answer or a
// typed error; nothing acknowledged is lost; once there is room again all works as before.
import { rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { noise } from "@cairn/runner/testing/store-site";
import { writeTree } from "@cairn/runner/testing/tree";
import { expect, test, vi } from "vitest";
import { HardPlace, isRoot } from "./hard-place.ts";

// Each starts servers, some several.
vi.setConfig({ testTimeout: 60_000 });

const MiB = 1024 * 1024;

/** Leaves no byte free on a disk. */
function fillUp(dir: string): string {
  const ballast = join(dir, "ballast");
  const { bavail, bsize } = statfsSync(dir);
  // A little more than fits: what fits of it is written.
  const filling = (): void => writeFileSync(ballast, Buffer.alloc(bavail * bsize + MiB, 1));
  expect(filling).toThrow("ENOSPC");
  expect(statfsSync(dir).bavail).toBe(0);
  return ballast;
}

test.skipIf(!isRoot)(
  "the data folder's disk fills by checkpoints, and then by others (skipped unless root)",
  async () => {
    await using place = new HardPlace();
    const disk = place.mount("small", "44m");
    // Of somebody else, who makes room in the end: to collect takes the space of a pack.
    const others = join(disk, "others");
    writeFileSync(others, Buffer.alloc(22 * MiB, 1));
    const dataDir = join(disk, "data");
    const work = place.folder("work");
    await place.serve({ dataDir });
    writeTree(work, { "a.txt": "first", "sub/b.txt": "kept" });
    const session_id = await place.session(work);
    const kept = new Map<string, string[]>();
    kept.set(await place.checkpoint(session_id), place.list(work));
    const [first = ""] = kept.keys();

    // As far as captures may go.
    let code: string = "none";
    for (let n = 0; code === "none" && n < 40; n += 1) {
      writeFileSync(join(work, "grows.bin"), noise(2 * MiB, `${n}`));
      code = await place.refusal("checkpoint", { session_id });
      if (code !== "none") break;
      const { session } = await place.call("get_session", { session_id });
      kept.set(session.head ?? "", place.list(work));
    }
    expect(code).toBe("store_full");
    expect(kept.size).toBeGreaterThan(5);
    // A full store can still restore, and undo.
    rmSync(join(work, "grows.bin"));
    writeTree(work, { "a.txt": "edited" });
    const edited = place.list(work);
    const restored = await place.call("restore", { session_id, checkpoint_id: first });
    expect(place.list(work)).toEqual(kept.get(first));
    kept.set(restored.safety_checkpoint_id ?? "", edited);
    const undone = await place.call("undo", { session_id });
    expect(place.list(work)).toEqual(edited);
    kept.set(undone.safety_checkpoint_id ?? "", kept.get(first) ?? []);

    // Somebody else takes the rest of the disk.
    const ballast = fillUp(disk);
    const last = [...kept.keys()].at(-1) ?? "";
    writeFileSync(join(work, "grows.bin"), noise(3 * MiB, "more"));
    const before = place.list(work);
    const codes = {
      checkpoint: await place.refusal("checkpoint", { session_id }),
      restore: await place.refusal("restore", { session_id, checkpoint_id: first }),
    };
    expect(codes.checkpoint).toBe("store_full");
    expect(["none", "store_full"]).toContain(codes.restore);
    expect(place.list(work)).toEqual(codes.restore === "none" ? kept.get(first) : before);
    const small = {
      annotate: await place.refusal("annotate", { session_id, checkpoint_id: last, note: "x" }),
      delete: await place.refusal("delete", { session_id, checkpoint_id: last }),
      update: await place.refusal("update_session", { session_id, name: "renamed" }),
    };
    for (const code of Object.values(small)) expect(["none", "store_full"]).toContain(code);
    const note = { session_id, checkpoint_id: first, note: "x".repeat(4000) };
    let notes = 0;
    while ((await place.refusal("annotate", note)) === "none") notes += 1;
    expect(await place.refusal("annotate", note)).toBe("store_full");
    for (const method of ["list_checkpoints", "list_events", "list_operations"] as const) {
      expect(await place.refusal(method, { session_id })).toBe("none");
    }
    expect(await place.refusal("list_files", { session_id, checkpoint_id: first })).toBe("none");

    // A start on a full disk may be refused, in words.
    await place.server.kill();
    const why = await place.serve({ dataDir }).then(
      () => "it started",
      (error: unknown) => String(error),
    );
    expect(why).toMatch(/it started|StartError: The disk that holds Cairn's data folder is full/);
    rmSync(ballast);
    rmSync(others);
    await place.serve({ dataDir });
    for (const checkpoint_id of [...kept.keys()].slice(2, 6)) {
      await place.call("delete", { session_id, checkpoint_id, permanent: true });
      kept.delete(checkpoint_id);
    }
    expect((await place.call("collect", {})).freed_bytes).toBeGreaterThan(5 * MiB);
    writeTree(work, { "after.txt": "room again" });
    rmSync(join(work, "grows.bin"), { force: true });
    kept.set(await place.checkpoint(session_id), place.list(work));
    if (small.delete === "none") kept.delete(last);
    const { checkpoint } = await place.call("get_checkpoint", { session_id, checkpoint_id: first });
    const acknowledged = notes + (small.annotate === "none" && first === last ? 1 : 0);
    expect(checkpoint.annotations).toHaveLength(acknowledged);
    expect(await place.call("validate", { deep: true })).toMatchObject({ invalid: 0 });
    for (const [id, lines] of kept) expect(await place.copyOf(session_id, id)).toEqual(lines);
    expect(await place.server.end()).toBe(0);
  },
);

test.skipIf(!isRoot)(
  "a restore into a workspace whose disk is full leaves it exactly as it was (skipped unless root)",
  async () => {
    await using place = new HardPlace();
    const disk = place.mount("small", "8m");
    const work = place.folder("small/work");
    await place.serve();
    writeTree(work, {
      "big.bin": noise(3 * MiB, "a"),
      "same.txt": "same",
      "gone.txt": "later gone",
    });
    const session_id = await place.session(work);
    const target = await place.checkpoint(session_id);
    const wanted = place.list(work);
    rmSync(join(work, "big.bin"));
    writeTree(work, { "big.bin": "small now", "gone.txt": "edited", "new.txt": "new" });
    const before = place.list(work);
    const ballast = fillUp(disk);
    const restore = { session_id, checkpoint_id: target };
    expect(await place.refusal("restore", restore)).toBe("store_full");
    expect(place.list(work)).toEqual(before);
    // To read it needs no room.
    expect(await place.refusal("checkpoint", { session_id })).toBe("none");
    rmSync(ballast);
    expect(await place.call("restore", restore)).toMatchObject({ status: "restored" });
    expect(place.list(work)).toEqual(wanted);
    await place.call("undo", { session_id });
    expect(place.list(work)).toEqual(before);
    expect(await place.server.end()).toBe(0);
  },
);
