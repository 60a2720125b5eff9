import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod/mini";

/** How `npm run login` finds the running server of a data folder. */
const ServerFile = z.object({ url: z.url(), pid: z.int() });
export type ServerFile = z.infer<typeof ServerFile>;

function fileOf(dataDir: string): string {
  return join(dataDir, "server.json");
}

export async function writeServerFile(dataDir: string, content: ServerFile): Promise<void> {
  const file = fileOf(dataDir);
  await writeFile(`${file}.new`, `${JSON.stringify(content)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

export async function removeServerFile(dataDir: string): Promise<void> {
  await rm(fileOf(dataDir), { force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** The running server of a data folder; null when there is none, or it was killed. */
export async function findServer(dataDir: string): Promise<ServerFile | null> {
  let text: string;
  try {
    text = await readFile(fileOf(dataDir), "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
  try {
    const file = ServerFile.parse(JSON.parse(text));
    return isAlive(file.pid) ? file : null;
  } catch {
    return null;
  }
}
