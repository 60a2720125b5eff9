import os from "node:os";
import path from "node:path";
import { ProtocolError } from "@cairn/shared/errors";
import type { ServiceDeps } from "../checkpoints/deps.ts";
import { overlaps } from "./overlap.ts";

/** The real path of a folder that may become a workspace, or why it may not. */
export async function usableWorkspace(deps: ServiceDeps, given: string): Promise<string> {
  if (!path.isAbsolute(given)) {
    throw new ProtocolError(
      "invalid_params",
      `workspace must be an absolute path, not "${given}".`,
    );
  }
  const facts = await deps.runner.folder(given);
  if (!facts.exists) {
    throw new ProtocolError(
      "workspace_unavailable",
      `There is no folder ${given}. Make it first, or name another.`,
    );
  }
  const { real_path } = facts;
  if (real_path === path.parse(real_path).root || real_path === os.homedir()) {
    throw new ProtocolError(
      "invalid_params",
      `${real_path} is too much to keep: choose a project's folder in it.`,
    );
  }
  if (overlaps(real_path, deps.dataDir)) {
    throw new ProtocolError(
      "invalid_params",
      `${real_path} and Cairn's data folder ${deps.dataDir} contain each other. ` +
        "Choose another folder, or another --data-dir.",
    );
  }
  return real_path;
}

/** The real path of a folder for a copy: no open session's. The runner refuses what else it must. */
export async function usableCopyFolder(deps: ServiceDeps, given: string): Promise<string> {
  const { real_path } = await deps.runner.folder(given);
  for (const other of await deps.store.openWorkspaces()) {
    if (!overlaps(other.workspace, real_path)) continue;
    throw new ProtocolError(
      "invalid_params",
      `${real_path} overlaps the folder of the open session "${other.name}". ` +
        "Choose a new or empty folder outside every workspace.",
    );
  }
  return real_path;
}
