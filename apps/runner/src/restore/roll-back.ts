import type { Difference } from "@cairn/shared/files";
import { wirePath } from "../scan/paths.ts";
import type { Content } from "./content.ts";
import { codeOf } from "../fs.ts";
import { same } from "./content.ts";
import { aboutPath } from "./failures.ts";
import { isWayLost } from "./folders.ts";
import type { Step } from "./journal.ts";
import { keepBeside } from "./keep-beside.ts";
import { folded } from "./merge.ts";
import { isOurFolder, loosen, settleModes } from "./modes.ts";
import type { Site } from "./site.ts";
import type { Staged } from "./staging.ts";
import { tidyStrays } from "./strays.ts";

/**
 * Takes back whatever of the journal's steps was done, as far as a path still is what the restore
 * found or made there: anything else is newer work, left alone and reported. May be repeated, so
 * a crash on the way is no matter.
 */
export function rollBack(site: Site): Difference[] {
  const back = new Back(site);
  // What lies in a folder that stays closed may need nothing: else that is what is held up.
  loosen(site, (error) => isOfOnePath(error) || codeOf(error) === "EROFS");
  const takeBack = (step: Step, index: number): void =>
    back.takeBack(step, site.staging.of(step, index));
  const steps = [...site.journal.steps.entries()].toReversed();
  const held = new HeldUp();
  for (const [index, step] of steps) held.unless(step.path, () => takeBack(step, index));
  if (held.error === undefined) {
    back.differences.push(...tidyStrays(site, "before", takeBack));
  }
  site.sync();
  for (const path of settleModes(site, "before")) back.report(path);
  site.sync();
  if (held.error !== undefined) throw held.error;
  return back.differences;
}

/** What the machine says of one path that is locked against changes: others may be free. */
const ofOnePath = new Set(["EACCES", "EPERM", "EBUSY", "EXDEV", "ENAMETOOLONG"]);

function isOfOnePath(error: unknown): error is Error {
  return ofOnePath.has(codeOf(error) ?? "");
}

/** Paths that could not be taken back now. All that is not above or below them is, meanwhile. */
class HeldUp {
  error: Error | undefined;
  readonly #paths: string[] = [];

  unless(path: Buffer, work: () => void): void {
    const own = folded(path);
    if (this.#paths.some((other) => isBelow(own, other) || isBelow(other, own))) return;
    try {
      work();
    } catch (error) {
      if (!isOfOnePath(error)) throw error;
      aboutPath(error, path);
      this.error ??= error;
      this.#paths.push(own);
    }
  }
}

function isBelow(path: string, above: string): boolean {
  return path === above || path.startsWith(`${above}/`);
}

class Back {
  readonly differences: Difference[] = [];
  readonly #site: Site;

  /** What was to go, in the form of `folded`. */
  readonly #going: Set<string>;

  constructor(site: Site) {
    this.#site = site;
    const going = site.journal.steps.filter(({ do: kind }) => kind === "take" || kind === "rmdir");
    this.#going = new Set(going.map(({ path }) => folded(path)));
  }

  takeBack(step: Step, { fresh, aside }: Staged): void {
    const site = this.#site;
    if (step.do === "put") {
      site.drop(fresh);
      if (site.stands(aside)) this.#return(step.path, aside, step.before, step.after);
      else if (step.before !== null) this.#check(step.path, step.before);
      else if (this.#isOther(step.path)) return;
      else if (same(site.look(step.path), step.after)) site.drop(step.path);
      else this.#check(step.path, step.before);
    } else if (step.do === "take") {
      if (site.stands(aside)) this.#return(step.path, aside, step.before, null);
      else this.#check(step.path, step.before);
    } else if (step.do === "mkdir" && !this.#isOther(step.path)) {
      const mode = site.modeOf(step.path);
      if (isOurFolder(mode, step.mode) && !site.removeFolder(step.path)) this.report(step.path);
    } else if (step.do === "rmdir") this.#remake(step.path, step.mode);
  }

  /** Whether what stands there is something that was to go: some disks take its name for this. */
  #isOther(path: Buffer): boolean {
    return this.#going.has(folded(path)) && this.#site.stands(path) && !this.#site.spells(path);
  }

  report(path: Buffer): void {
    const detail = "It was changed after the restore was cut short, and left as it is.";
    this.differences.push({ ...wirePath(path), reason: "changed_meanwhile", detail });
  }

  /** Puts what was set aside back into its place, unless somebody's newer work stands there. */
  #return(path: Buffer, aside: Buffer, before: Content | null, after: Content | null): void {
    const site = this.#site;
    const seen = site.look(path);
    try {
      if (seen === null) {
        if (site.moveToFree(aside, path)) return;
      } else if (after !== null && same(seen, after)) {
        site.move(aside, path);
        return;
      }
    } catch (error) {
      if (!isWayLost(error)) throw error;
    }
    // The safety checkpoint holds what equals `before`; anything else is held nowhere else.
    if (same(site.look(aside), before)) {
      site.drop(aside);
      if (!same(site.look(path), before)) this.report(path);
    } else this.differences.push(...keepBeside(site, path, aside));
  }

  #remake(path: Buffer, mode: number): void {
    const site = this.#site;
    try {
      if (site.modeOf(path) === null && !site.makeFolder(path, mode)) this.report(path);
    } catch (error) {
      if (!isWayLost(error)) throw error;
      this.report(path);
    }
  }

  #check(path: Buffer, before: Content | null): void {
    const seen = this.#site.look(path);
    // A file was to take the place of a folder, and had not come to it.
    if (seen?.kind === "directory" && this.#site.staging.removesFolder(path)) return;
    if (!same(seen, before)) this.report(path);
  }
}
