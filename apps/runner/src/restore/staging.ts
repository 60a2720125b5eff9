import { joinPath } from "../scan/paths.ts";
import { parentOf } from "./folders.ts";
import type { RestoreJournal, Step } from "./journal.ts";

/** Where the new and the old content of a step are kept beside its place, both relative. */
export interface Staged {
  fresh: Buffer;
  aside: Buffer;
}

/**
 * Names of the files that a restore keeps in the workspace until it is settled. They follow from
 * the journal alone, so that whoever resolves it after a crash finds them.
 */
export class Staging {
  readonly #prefix: string;
  readonly #removed: Set<string>;

  constructor(journal: RestoreJournal) {
    this.#prefix = `.cairn-${journal.operation_id.replaceAll("-", "").slice(0, 8)}-`;
    this.#removed = new Set(
      journal.steps.filter((step) => step.do === "rmdir").map((step) => key(step.path)),
    );
  }

  of(step: Step, index: number): Staged {
    const home = this.home(step);
    const name = (n: number): Buffer => joinPath(home, Buffer.from(`${this.#prefix}${n}`));
    return { fresh: name(2 * index), aside: name(2 * index + 1) };
  }

  /** Twice the index of the step that a name is of, plus one for an aside; null if it is of none. */
  numberOf(name: Buffer): number | null {
    const text = name.toString("latin1");
    if (!text.startsWith(this.#prefix)) return null;
    const number = text.slice(this.#prefix.length);
    return /^\d{1,9}$/.test(number) ? Number(number) : null;
  }

  /** Whether a folder at the path is to be removed. */
  removesFolder(path: Buffer): boolean {
    return this.#removed.has(key(path));
  }

  /** The folder of the staged files: the step's own, or the nearest above that stays. */
  home(step: Step): Buffer {
    let home = parentOf(step.path);
    if (step.do !== "take") return home;
    while (home.length > 0 && this.#removed.has(key(home))) home = parentOf(home);
    return home;
  }
}

const key = (path: Buffer): string => path.toString("latin1");
