import type { Recovered } from "../runner.ts";
import type { Fs } from "../fs.ts";
import type { Journals } from "../store/journals.ts";
import type { ObjectStore } from "../store/objects.ts";
import type { Content } from "./content.ts";
import type { Phase, RestoreJournal } from "./journal.ts";
import { encodeJournal } from "./journal.ts";
import { loosenFor } from "./modes.ts";
import { rollBack } from "./roll-back.ts";
import { isReachable } from "./root.ts";
import { graft } from "./safety.ts";
import { Site } from "./site.ts";

interface Saved {
  path: Buffer;
  content: Content;
}

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
      this.settle(journal);
      return { outcome: "after", differences };
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

  /** Drops what was set aside; where the folder is out of reach, once it is back. */
  settle(journal: RestoreJournal): void {
    const isRepeated = journal.phase === "settling";
    this.put(journal, "settling");
    this.#reached("settling");
    if (!this.#isReachable(journal)) return;
    const site = new Site(this.#fs, this.#store, journal);
    try {
      const staged = [...journal.steps.entries()].filter(([, { do: kind }]) => {
        return kind === "put" || kind === "take";
      });
      const homes = staged.map(([, step]) => site.staging.home(step));
      const tighten = loosenFor(site, homes, isRepeated);
      for (const [index, step] of staged) {
        const { fresh, aside } = site.staging.of(step, index);
        site.drop(fresh);
        site.drop(aside);
      }
      site.sync();
      tighten();
      site.sync();
    } finally {
      site.release();
    }
    this.#journals.delete(journal.operation_id);
  }

  /** Back to before. Gives what was newer than the journal, and left alone. */
  rollBack(journal: RestoreJournal): Recovered["differences"] {
    const site = new Site(this.#fs, this.#store, journal);
    try {
      if (this.#fs.lstat(journal.root.path) === undefined && !journal.root.existed) {
        this.#journals.delete(journal.operation_id);
        return [];
      }
      const saved: Saved[] = [];
      const differences = rollBack(site, (path, content) => {
        saved.push({ path, content });
        this.keep(journal, saved);
      });
      site.release();
      if (!journal.root.existed) site.removeRoot();
      this.#journals.delete(journal.operation_id);
      return differences;
    } finally {
      site.release();
    }
  }

  /** Makes content newer than the safety snapshot's durable, pinned under the operation's id. */
  keep(journal: RestoreJournal, saved: Saved[]): void {
    if (saved.length === 0) return;
    const base = journal.safety ?? journal.target;
    const tree = graft(this.#store, this.#store.putTree([]), saved, () => 0o755);
    this.#store.commit({ pin: journal.operation_id, snapshot: { ...base, tree } });
  }

  put(journal: RestoreJournal, phase: Phase): void {
    journal.phase = phase;
    this.#journals.put(journal.operation_id, phase, encodeJournal(journal));
  }
}
