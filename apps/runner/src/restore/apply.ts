import { ProtocolError } from "@cairn/shared/errors";
import type { Difference } from "@cairn/shared/files";
import { codeOf } from "../fs.ts";
import { wirePath } from "../scan/paths.ts";
import type { Content } from "./content.ts";
import { same, save } from "./content.ts";
import { isWayLost } from "./folders.ts";
import type { Step } from "./journal.ts";
import { loosen, settleModes } from "./modes.ts";
import type { Site } from "./site.ts";
import type { Staged } from "./staging.ts";

/** What a rename says across disks, and of a file that something is mounted on. */
const mounted = new Set(["EXDEV", "EBUSY"]);

export interface Outcome {
  differences: Difference[];
  /** Newer content than the safety checkpoint's that had to give way: stored, not yet durable. */
  saved: { path: Buffer; content: Content }[];
}

/** Carries out the steps of the journal. Throws at the first that fails, leaving the rest. */
export function applySteps(site: Site, onStep: (index: number) => void): Outcome {
  const applier = new Applier(site);
  loosen(site);
  for (const [index, step] of site.journal.steps.entries()) {
    applier.carryOut(step, index);
    onStep(index);
  }
  site.sync();
  for (const path of settleModes(site, "after")) {
    applier.report(path, "Its permissions were changed while the restore was at work, and kept.");
  }
  site.sync();
  return applier.outcome;
}

class Applier {
  readonly outcome: Outcome = { differences: [], saved: [] };
  readonly #site: Site;

  constructor(site: Site) {
    this.#site = site;
  }

  carryOut(step: Step, index: number): void {
    const staged = this.#site.staging.of(step, index);
    try {
      if (step.do === "take") this.#take(step, staged);
      else if (step.do === "put") this.#put(step, staged);
      else if (step.do === "mkdir") this.#mkdir(step);
      else if (step.do === "rmdir") this.#site.removeFolder(step.path);
    } catch (error) {
      if (mounted.has(codeOf(error) ?? "") && !this.#site.stands(staged.aside)) {
        this.#site.drop(staged.fresh);
        const detail = "It is, or is on, a disk that is mounted in the folder, and was left.";
        this.outcome.differences.push({ ...wirePath(step.path), reason: "unsupported", detail });
        return;
      }
      if (!isWayLost(error)) throw error;
      this.report(step.path, "Its folder was moved or replaced while the restore was at work.");
    }
  }

  report(path: Buffer, detail: string): void {
    this.outcome.differences.push({ ...wirePath(path), reason: "changed_meanwhile", detail });
  }

  #take({ path, before }: Step & { do: "take" }, { aside }: Staged): void {
    const site = this.#site;
    if (!site.move(path, aside) || same(site.look(aside), before)) return;
    // The safety checkpoint does not hold this content, so it may not go.
    if (!site.moveToFree(aside, path)) this.#keep(path, aside);
    this.report(path, "It was written while the restore was at work, and kept.");
  }

  #put({ path, before, after }: Step & { do: "put" }, { fresh, aside }: Staged): void {
    const site = this.#site;
    if (!this.#stage(path, fresh, after)) return;
    if (before !== null && site.move(path, aside)) {
      const seen = site.look(aside);
      if (seen === null || seen.kind === "directory" || seen.kind === "other") {
        site.moveToFree(aside, path);
      } else if (!same(seen, before) && !same(seen, after)) {
        // No checkpoint holds this content, so it may not go.
        if (!site.moveToFree(aside, path)) this.#keep(path, aside);
      }
    }
    if (site.moveToFree(fresh, path)) return;
    site.drop(fresh);
    this.report(path, "It was written while the restore was at work, and kept.");
  }

  /** Writes the new content beside its place. False when the store's copy of it is damaged. */
  #stage(path: Buffer, fresh: Buffer, after: Content): boolean {
    try {
      this.#site.write(fresh, after);
      return true;
    } catch (error) {
      if (!(error instanceof ProtocolError) || error.code !== "damaged") throw error;
      this.#site.drop(fresh);
      const detail = "The store's copy of it is damaged, so what stood there was left.";
      this.outcome.differences.push({ ...wirePath(path), reason: "damaged", detail });
      return false;
    }
  }

  #mkdir({ path, mode }: Step & { do: "mkdir" }): void {
    const site = this.#site;
    if (site.makeFolder(path, mode) || site.modeOf(path) !== null) return;
    this.report(path, "A file was written in this folder's place while the restore was at work.");
  }

  #keep(path: Buffer, aside: Buffer): void {
    const { fs, store, folders } = this.#site;
    const content = save(fs, store, folders.place(aside));
    if (content !== null) this.outcome.saved.push({ path, content });
  }
}
