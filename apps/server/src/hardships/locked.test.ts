// Files that not even their owner may change: what they hold up is told by name.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeTree } from "@cairn/runner/testing/tree";
import { expect, test, vi } from "vitest";
import { HardPlace } from "./hard-place.ts";

vi.setConfig({ testTimeout: 60_000 });

const chattr = (flag: string, path: string): boolean =>
  spawnSync("chattr", [flag, path]).status === 0;

function mayLock(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "cairn-lock-"));
  const may = chattr("+a", folder) && chattr("-a", folder);
  rmSync(folder, { recursive: true });
  return may;
}

test.skipIf(!mayLock())(
  "a folder that is append-only holds up a restore and its taking back, by name, until it is not (skipped where files cannot be locked)",
  async () => {
    await using place = new HardPlace();
    const work = place.folder("work");
    const locked = join(work, "d");
    writeTree(work, { a: "then", "d/c": "then" });
    await place.serve();
    const session_id = await place.session(work);
    const checkpoint_id = await place.checkpoint(session_id);
    writeTree(work, { a: "now", "d/c": "now", new: "now" });
    const before = place.list(work);
    using _ = { [Symbol.dispose]: () => chattr("-a", locked) };
    chattr("+a", locked);
    const named = { code: "workspace_unavailable", message: expect.stringContaining('"d/c"') };
    await expect(place.call("restore", { session_id, checkpoint_id })).rejects.toMatchObject(named);
    // All but what is locked is back already, and nothing is captured of what is half done.
    expect(place.list(work).filter((line) => !line.startsWith("d/.cairn-"))).toEqual(before);
    await expect(place.call("checkpoint", { session_id })).rejects.toMatchObject(named);
    await place.serve();
    await expect(place.call("checkpoint", { session_id })).rejects.toMatchObject(named);
    chattr("-a", locked);
    await place.checkpoint(session_id);
    expect(place.list(work)).toEqual(before);
    expect(await place.refusal("undo", { session_id })).toBe("nothing_to_undo");
    await place.call("restore", { session_id, checkpoint_id });
    await place.call("undo", { session_id });
    expect(place.list(work)).toEqual(before);
  },
);
