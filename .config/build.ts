import { join } from "node:path";
import { buildWeb, ensureWebBuilt } from "../apps/server/src/web-build.ts";

try {
  const build = process.argv.includes("--if-stale") ? ensureWebBuilt : buildWeb;
  await build({ root: join(import.meta.dirname, ".."), log: (line) => console.error(line) });
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
