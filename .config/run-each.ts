// Runs the programs of one kind, one after the other, each in a Node of its own.
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { join, relative, sep } from "node:path";

const root = join(import.meta.dirname, "..");

const programs = (pattern: string): string[] =>
  globSync(pattern, { cwd: root, exclude: ["**/node_modules"] })
    .filter((file) => !/\.(test|spec)\.ts$/.test(file))
    .map((file) => relative(root, join(root, file)).split(sep).join("/"))
    .toSorted();

/** `args`: parts of names to choose by, then from the first flag on what each program is given. */
export function runEach(kind: string, pattern: string, args: string[]): void {
  const split = args.findIndex((arg) => arg.startsWith("-"));
  const filters = split === -1 ? args : args.slice(0, split);
  const extra = split === -1 ? [] : args.slice(args[split] === "--" ? split + 1 : split);
  const all = programs(pattern);
  if (args[0] === "--help" || args[0] === "-h") {
    console.log(`npm run ${kind} -- [part of a name]... [flags for it]\n  ${all.join("\n  ")}`);
    return;
  }
  const files = all.filter((file) => filters.every((filter) => file.includes(filter)));
  if (files.length === 0) {
    const names = all.length === 0 ? "There is none yet." : `There are:\n  ${all.join("\n  ")}`;
    const wanted = filters.length === 0 ? "" : ` named ${filters.join(" and ")}`;
    console.error(`No ${kind} program${wanted} (${pattern}). ${names}`);
    process.exitCode = 2;
    return;
  }
  const failed = files.filter((file) => {
    console.log(`\n${file}`);
    const end = spawnSync(process.execPath, [join(root, file), ...extra], {
      cwd: root,
      stdio: ["ignore", "inherit", "inherit"],
    });
    return end.status !== 0;
  });
  if (failed.length === 0) return;
  console.error(`\nFailed: ${failed.join(", ")}`);
  process.exitCode = 1;
}
