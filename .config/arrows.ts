// Checks the direction of imports.
import { globSync } from "node:fs";
import { join } from "node:path";
import { cruise } from "dependency-cruiser";
import type { ICruiseResult } from "dependency-cruiser";
import { arrowOptions } from "./arrows-rules.ts";

const root = join(import.meta.dirname, "..");
const folders = globSync(["shared/src", "apps/*/{src,e2e,bench,torture}"], { cwd: root });

function read(report: ICruiseResult): string[] {
  return report.modules.map((module) => module.source).filter((path) => /\.tsx?$/.test(path));
}

async function check(): Promise<string | undefined> {
  const { output } = await cruise(folders, arrowOptions(root));
  if (typeof output === "string") return output;
  const { violations } = output.summary;
  const own = read(output).filter((path) => !path.includes("node_modules"));
  for (const { rule, from, to, cycle } of violations) {
    const way = cycle === undefined ? to : cycle.map((step) => step.name).join(" → ");
    console.log(`${rule.name}: ${from} → ${way}`);
  }
  if (violations.length > 0) return `${violations.length} forbidden imports.`;
  // Without a TypeScript it can use, dependency-cruiser reads no .ts file and finds nothing wrong.
  if (own.length <= 20) return `Only ${own.length} TypeScript modules were read.`;
  console.log(`${own.length} modules, every import in its direction.`);
  return undefined;
}

const problem = await check();
if (problem !== undefined) {
  console.log(problem);
  process.exitCode = 1;
}
