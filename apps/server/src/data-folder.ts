import { access as probe, chmod, constants, mkdir, readdir, realpath } from "node:fs/promises";
import { dirname } from "node:path";
import { StartError } from "./start-error.ts";

/** What a data folder has one of from the first start on. */
const ownNames = new Set(["store", "cairn.db", "token", "server.json"]);

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

// Not by `recursive`: where a folder cannot be made although its parent is there, as in /proc,
// Node 26 then tries for ever.
async function makeFolder(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    if (codeOf(error) === "EEXIST") return;
    const parent = dirname(path);
    if (codeOf(error) !== "ENOENT" || parent === path) throw error;
    await makeFolder(parent, 0o777);
    await mkdir(path, { mode });
  }
}

/** A folder that holds other things would be closed to everyone else who uses it. */
async function refuseForeign(dataDir: string): Promise<void> {
  const names = (await readdir(dataDir)).filter((name) => name !== "lost+found");
  if (names.length === 0 || names.some((name) => ownNames.has(name))) return;
  throw new StartError(
    `${dataDir} holds other things than Cairn's data. Choose a new or empty folder with --data-dir.`,
  );
}

/** Makes the folder where it is missing, for its owner only. Gives its real path. */
export async function openDataDir(dataDir: string): Promise<string> {
  try {
    await makeFolder(dataDir, 0o700);
    await refuseForeign(dataDir);
    await probe(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
    await chmod(dataDir, 0o700);
    return await realpath(dataDir);
  } catch (error) {
    if (error instanceof StartError) throw error;
    const why = codeOf(error) === "" ? String(error) : codeOf(error);
    throw new StartError(`The data folder ${dataDir} cannot be written (${why}).`, {
      cause: error,
    });
  }
}
