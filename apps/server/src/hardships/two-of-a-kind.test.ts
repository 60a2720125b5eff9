// P13: one owner a store; and folders that contain each other.
import { renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { writeTree } from "@cairn/runner/testing/tree";
import { expect, test, vi } from "vitest";
import { raceToOwn } from "./double-start.ts";
import { HardPlace } from "./hard-place.ts";

// Each starts servers, some several.
vi.setConfig({ testTimeout: 60_000 });

const races = 4;

test(`of two servers that start on one data folder, one serves and one says why not: ${races} races`, async () => {
  expect(await raceToOwn(races)).toEqual({ races, wrong: [] });
});

test("two sessions on overlapping folders, by links too, are refused", async () => {
  await using place = new HardPlace();
  const work = place.folder("work");
  place.folder("work/inner");
  symlinkSync(join(work, "inner"), join(place.root, "link"));
  await place.serve();
  const workspace = place.folder("work/inner");
  await place.session(workspace);
  for (const other of [work, join(place.root, "link"), place.folder("work/inner/deeper")]) {
    expect(await place.refusal("create_session", { workspace: other })).toBe("workspace_overlaps");
  }
  const beside = await place.session(place.folder("beside"));
  expect(await place.refusal("update_session", { session_id: beside, workspace: work })).toBe(
    "workspace_overlaps",
  );
});

test("a store inside the workspace and a workspace inside the store are refused, copies too", async () => {
  await using place = new HardPlace();
  const work = place.folder("work");
  writeTree(work, { "a.txt": "1" });
  await place.serve({ dataDir: join(work, "data") });
  const refusals = [work, join(work, "data"), join(work, "data/store"), place.root];
  symlinkSync(work, join(place.root, "link"));
  for (const workspace of [...refusals, join(place.root, "link")]) {
    expect(await place.refusal("create_session", { workspace }), `workspace ${workspace}`).toBe(
      "invalid_params",
    );
  }
  const session_id = await place.session(place.folder("work/project"));
  const checkpoint_id = await place.checkpoint(session_id);
  for (const into of [join(work, "data/copy"), join(work, "project/copy"), "/proc/copy", "copy"]) {
    const refusal = await place.refusal("restore", { session_id, checkpoint_id, into });
    expect(["invalid_params", "workspace_unavailable"], `into ${into}`).toContain(refusal);
  }
  expect(await place.refusal("restore", { session_id, checkpoint_id })).toBe("none");
});

test("a data folder that comes to lie inside a workspace is never captured or restored over", async () => {
  await using place = new HardPlace();
  const work = place.folder("work");
  writeTree(work, { "a.txt": "1" });
  await place.serve();
  const session_id = await place.session(work);
  const checkpoint_id = await place.checkpoint(session_id);
  await place.server.end();
  // Moved by its owner, into the folder that it keeps.
  renameSync(place.dataDir, join(work, "data"));
  await place.serve({ dataDir: join(work, "data") });
  expect(await place.refusal("checkpoint", { session_id })).toBe("invalid_params");
  expect(await place.refusal("restore", { session_id, checkpoint_id })).toBe("invalid_params");
  expect(await place.refusal("list_files", { session_id, checkpoint_id })).toBe("none");
});
