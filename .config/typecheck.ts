// Runs tsc over every project in turn, and goes on after a failure so that one run shows all of it.
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const tsc = join(root, "node_modules/typescript/bin/tsc");
const projects = globSync(["tsconfig.json", "{shared,apps/*,apps/*/e2e}/tsconfig.json"], {
  cwd: root,
  exclude: ["**/node_modules"],
});
if (projects.length < 5) throw new Error(`Only ${projects.length} tsconfig.json files were found.`);

let failed = false;
for (const project of projects.toSorted()) {
  const { status } = spawnSync(process.execPath, [tsc, "-p", project], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (status !== 0) failed = true;
}
process.exitCode = failed ? 1 : 0;
