import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { newSecret } from "./secrets.ts";

function fileOf(dataDir: string): string {
  return join(dataDir, "token");
}

/** The admin token of a data folder; null when it has none yet. */
export async function readAdminToken(dataDir: string): Promise<string | null> {
  try {
    const token = (await readFile(fileOf(dataDir), "utf8")).trim();
    return token === "" ? null : token;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

/** The admin token of a data folder, made at the first start. */
export async function ensureAdminToken(dataDir: string): Promise<string> {
  const known = await readAdminToken(dataDir);
  if (known !== null) {
    await chmod(fileOf(dataDir), 0o600);
    return known;
  }
  const token = newSecret(256);
  await writeFile(fileOf(dataDir), `${token}\n`, { mode: 0o600 });
  return token;
}
