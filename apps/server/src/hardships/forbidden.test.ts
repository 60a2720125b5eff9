// P6: folders and files that may not be read or written, for real: root passes every check, so
// the server runs as an unprivileged user where the tests are root's.
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { folder, writeTree } from "@cairn/runner/testing/tree";
import { expect, test, vi } from "vitest";
import { asNobody, HardPlace, isRoot, nobody } from "./hard-place.ts";

// Each starts servers, some several.
vi.setConfig({ testTimeout: 60_000 });

const through = asNobody;
/** That user must be able to read the program, and node, too. */
const why = ((): string | null => {
  try {
    execFileSync(through[0] ?? "true", [...through.slice(1), process.execPath, "--version"]);
    readFileSync(import.meta.filename);
    return null;
  } catch (error) {
    return String(error);
  }
})();
const title = why === null ? "" : ` (skipped: ${why})`;

function giveAway(path: string): void {
  if (isRoot) execFileSync("chown", ["-hR", `${nobody}:${nobody}`, path]);
}

/** A server of that user, and a folder of theirs. */
async function servedToNobody(place: HardPlace): Promise<string> {
  const work = place.folder("work");
  place.folder("data");
  giveAway(place.root);
  await place.serve({ through });
  return work;
}

test.skipIf(why !== null)(
  `what may not be read makes a checkpoint partial, and is left alone by a restore${title}`,
  async () => {
    await using place = new HardPlace();
    const work = await servedToNobody(place);
    writeTree(work, {
      "open.txt": "1",
      "closed.txt": { file: "secret", mode: 0o000 },
      "shut/inside.txt": "kept",
    });
    giveAway(work);
    chmodSync(join(work, "shut"), 0o000);
    const session_id = await place.session(work);
    const { checkpoint_id, checkpoint } = await place.call("checkpoint", { session_id });
    expect(checkpoint.partial).toBe(true);
    const { checkpoint: whole } = await place.call("get_checkpoint", { session_id, checkpoint_id });
    expect(whole.skipped.map(({ path }) => path).toSorted()).toEqual(["closed.txt", "shut"]);
    writeTree(work, { "open.txt": "2" });
    giveAway(join(work, "open.txt"));
    const restored = await place.call("restore", { session_id, checkpoint_id });
    expect(readFileSync(join(work, "open.txt"), "utf8")).toBe("1");
    // What the checkpoint never held is nothing that it wants.
    expect(restored).toMatchObject({ status: "restored", differences: [] });
    chmodSync(join(work, "shut"), 0o755);
    expect(readFileSync(join(work, "shut/inside.txt"), "utf8")).toBe("kept");
    expect(readFileSync(join(work, "closed.txt"), "utf8")).toBe("secret");
  },
);

test.skipIf(!isRoot || why !== null)(
  `a folder of another user is read and never written: a restore is refused (skipped unless root)`,
  async () => {
    await using place = new HardPlace();
    const work = await servedToNobody(place);
    writeTree(work, { "a.txt": "1", "sub/b.txt": "1" });
    giveAway(work);
    const session_id = await place.session(work);
    const checkpoint_id = await place.checkpoint(session_id);
    writeTree(work, { "a.txt": "2", "sub/b.txt": "2", "new.txt": "2" });
    execFileSync("chown", ["-R", "0:0", work]);
    const before = place.list(work);
    const refusal = await place.refusal("restore", { session_id, checkpoint_id });
    expect(refusal).toBe("workspace_unavailable");
    expect(place.list(work)).toEqual(before);
    expect(await place.refusal("checkpoint", { session_id })).toBe("none");
    giveAway(work);
    expect(await place.call("restore", { session_id, checkpoint_id })).toMatchObject({
      status: "restored",
    });
    expect(existsSync(join(work, "new.txt"))).toBe(false);
  },
);

test.skipIf(why !== null)(
  `a folder that may not be entered is unavailable until it may${title}`,
  async () => {
    await using place = new HardPlace();
    const work = await servedToNobody(place);
    writeTree(work, { "a.txt": "1", dir: folder() });
    giveAway(work);
    const session_id = await place.session(work);
    const checkpoint_id = await place.checkpoint(session_id);
    chmodSync(work, 0o000);
    expect(await place.refusal("checkpoint", { session_id })).toBe("workspace_unavailable");
    expect(await place.refusal("restore", { session_id, checkpoint_id })).toBe(
      "workspace_unavailable",
    );
    chmodSync(work, 0o755);
    expect(await place.refusal("checkpoint", { session_id })).toBe("none");
  },
);

test.skipIf(why !== null)(
  `a store that may not be written any more refuses captures, and still reads${title}`,
  async () => {
    await using place = new HardPlace();
    const work = await servedToNobody(place);
    writeTree(work, { "a.txt": "1" });
    giveAway(work);
    const session_id = await place.session(work);
    const checkpoint_id = await place.checkpoint(session_id);
    const lines = place.list(work);
    await place.server.end();
    // Packs that are another's: what is kept is read, nothing new is.
    const packs = join(place.dataDir, "store/packs");
    execFileSync("chmod", ["-R", "a+rX,a-w", packs]);
    if (isRoot) execFileSync("chown", ["-R", "0:0", packs]);
    await place.serve({ through });
    writeTree(work, { "a.txt": "2" });
    expect(await place.refusal("checkpoint", { session_id })).not.toBe("none");
    expect(await place.copyOf(session_id, checkpoint_id)).toEqual(lines);
    expect(await place.refusal("list_files", { session_id, checkpoint_id })).toBe("none");
    giveAway(packs);
    execFileSync("chmod", ["-R", "u+w", packs]);
    expect(await place.refusal("checkpoint", { session_id })).toBe("none");
    expect(await place.call("validate", { deep: true })).toMatchObject({ invalid: 0 });
  },
);

test.skipIf(why !== null)(
  `a data folder that may not be written refuses the start in words${title}`,
  async () => {
    await using place = new HardPlace();
    execFileSync("chmod", ["555", place.folder("data")]);
    await expect(place.serve({ through })).rejects.toThrow(
      /StartError: The data folder .* cannot be written \(EACCES\)/,
    );
  },
);
