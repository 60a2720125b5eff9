import type { Recovered } from "../runner.ts";
import type { Fs } from "../fs.ts";
import type { Journals } from "../store/journals.ts";
import type { ObjectStore } from "../store/objects.ts";
import { same } from "./content.ts";
import type { Phase, RestoreJournal } from "./journal.ts";
import { encodeJournal } from "./journal.ts";
import { keepBeside } from "./keep-beside.ts";
import { loosenFor } from "./modes.ts";
import { rollBack } from "./roll-back.ts";
import { isMadeAnew, isReachable, unreachable } from "./root.ts";
import { Site } from "./site.ts";
import { tidyStrays } from "./strays.ts";

/** The ends a journal can come to, from whatever phase it was left in. Each may be repeated. */
export class Resolution {
  readonly #fs: Fs;
  readonly #store: ObjectStore;
  readonly #journals: Journals;
  readonly #reached: (phase: Phase) => void;

  constructor(fs: Fs, store: ObjectStore, journals: Journals, reached: (phase: Phase) => void) {
    this.#fs = fs;
    this.#store = store;
    this.#journals = journals;
    this.#reached = reached;
  }

  /** After a crash: to exactly before or exactly after, or left for when its folder is back. */
  resolve(journal: RestoreJournal, committed: boolean): Omit<Recovered, "operation_id"> {
    const { differences } = journal;
    if (journal.phase === "prepared") {
      this.#journals.delete(journal.operation_id);
      return { outcome: "before", differences: [] };
    }
    if (journal.phase === "applied" && !committed) return { outcome: "after", differences };
    if (!this.#isReachable(journal)) return { outcome: "unreachable", differences: [] };
    if (journal.phase !== "applying") {
      return { outcome: "after", differences: [...differences, ...this.settle(journal)] };
    }
    return { outcome: "before", differences: this.rollBack(journal) };
  }

  #isReachable(journal: RestoreJournal): boolean {
    const site = new Site(this.#fs, this.#store, journal);
    try {
      return isReachable(site);
    } finally {
      site.release();
    }
  }

  /**
   * Drops what was set aside; where the folder is out of reach, once it is back. Gives what was
   * written into a file after it was set aside, by whoever had it open, and is kept.
   */
  settle(journal: RestoreJournal): Recovered["differences"] {
    const isRepeated = journal.phase === "settling";
    this.put(journal, "settling");
    this.#reached("settling");
    if (!this.#isReachable(journal)) return [];
    const site = new Site(this.#fs, this.#store, journal);
    try {
      const kept = this.#dropStaged(site, isRepeated);
      this.#journals.delete(journal.operation_id);
      return kept;
    } finally {
      site.release();
    }
  }

  #dropStaged(site: Site, isRepeated: boolean): Recovered["differences"] {
    const staged = [...site.journal.steps.entries()].flatMap(([index, step]) =>
      step.do === "put" || step.do === "take" ? [{ step, ...site.staging.of(step, index) }] : [],
    );
    const homes = staged.map(({ step }) => site.staging.home(step));
    const tighten = loosenFor(site, homes, isRepeated);
    const kept = staged.flatMap(({ step, fresh, aside }) => {
      site.drop(fresh);
      if (step.before === null) return [];
      const seen = site.look(aside);
      const isHeld = same(seen, step.before) || (step.do === "put" && same(seen, step.after));
      if (seen !== null && !isHeld) return keepBeside(site, step.path, aside);
      site.drop(aside);
      return [];
    });
    kept.push(...tidyStrays(site, "after"));
    site.sync();
    tighten();
    site.sync();
    return kept;
  }

  /**
   * Back to before. Gives what was newer than the journal, and left alone. `held` has the folder
   * open since the restore began, and so reaches it wherever it was moved to, or its disk is gone
   * from its place. Without it, what stands at the path must be that folder.
   */
  rollBack(journal: RestoreJournal, held?: Site): Recovered["differences"] {
    const { existed } = journal.root;
    if (journal.phase === "prepared") {
      this.#journals.delete(journal.operation_id);
      return [];
    }
    const isHeld = held?.folders.keepOnlyRoot() === true;
    if (!isHeld && !this.#isReachable(journal)) throw unreachable(journal);
    const site = isHeld ? held : new Site(this.#fs, this.#store, journal);
    try {
      if (!isHeld && isMadeAnew(site)) {
        this.#journals.delete(journal.operation_id);
        return [madeAnew];
      }
      if (isHeld || existed || this.#fs.lstat(journal.root.path) !== undefined) {
        const differences = rollBack(site);
        if (!existed) site.removeRoot();
        this.#journals.delete(journal.operation_id);
        return differences;
      }
      this.#journals.delete(journal.operation_id);
      return [];
    } finally {
      if (!isHeld) site.release();
    }
  }

  put(journal: RestoreJournal, phase: Phase): void {
    journal.phase = phase;
    this.#journals.put(journal.operation_id, phase, encodeJournal(journal));
  }
}

const madeAnew: Recovered["differences"][number] = {
  path: "",
  reason: "changed_meanwhile",
  detail: "The folder was made anew after the restore was cut short, so nothing in it was changed.",
};
