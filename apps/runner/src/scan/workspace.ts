import type { Stats } from "node:fs";
import { realpathSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, sep } from "node:path";
import { ProtocolError } from "@cairn/shared/errors";
import { codeOf } from "../fs.ts";
import { OwnFolders } from "./own-folders.ts";

/** Whether the folder `inner` is `outer` or stands in it. Both are real paths. */
function contains(outer: string, inner: string): boolean {
  return inner === outer || inner.startsWith(outer.endsWith(sep) ? outer : outer + sep);
}

/**
 * Real path of a folder that may be captured. `workspace_unavailable` when it is not there,
 * `invalid_params` for what Cairn refuses: no folder, `/`, a home folder, the data folder.
 */
export function openWorkspace(path: string, dataDir: string): string {
  if (!isAbsolute(path) || path.includes("\0")) {
    throw refused(`"${path}" is no absolute path. Give the folder's full path.`);
  }
  let real: string;
  let stat: Stats;
  try {
    real = realpathSync.native(path);
    stat = statSync(real);
  } catch (error) {
    throw unavailable(path, codeOf(error), error);
  }
  if (!stat.isDirectory()) throw refused(`${path} is no folder. Choose the folder it stands in.`);
  refuseTooMuch(real);
  const data = realOf(dataDir);
  if (contains(real, data)) {
    throw refused(
      `${path} holds Cairn's own data folder (${dataDir}). Choose a folder inside it, or start Cairn with another --data-dir.`,
    );
  }
  if (contains(data, real) || new OwnFolders([data]).has(stat)) {
    throw refused(`${path} is inside Cairn's own data folder. Choose a folder outside of it.`);
  }
  return real;
}

/** A link that took a workspace's place, or that of a folder above it, leads to another folder. */
export function refuseLinked(workspace: string, real: string): void {
  if (workspace === real) return;
  throw new ProtocolError(
    "workspace_unavailable",
    `${workspace} leads to ${real} by a link now. Point the session at the folder it is meant for.`,
  );
}

function refuseTooMuch(real: string): void {
  if (real === sep)
    throw refused("The whole disk (/) cannot be captured. Choose a project folder.");
  if (contains(real, realOf(homedir()))) {
    throw refused(`${real} is or holds a home folder. Choose a project folder inside it.`);
  }
}

function realOf(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    return path;
  }
}

function refused(sentence: string): ProtocolError {
  return new ProtocolError("invalid_params", sentence);
}

/** The error for a folder that cannot be reached. */
export function unavailable(path: string, code: string | undefined, cause: unknown): ProtocolError {
  const why =
    code === "ENOENT" || code === "ENOTDIR"
      ? "is not there"
      : code === "EACCES" || code === "EPERM"
        ? "may not be read by this user"
        : `cannot be reached (${code ?? "unknown"})`;
  return new ProtocolError(
    "workspace_unavailable",
    `The folder ${path} ${why}. Bring it back and try again; nothing was changed.`,
    { details: { code }, cause },
  );
}
