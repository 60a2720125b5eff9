import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { cruise } from "dependency-cruiser";
import { afterAll, beforeAll, expect, test } from "vitest";
import { arrowOptions } from "./arrows-rules.ts";

let root: string;

const files: Record<string, string> = {
  "package.json": "{}",
  "shared/package.json": '{"name":"@cairn/shared","exports":{"./*":"./src/*.ts"}}',
  "apps/runner/package.json": '{"name":"@cairn/runner","exports":{"./*":"./src/*.ts"}}',
  "node_modules/zod/package.json": '{"name":"zod","exports":"./index.js"}',
  "node_modules/zod/index.js": "export {};",
  "node_modules/hono/package.json": '{"name":"hono","exports":"./index.js"}',
  "node_modules/hono/index.js": "export {};",
  "node_modules/@hono/node-ws/package.json": '{"name":"@hono/node-ws","exports":"./index.js"}',
  "node_modules/@hono/node-ws/index.js": "export {};",
};

const empty = [
  "shared/src/ids.ts",
  "apps/web/src/main.tsx",
  "apps/server/src/main.ts",
  "apps/server/src/testing/harness.ts",
  "apps/server/src/http/api.ts",
  "apps/server/src/realtime/connection.ts",
  "apps/server/src/storage/store.ts",
  "apps/server/src/storage/sqlite/store.ts",
  "apps/server/src/bus/bus.ts",
  "apps/server/src/bus/local.ts",
  "apps/runner/src/runner.ts",
  "apps/runner/src/worker-runner.ts",
  "apps/runner/src/store/packs.ts",
  "apps/runner/src/testing/tree.ts",
];

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}

beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "cairn-arrows-")));
  for (const [path, text] of Object.entries(files)) await write(path, text);
  for (const path of empty) await write(path, "export type Nothing = never;");
  await mkdir(join(root, "node_modules/@cairn"), { recursive: true });
  await symlink("../../shared", join(root, "node_modules/@cairn/shared"));
  await symlink("../../apps/runner", join(root, "node_modules/@cairn/runner"));
});

afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

async function brokenBy(path: string, wanted: string): Promise<string[]> {
  await write(path, `import type { Nothing } from "${wanted}"; export type Mine = Nothing;`);
  try {
    const { output } = await cruise(["shared", "apps"], arrowOptions(root));
    if (typeof output === "string") throw new Error(output);
    return [...new Set(output.summary.violations.map(({ rule }) => rule.name))].toSorted();
  } finally {
    await rm(join(root, path));
  }
}

const unlawful: [rule: string, path: string, wanted: string][] = [
  ["shared-stands-alone", "shared/src/x.ts", "node:fs"],
  ["shared-stands-alone", "shared/src/x.ts", "hono"],
  ["web-uses-shared-only", "apps/web/src/x.ts", "../../server/src/http/api.ts"],
  ["web-uses-shared-only", "apps/web/src/x.tsx", "@cairn/runner/runner"],
  ["runner-uses-shared-only", "apps/runner/src/x.ts", "../../server/src/http/api.ts"],
  ["server-not-to-web", "apps/server/src/x.ts", "../../web/src/main.tsx"],
  ["runner-by-its-interface", "apps/server/src/x.ts", "@cairn/runner/store/packs"],
  ["runner-by-its-interface-in-tests", "apps/server/src/x.test.ts", "@cairn/runner/store/packs"],
  ["subjects-know-only-the-store", "apps/server/src/checkpoints/x.ts", "../realtime/connection.ts"],
  ["subjects-know-only-the-store", "apps/server/src/sessions/x.ts", "../http/api.ts"],
  ["engines-in-main-only", "apps/server/src/realtime/x.ts", "../storage/sqlite/store.ts"],
  ["engines-in-main-only", "apps/server/src/http/x.ts", "../bus/local.ts"],
  ["node-ws-behind-its-adapter", "apps/server/src/http/x.ts", "@hono/node-ws"],
  ["testing-in-tests-only", "apps/server/src/http/x.ts", "../testing/harness.ts"],
  ["testing-in-tests-only", "apps/server/src/http/x.ts", "./x.test.ts"],
  ["no-cycles", "shared/src/x.ts", "./x.ts"],
  ["no-unresolvable", "shared/src/x.ts", "./gone.ts"],
];

test.each(unlawful)("%s: %s may not import %s", async (rule, path, wanted) => {
  if (wanted === "./x.test.ts") await write("apps/server/src/http/x.test.ts", "export {};");
  expect(await brokenBy(path, wanted)).toContain(rule);
  await rm(join(root, "apps/server/src/http/x.test.ts"), { force: true });
});

const lawful: [path: string, wanted: string][] = [
  ["shared/src/x.ts", "zod"],
  ["apps/web/src/x.ts", "@cairn/shared/ids"],
  ["apps/runner/src/x.ts", "@cairn/shared/ids"],
  ["apps/server/src/x.ts", "@cairn/runner/runner"],
  ["apps/server/src/x.ts", "@cairn/runner/worker-runner"],
  ["apps/server/src/x.test.ts", "@cairn/runner/testing/tree"],
  ["apps/server/src/checkpoints/x.ts", "../storage/store.ts"],
  ["apps/server/src/checkpoints/x.ts", "../bus/bus.ts"],
  ["apps/server/src/checkpoints/x.test.ts", "../testing/harness.ts"],
  ["apps/server/src/testing/x.ts", "../storage/sqlite/store.ts"],
  ["apps/server/src/storage/sqlite/x.ts", "./store.ts"],
  ["apps/server/src/realtime/upgrade.ts", "@hono/node-ws"],
];

test.each(lawful)("%s may import %s", async (path, wanted) => {
  expect(await brokenBy(path, wanted)).toEqual([]);
});
