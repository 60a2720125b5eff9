import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { defaultSettings } from "@cairn/shared/session";
import type { Captured, Runner } from "./runner.ts";
import { OwnFolders } from "./scan/own-folders.ts";
import { scanWorkspace } from "./scan/scan.ts";
import { StatCache } from "./scan/stat-cache.ts";
import { canMount } from "./testing/mounts.ts";
import { RestoreSite } from "./testing/restore-site.ts";
import { startRunner } from "./worker-runner.ts";

const { ignore, include, limits } = defaultSettings;
const rules = { ignore, include, limits };
let home: string;

beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), "cairn-own-")));
});

afterEach(() => {
  spawnSync("umount", ["--lazy", join(home, "work/data")]);
  rmSync(home, { recursive: true, force: true });
});

test("a folder of Cairn's that shows in a workspace is skipped, whether it was known before or not", () => {
  using site = new RestoreSite();
  site.write({ a: "1", "data/store/index.db": "rows", "data2/b": "2" });
  const cache = new StatCache(join(home, "cache"));
  const scan = (own?: OwnFolders) => {
    const { workspace, store } = site;
    const options = { workspace, rules, store: true, cache, ...(own && { own }) };
    const { skipped, files, isSkipped } = scanWorkspace(store, options);
    return { skipped, files, covers: isSkipped(Buffer.from("data/store/index.db")) };
  };
  expect(scan()).toEqual({ skipped: [], files: 3, covers: false });
  const skipped = [{ path: "data", reason: "cairn_data" }];
  const own = new OwnFolders([site.path("data")]);
  expect(scan(own)).toEqual({ skipped, files: 2, covers: true });
  expect(scan(own)).toEqual({ skipped, files: 2, covers: true });
  expect(scan().files).toBe(3);
});

test.skipIf(!canMount())(
  "a data folder that a mount shows in the workspace is neither captured nor restored over",
  async () => {
    const [workspace, dataDir] = [join(home, "work"), join(home, "data")];
    mkdirSync(join(workspace, "data/store/packs"), { recursive: true });
    mkdirSync(dataDir);
    writeFileSync(join(workspace, "a"), "then");
    writeFileSync(join(workspace, "data/store/index.db"), "not Cairn's");
    const runner: Runner = await startRunner({ dataDir });
    const capture = (): Promise<Captured> =>
      runner.capture({ pin: randomUUID(), workspace, rules, parent: null });
    const { tree, rules: known, skipped, ...then } = await capture();
    expect(then.files).toBe(2);
    spawnSync("mount", ["--bind", dataDir, join(workspace, "data")]);
    writeFileSync(join(workspace, "a"), "now");
    const now = await capture();
    expect(now.skipped_paths).toEqual([{ path: "data", reason: "cairn_data" }]);
    const operation_id = randomUUID();
    const target = { tree, rules: known, skipped };
    const { plan } = await runner.prepare({
      operation_id,
      safety_pin: randomUUID(),
      parent: null,
      workspace,
      rules,
      target,
    });
    expect(plan.changes.map(({ path }) => path)).toEqual(["a"]);
    const { differences } = await runner.apply(operation_id);
    expect(differences).toMatchObject([{ path: "data", reason: "skipped" }]);
    await runner.settle(operation_id);
    const sound = await runner.validate({
      snapshots: [
        { pin: "then", snapshot: target },
        { pin: "now", snapshot: { tree: now.tree, rules: now.rules, skipped: now.skipped } },
      ],
      deep: true,
    });
    expect(sound.problems).toEqual([]);
    await expect(
      runner.capture({
        pin: randomUUID(),
        workspace: join(workspace, "data"),
        rules,
        parent: null,
      }),
    ).rejects.toMatchObject({ code: "invalid_params" });
    await runner.close();
  },
);
