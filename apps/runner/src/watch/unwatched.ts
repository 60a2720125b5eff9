import { join } from "node:path";
import type { LeftOut } from "@cairn/shared/files";
import type { Rules } from "../runner.ts";
import { builtInPatterns, RuleSet } from "../scan/rules.ts";
import type { Unwatched } from "./watchers.ts";

/** A hint of these is missed where a `.gitignore` takes them in again: the slow look sees them. */
const usualNames = [".git", ...builtInPatterns.map((pattern) => pattern.replace(/\/$/, ""))];

/** What need not be watched, since it is not captured: system-wide watches are few. */
export function unwatchedOf(workspace: string, rules: Rules, leftOut: LeftOut[]): Unwatched {
  const wanted = rules.include.join("\n");
  const included = new RuleSet(rules);
  return {
    names: usualNames.filter((name) => name === ".git" || !wanted.includes(name)),
    paths: leftOut
      // Names that are no UTF-8 cannot be given; the watcher takes some characters for patterns.
      .filter(({ path, path_b64 }) => path_b64 === undefined && !/[[\](){}*?!\\+@|]/.test(path))
      .filter(({ path }) => !included.mayInclude(Buffer.from(path).toString("latin1")))
      .map(({ path }) => join(workspace, path)),
  };
}
