import type { FileChange, PathParam } from "@cairn/shared/files";
import { pathKey, pathParam, type NamedPath } from "../checkpoint/paths.ts";

/** Which changes of a plan to carry out: a base and its exceptions, so that unloaded pages count. */
export interface Choice {
  base: "all" | "none";
  except: ReadonlySet<string>;
}

export const everything: Choice = { base: "all", except: new Set() };
export const nothing: Choice = { base: "none", except: new Set() };

export function isChosen(choice: Choice, path: NamedPath): boolean {
  return (choice.base === "all") !== choice.except.has(pathKey(path));
}

export function toggle(choice: Choice, path: NamedPath): Choice {
  const except = new Set(choice.except);
  const key = pathKey(path);
  if (!except.delete(key)) except.add(key);
  return { base: choice.base, except };
}

/** Everything but these paths and what is below them. */
export function wholeOnly(changes: readonly FileChange[], broken: readonly string[]): Choice {
  const without = changes.filter(({ path }) =>
    broken.some((each) => path === each || path.startsWith(`${each}/`)),
  );
  return { base: "all", except: new Set(without.map(pathKey)) };
}

/** How many of `total` changes are chosen. */
export function countChosen(choice: Choice, total: number): number {
  return choice.base === "all" ? total - choice.except.size : choice.except.size;
}

/**
 * The `paths` of a restore of this choice: undefined for all of them, `incomplete` while pages
 * of the plan that belong to it are not loaded.
 */
export function chosenPaths(
  choice: Choice,
  changes: readonly FileChange[],
  total: number,
): PathParam[] | undefined | "incomplete" {
  if (choice.base === "all" && choice.except.size === 0) return undefined;
  if (choice.base === "all" && changes.length < total) return "incomplete";
  return changes.filter((change) => isChosen(choice, change)).map(pathParam);
}

function sameFacts(a: FileChange["before"], b: FileChange["before"]): boolean {
  if (a === null || b === null) return a === b;
  return a.kind === b.kind && a.mode === b.mode && a.hash === b.hash;
}

/**
 * Whether a fresh plan still does to each path what was shown. Folders that a chosen path needs
 * may be new in it.
 */
export function holdsTo(fresh: readonly FileChange[], shown: readonly FileChange[]): boolean {
  const byKey = new Map(shown.map((change) => [pathKey(change), change]));
  return fresh.every((change) => {
    const known = byKey.get(pathKey(change));
    if (known === undefined) return change.after?.kind === "directory" && change.before === null;
    return (
      known.kind === change.kind &&
      sameFacts(known.before, change.before) &&
      sameFacts(known.after, change.after)
    );
  });
}
