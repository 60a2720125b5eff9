import { join } from "node:path";
import { buildWeb } from "../apps/server/src/web-build.ts";

try {
  await buildWeb({ root: join(import.meta.dirname, ".."), log: (line) => console.error(line) });
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
