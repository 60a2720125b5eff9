// P7 for a whole server: bytes of a pack that change under it, live and over a restart. What is
// damaged is refused by name, all else stays usable, and nothing ends the server.
import {
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { noise } from "@cairn/runner/testing/store-site";
import { writeTree } from "@cairn/runner/testing/tree";
import { expect, test, vi } from "vitest";
import { HardPlace } from "./hard-place.ts";

// Each starts servers, some several.
vi.setConfig({ testTimeout: 60_000 });

function packOf(dataDir: string): string {
  const dir = join(dataDir, "store/packs");
  const [name = "", ...more] = readdirSync(dir);
  expect(more).toEqual([]);
  return join(dir, name);
}

/** Two checkpoints, and where the content that only the second has stands in the pack. */
async function plant(place: HardPlace) {
  const work = place.folder("work");
  writeTree(work, { "same.txt": "in both", "first.bin": noise(50_000, "first") });
  await place.serve();
  const session_id = await place.session(work);
  const sound = await place.checkpoint(session_id);
  const soundLines = place.list(work);
  const from = readFileSync(packOf(place.dataDir)).length;
  writeTree(work, { "second.bin": noise(400_000, "second") });
  const broken = await place.checkpoint(session_id);
  return { work, session_id, sound, soundLines, broken, from };
}

test.each(["live", "restarted"])(
  "a %s server under which bytes of a pack change says which checkpoint that breaks",
  async (which) => {
    await using place = new HardPlace();
    const { work, session_id, sound, soundLines, broken, from } = await plant(place);
    if (which === "restarted") await place.server.end();
    const pack = packOf(place.dataDir);
    const bytes = readFileSync(pack);
    for (let at = from + 20_000; at < from + 300_000; at += 5000)
      bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    writeFileSync(pack, bytes);
    if (which === "restarted") await place.serve();

    const { invalid, valid, problems } = await place.call("validate", { deep: true });
    expect({ invalid, valid }).toEqual({ invalid: 1, valid: 1 });
    expect(problems).toMatchObject([{ checkpoint_id: broken, path: "second.bin" }]);
    const { checkpoint } = await place.call("get_checkpoint", {
      session_id,
      checkpoint_id: broken,
    });
    expect(checkpoint.damaged).toBe(true);
    // Where the folder lacks it, it cannot be given back: the rest is.
    writeTree(work, { "second.bin": "something else", "same.txt": "edited" });
    const restored = await place.call("restore", { session_id, checkpoint_id: broken });
    const left = readFileSync(join(work, "second.bin"));
    const isRead = which === "live" && left.equals(noise(400_000, "second"));
    // It may still be in the memory of the server that wrote it.
    const damaged = [{ path: "second.bin", reason: "damaged" }];
    expect(restored.differences).toMatchObject(isRead ? [] : damaged);
    expect(isRead || left.toString() === "something else").toBe(true);
    expect(readFileSync(join(work, "same.txt"), "utf8")).toBe("in both");
    expect(await place.copyOf(session_id, sound)).toEqual(soundLines);
    await place.call("restore", { session_id, checkpoint_id: sound });
    expect(place.list(work)).toEqual(soundLines);
    // New content is stored, the damaged one too when it comes again.
    writeTree(work, { "third.bin": noise(10_000, "third") });
    expect(await place.refusal("checkpoint", { session_id })).toBe("none");
    expect(await place.server.end()).toBe(0);
  },
);

test.each(["cut", "gone"])(
  "a pack that is %s damages what was in it and nothing else",
  async (how) => {
    await using place = new HardPlace();
    const { work, session_id, sound, broken, from } = await plant(place);
    const pack = packOf(place.dataDir);
    await place.server.kill();
    if (how === "cut") truncateSync(pack, from);
    else renameSync(pack, join(place.root, "lost.pack"));
    await place.serve();
    const { invalid } = await place.call("validate", { deep: true });
    expect(invalid).toBe(how === "cut" ? 1 : 2);
    const before = place.list(work);
    for (const checkpoint_id of [sound, broken]) {
      const refusal = await place.refusal("restore", { session_id, checkpoint_id });
      expect(["none", "damaged"]).toContain(refusal);
      const isAsBefore = place.list(work).join("\n") === before.join("\n");
      expect(refusal === "none" || isAsBefore).toBe(true);
    }
    // What the folder still holds is stored anew, and what is captured then relies on nothing lost.
    writeTree(work, { "second.bin": noise(400_000, "second") });
    const repaired = await place.call("repair", {});
    expect(repaired.healed).toBeGreaterThan(0);
    const { invalid: left } = await place.call("validate", { deep: true });
    expect(repaired.invalid).toBe(left);
    const fresh = await place.checkpoint(session_id);
    expect(await place.copyOf(session_id, fresh)).toEqual(place.list(work));
    expect(
      await place.call("validate", { checkpoint_id: fresh, session_id, deep: true }),
    ).toMatchObject({ invalid: 0 });
  },
);

test.each(["garbled", "cut", "gone"])(
  "an index that is %s is made anew at the start from what the packs hold",
  async (how) => {
    await using place = new HardPlace();
    const { session_id, sound, soundLines, broken } = await plant(place);
    await place.server.end();
    const index = join(place.dataDir, "store/index.db");
    const whole = readFileSync(index);
    if (how === "garbled") writeFileSync(index, Buffer.alloc(whole.length, "garbled"));
    else if (how === "cut") truncateSync(index, whole.length / 2);
    else rmSync(index);
    await place.serve();
    expect(await place.call("validate", { deep: true })).toMatchObject({ invalid: 0, valid: 2 });
    // Nor does a collection take for garbage what the new index does not pin.
    await place.call("collect", {});
    expect(await place.copyOf(session_id, sound)).toEqual(soundLines);
    expect(await place.copyOf(session_id, broken)).toHaveLength(soundLines.length + 1);
    expect(await place.refusal("checkpoint", { session_id })).toBe("none");
  },
);

test("a damaged database of checkpoints is said at the start, and nothing is overwritten", async () => {
  await using place = new HardPlace();
  const { session_id, sound, soundLines } = await plant(place);
  await place.server.end();
  const file = join(place.dataDir, "cairn.db");
  const whole = readFileSync(file);
  const bad = Buffer.concat([Buffer.alloc(100, 7), whole.subarray(100)]);
  writeFileSync(file, bad);
  await expect(place.serve()).rejects.toThrow(/cairn.db is not a database|cairn.db is damaged/);
  expect(readFileSync(file).equals(bad)).toBe(true);
  writeFileSync(file, whole);
  await place.serve();
  expect(await place.copyOf(session_id, sound)).toEqual(soundLines);
});
