import type { Difference } from "@cairn/shared/files";
import { codeOf } from "../fs.ts";
import { joinPath } from "../scan/paths.ts";
import { same } from "./content.ts";
import { isWayLost, nameOf, parentOf } from "./folders.ts";
import type { Step } from "./journal.ts";
import { keepBeside } from "./keep-beside.ts";
import type { Site } from "./site.ts";

/** A staged file that is found wherever its folder was moved to. */
interface Stray {
  step: Step & { do: "put" | "take" };
  index: number;
  path: Buffer;
  isAside: boolean;
}

/**
 * Takes care of staged files in folders that somebody moved elsewhere in the workspace while the
 * restore was at work; costs a look at all of it, and is done only where a folder was missed.
 * Asides give their file back (`before`), or go where a checkpoint holds what they hold (`after`).
 * `takeBack` is tried once more for what stands where it should.
 */
export function tidyStrays(
  site: Site,
  to: "before" | "after",
  takeBack?: (step: Step, index: number) => void,
): Difference[] {
  if (!site.folders.lost) return [];
  return [...strays(site, Buffer.alloc(0))].flatMap(({ step, index, path, isAside }) => {
    // It was away for a moment only.
    if (parentOf(path).equals(site.staging.home(step))) takeBack?.(step, index);
    if (!site.stands(path)) return [];
    const place = joinPath(parentOf(path), nameOf(step.path));
    if (isAside && to === "before" && site.moveToFree(path, place)) return [];
    const seen = isAside ? site.look(path) : null;
    const isHeld = same(seen, step.before) || (step.do === "put" && same(seen, step.after));
    if (seen !== null && !isHeld) return keepBeside(site, place, path);
    site.drop(path);
    return [];
  });
}

function* strays(site: Site, folder: Buffer): Generator<Stray> {
  for (const name of namesIn(site, folder)) {
    const path = joinPath(folder, name);
    const number = site.staging.numberOf(name);
    const index = number === null ? -1 : number >> 1;
    const step = site.journal.steps[index];
    if (number !== null && (step?.do === "put" || step?.do === "take")) {
      yield { step, index, path, isAside: number % 2 === 1 };
    } else if (!name.equals(Buffer.from(".git")) && isFolder(site, path)) {
      yield* strays(site, path);
    }
  }
}

function namesIn(site: Site, folder: Buffer): Buffer[] {
  try {
    return site.fs.readdir(site.folders.contents(folder));
  } catch (error) {
    if (isWayLost(error) || codeOf(error) === "EACCES") return [];
    throw error;
  }
}

function isFolder(site: Site, path: Buffer): boolean {
  try {
    return site.fs.lstat(site.folders.place(path))?.kind === "directory";
  } catch (error) {
    if (isWayLost(error)) return false;
    throw error;
  }
}
