// Folders that are deleted, unmounted or replaced, and what was named and is not there.
import { randomUUID } from "node:crypto";
import { renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { writeTree } from "@cairn/runner/testing/tree";
import { ProtocolError } from "@cairn/shared/errors";
import { expect, test, vi } from "vitest";
import { HardPlace, isRoot } from "./hard-place.ts";

// Each starts servers, some several.
vi.setConfig({ testTimeout: 60_000 });

test("a deleted workspace is unavailable to captures; a restore makes it anew, byte for byte", async () => {
  await using place = new HardPlace();
  const work = place.folder("work");
  writeTree(work, { "a.txt": "1", "sub/run.sh": { file: "#!/bin/sh\n", mode: 0o755 } });
  await place.serve();
  const session_id = await place.session(work);
  const checkpoint_id = await place.checkpoint(session_id);
  const lines = place.list(work);
  rmSync(work, { recursive: true });
  const capture = place.call("checkpoint", { session_id });
  await expect(capture).rejects.toThrow(/is not there. Bring it back and try again/);
  expect(await place.refusal("checkpoint", { session_id })).toBe("workspace_unavailable");
  await place.call("restore", { session_id, checkpoint_id });
  expect(place.list(work)).toEqual(lines);
  // A link in its place leads elsewhere: nothing there is read or written.
  const elsewhere = place.folder("elsewhere");
  writeTree(elsewhere, { "mine.txt": "not yours" });
  renameSync(work, join(place.root, "moved"));
  symlinkSync(elsewhere, work);
  const before = place.list(elsewhere);
  expect(await place.refusal("checkpoint", { session_id })).toBe("workspace_unavailable");
  expect(await place.refusal("restore", { session_id, checkpoint_id })).toBe(
    "workspace_unavailable",
  );
  expect(place.list(elsewhere)).toEqual(before);
});

test.skipIf(!isRoot)(
  "an unmounted disk is no deleted work: nothing is captured or restored until it is back (skipped unless root)",
  async () => {
    await using place = new HardPlace();
    const disk = place.mount("disk", "8m");
    writeTree(disk, { "a.txt": "1" });
    await place.serve();
    const session_id = await place.session(disk);
    const checkpoint_id = await place.checkpoint(session_id);
    place.unmount(disk);
    expect(await place.refusal("checkpoint", { session_id })).toBe("workspace_unavailable");
    expect(await place.refusal("restore", { session_id, checkpoint_id })).toBe(
      "workspace_unavailable",
    );
    expect(place.list(disk)).toEqual([]);
    place.mount("disk", "8m");
    writeTree(disk, { "a.txt": "2" });
    expect(await place.refusal("checkpoint", { session_id })).toBe("none");
    expect(await place.refusal("restore", { session_id, checkpoint_id })).toBe("none");
  },
);

test("what was named and is not there, and a plan that is stale, are typed and change nothing", async () => {
  await using place = new HardPlace();
  const work = place.folder("work");
  writeTree(work, { "a.txt": "1" });
  await place.serve();
  const session_id = await place.session(work);
  const checkpoint_id = await place.checkpoint(session_id);
  writeTree(work, { "a.txt": "2" });
  const { plan_hash } = await place.call("plan_restore", { session_id, checkpoint_id });
  writeTree(work, { "a.txt": "3" });
  const before = place.list(work);
  const refusals: [string, string][] = [
    [
      "checkpoint_not_found",
      await place.refusal("restore", { session_id, checkpoint_id: randomUUID() }),
    ],
    [
      "session_not_found",
      await place.refusal("restore", { session_id: randomUUID(), checkpoint_id }),
    ],
    [
      "operation_not_found",
      await place.refusal("undo", { session_id, operation_id: randomUUID() }),
    ],
    ["nothing_to_undo", await place.refusal("undo", { session_id })],
    ["nothing_to_redo", await place.refusal("redo", { session_id })],
    [
      "not_found",
      await place.refusal("restore", { session_id, checkpoint_id, paths: ["no/such"] }),
    ],
    ["workspace_changed", await place.refusal("restore", { session_id, checkpoint_id, plan_hash })],
  ];
  for (const [wanted, found] of refusals) expect(found).toBe(wanted);
  for (const path of ["../outside", "/etc/passwd", "a/../../b", "nul\0"]) {
    const refusal = await place.refusal("restore", { session_id, checkpoint_id, paths: [path] });
    expect(["invalid_params", "not_found"], `path ${path}`).toContain(refusal);
  }
  expect(place.list(work)).toEqual(before);
  // The refusal of a stale plan brings the new one, which then holds.
  const stale = await place
    .call("restore", { session_id, checkpoint_id, plan_hash })
    .catch((error: unknown) => error);
  expect(stale).toBeInstanceOf(ProtocolError);
  const { plan } = (stale as ProtocolError).details as { plan: { plan_hash: string } };
  const again = { session_id, checkpoint_id, plan_hash: plan.plan_hash };
  expect(await place.refusal("restore", again)).toBe("none");
});
