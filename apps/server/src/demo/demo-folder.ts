import { mkdir, realpath, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { ServiceDeps } from "../checkpoints/deps.ts";
import { demoFiles } from "./demo-files.ts";

/** Demo folders stand beside the data folder: a workspace may not lie inside it. */
function demoRoot(deps: ServiceDeps): string {
  return `${deps.dataDir}-demo`;
}

/** Makes a small project of real files for one demo session. */
export async function createDemoFolder(deps: ServiceDeps): Promise<string> {
  const folder = path.join(demoRoot(deps), `bakery-${deps.newId().slice(0, 8)}`);
  for (const [name, text] of Object.entries(demoFiles)) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  return realpath(folder);
}

/** Deletes a demo's folder, and nothing that is not one: it must lie right below the demo root. */
export async function removeDemoFolder(deps: ServiceDeps, workspace: string): Promise<void> {
  const root = await realpath(demoRoot(deps)).catch(() => null);
  const real = await realpath(workspace).catch(() => null);
  if (root === null || real === null || path.dirname(real) !== root) return;
  // The demo's agent may be writing there still.
  await rm(real, { recursive: true, force: true, maxRetries: 5 });
}
