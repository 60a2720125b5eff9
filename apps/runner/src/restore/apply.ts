import { ProtocolError } from "@cairn/shared/errors";
import type { Difference } from "@cairn/shared/files";
import { codeOf } from "../fs.ts";
import { wirePath } from "../scan/paths.ts";
import { same } from "./content.ts";
import { aboutPath } from "./failures.ts";
import { isWayLost } from "./folders.ts";
import type { Step } from "./journal.ts";
import { keepBeside } from "./keep-beside.ts";
import { loosen, settleModes } from "./modes.ts";
import type { Site } from "./site.ts";
import { Stage } from "./stage.ts";
import type { Staged } from "./staging.ts";

/** What a rename says across disks, and of a file that something is mounted on. */
const mounted = new Set(["EXDEV", "EBUSY"]);

/**
 * Carries out the steps of the journal and gives what could not be done as planned. Throws at the
 * first that fails, leaving the rest; `check` may throw between any two.
 */
export function applySteps(
  site: Site,
  onStep: (index: number) => void,
  check: () => void = () => undefined,
): Difference[] {
  const applier = new Applier(site, check);
  loosen(site);
  for (const [index, step] of site.journal.steps.entries()) {
    check();
    applier.carryOut(step, index);
    onStep(index);
  }
  site.sync();
  for (const path of settleModes(site, "after")) {
    applier.report(path, "Its permissions were changed while the restore was at work, and kept.");
  }
  site.sync();
  return applier.differences;
}

class Applier {
  readonly differences: Difference[] = [];
  readonly #site: Site;
  readonly #check: () => void;
  /** Steps whose new content stands beside its place; all are written before the first is used. */
  #staged: Set<number> | undefined;

  constructor(site: Site, check: () => void) {
    this.#site = site;
    this.#check = check;
  }

  carryOut(step: Step, index: number): void {
    const staged = this.#site.staging.of(step, index);
    if (step.do === "put" && !this.#stageAll().has(index)) return;
    this.#attempt(step, staged, () => {
      if (step.do === "take") this.#take(step, staged);
      else if (step.do === "put") this.#put(step, staged);
      else if (step.do === "mkdir") this.#mkdir(step);
      else if (step.do === "rmdir") this.#site.removeFolder(step.path);
    });
  }

  report(path: Buffer, detail: string): void {
    this.differences.push({ ...wirePath(path), reason: "changed_meanwhile", detail });
  }

  #attempt({ path }: Step, { fresh, aside }: Staged, work: () => void): void {
    try {
      work();
    } catch (error) {
      if (mounted.has(codeOf(error) ?? "") && !this.#site.stands(aside)) {
        this.#site.drop(fresh);
        const detail = "It is, or is on, a disk that is mounted in the folder, and was left.";
        this.differences.push({ ...wirePath(path), reason: "unsupported", detail });
        return;
      }
      if (!isWayLost(error)) throw aboutPath(error, path);
      this.report(path, "Its folder was moved or replaced while the restore was at work.");
    }
  }

  /** Writes all new content beside its places and syncs it: nothing is in its place until then. */
  #stageAll(): Set<number> {
    if (this.#staged !== undefined) return this.#staged;
    const staged = new Set<number>();
    this.#staged = staged;
    const stage = new Stage(this.#site);
    const damaged: string[] = [];
    const { steps } = this.#site.journal;
    try {
      for (const [index, step] of steps.entries()) {
        if (step.do !== "put") continue;
        this.#check();
        const names = this.#site.staging.of(step, index);
        this.#attempt(step, names, () => {
          if (stage.write(names.fresh, step.after)) staged.add(index);
          else damaged.push(this.#reportDamaged(step.path));
        });
      }
      stage.sync();
    } finally {
      stage.release();
    }
    if (damaged.length === steps.length) throw nothingSound(damaged);
    return staged;
  }

  #reportDamaged(path: Buffer): string {
    const detail = "The store's copy of it is damaged, so what stood there was left.";
    this.differences.push({ ...wirePath(path), reason: "damaged", detail });
    return path.toString();
  }

  #take({ path, before }: Step & { do: "take" }, { aside }: Staged): void {
    const site = this.#site;
    if (!site.move(path, aside) || same(site.look(aside), before)) return;
    // The safety checkpoint does not hold this content, so it may not go.
    if (site.moveToFree(aside, path)) {
      this.report(path, "It was written while the restore was at work, and kept.");
    } else this.differences.push(...keepBeside(site, path, aside));
  }

  #put({ path, before, after }: Step & { do: "put" }, { fresh, aside }: Staged): void {
    const site = this.#site;
    let kept: Difference[] = [];
    if (before !== null && site.move(path, aside)) {
      const seen = site.look(aside);
      // No checkpoint holds this content, so it may not go.
      const isNewer = seen !== null && !same(seen, before) && !same(seen, after);
      if (isNewer && !site.moveToFree(aside, path)) kept = keepBeside(site, path, aside);
      this.differences.push(...kept);
    }
    if (site.moveToFree(fresh, path)) return;
    site.drop(fresh);
    if (kept.length > 0) return;
    if (site.spells(path)) {
      this.report(path, "It was written while the restore was at work, and kept.");
      return;
    }
    const detail = "The disk of the folder takes its name for that of another file in it.";
    this.differences.push({ ...wirePath(path), reason: "unsupported", detail });
  }

  #mkdir({ path, mode }: Step & { do: "mkdir" }): void {
    const site = this.#site;
    if (site.makeFolder(path, mode) || site.modeOf(path) !== null) return;
    this.report(path, "A file was written in this folder's place while the restore was at work.");
  }
}

/** The error of a restore of which nothing can be done, since all that it wants is damaged. */
export function nothingSound(paths: string[], cause?: unknown): ProtocolError {
  return new ProtocolError(
    "damaged",
    "Nothing of what was chosen can be restored: the store's copies of it are damaged. Choose other paths of the checkpoint, or repair the store.",
    { details: { paths: paths.slice(0, 1000) }, cause },
  );
}
