import type { Difference } from "@cairn/shared/files";
import type { Fs } from "../fs.ts";
import { joinPath, wirePath } from "../scan/paths.ts";
import type { ObjectStore, TreeEntry } from "../store/objects.ts";
import type { Choice } from "./choice.ts";
import type { Content } from "./content.ts";
import { contentOf, same } from "./content.ts";
import { Disk } from "./disk.ts";
import type { Step } from "./journal.ts";
import type { ReadTree } from "./merge.ts";
import { equal, pairs } from "./merge.ts";

/** What the folder holds now, as a scan found it. */
export interface Present {
  root: string;
  readTree: ReadTree;
  isIgnored(path: Buffer, isFolder: boolean): boolean;
  isSkipped(path: Buffer): boolean;
}

/** What shall stand in the folder, and what its checkpoint had no knowledge of. */
export interface Wanted {
  root: string;
  isIgnored(path: Buffer, isFolder: boolean): boolean;
  isSkipped(path: Buffer): boolean;
}

/** A present path that no scan captures and that the caller named: saved before it is replaced. */
export interface Named {
  path: Buffer;
  content: Content;
}

export interface Planned {
  steps: Step[];
  blocked: Difference[];
  named: Named[];
}

interface Input {
  fs: Fs;
  store: ObjectStore;
  /** Null when the folder does not exist yet. */
  workspace: Buffer | null;
  present: Present;
  wanted: Wanted;
  choice: Choice;
}

/** The steps that turn what is present into what is wanted, descending only where they differ. */
export function planSteps(input: Input): Planned {
  const planner = new Planner(input);
  try {
    return planner.run();
  } finally {
    planner.release();
  }
}

class Planner {
  readonly #input: Input;
  readonly #disk: Disk;
  /** Removals that a change between file and folder needs first. */
  readonly #early: Step[] = [];
  readonly #mkdirs: Step[] = [];
  readonly #puts: Step[] = [];
  readonly #late: Step[] = [];
  readonly #chmods: Step[] = [];
  readonly #blocked: Difference[] = [];
  readonly #named: Named[] = [];

  constructor(input: Input) {
    this.#input = input;
    this.#disk = new Disk(input.fs, input.store, input.workspace);
  }

  run(): Planned {
    const { present, wanted } = this.#input;
    if (present.root !== wanted.root) {
      this.#within(Buffer.alloc(0), this.#presentTree(present.root), this.#tree(wanted.root));
    }
    return {
      steps: [
        ...this.#early,
        ...this.#mkdirs,
        ...this.#puts,
        ...this.#late,
        // The deepest first: a folder that loses its permissions still hides nothing from us.
        ...this.#chmods.toReversed(),
      ],
      blocked: this.#blocked,
      named: this.#named,
    };
  }

  release(): void {
    this.#disk.release();
  }

  #within(folder: Buffer, before: TreeEntry[], after: TreeEntry[]): void {
    for (const pair of pairs(before, after)) {
      this.#one(joinPath(folder, pair.name), pair.before, pair.after);
    }
  }

  #one(path: Buffer, before: TreeEntry | null, after: TreeEntry | null): void {
    if (equal(before, after)) return;
    const relation = this.#input.choice.relation(path);
    if (relation === "outside") return;
    if (relation === "above") this.#above(path, before, after);
    else if (after === null) {
      if (before !== null) this.#remove(path, before, this.#late);
    } else if (before === null) this.#add(path, after);
    else if (before.kind === "directory" && after.kind === "directory") {
      this.#folder(path, before, after);
    } else this.#replace(path, before, after);
  }

  /** A folder on the way to a named path: made where it is missing, else left as it is. */
  #above(path: Buffer, before: TreeEntry | null, after: TreeEntry | null): void {
    const isFolder = (entry: TreeEntry | null): boolean => entry?.kind === "directory";
    if (before !== null && after !== null && isFolder(before) !== isFolder(after)) {
      this.#block(
        path,
        "failed",
        "It is a folder in one and a file in the other. Choose this path itself to replace it.",
      );
      return;
    }
    const inner: [TreeEntry[], TreeEntry[]] = [
      before !== null && isFolder(before) ? this.#presentTree(before.hash) : [],
      after !== null && isFolder(after) ? this.#tree(after.hash) : [],
    ];
    if (before !== null || after === null) {
      this.#within(path, ...inner);
      return;
    }
    const made = this.#mkdirs.length;
    const puts = this.#puts.length;
    this.#within(path, ...inner);
    const needed = this.#mkdirs.length > made || this.#puts.length > puts;
    if (needed && this.#disk.kindOf(path) !== "directory") {
      this.#mkdirs.splice(made, 0, { do: "mkdir", path, mode: after.mode });
    }
  }

  /** Gives whether nothing of it shall remain. */
  #remove(path: Buffer, before: TreeEntry, into: Step[]): boolean {
    const { present, wanted } = this.#input;
    if (present.isSkipped(path)) return this.#block(path, "skipped", partialNow);
    if (wanted.isSkipped(path)) return this.#block(path, "skipped", partialThen);
    if (wanted.isIgnored(path, before.kind === "directory")) return false;
    if (before.kind !== "directory") {
      into.push({ do: "take", path, before: contentOf(before) });
      return true;
    }
    let whole = true;
    for (const entry of this.#presentTree(before.hash)) {
      whole = this.#remove(joinPath(path, entry.name), entry, into) && whole;
    }
    if (whole) into.push({ do: "rmdir", path, mode: before.mode });
    return whole;
  }

  #add(path: Buffer, after: TreeEntry): void {
    const { present, wanted, choice } = this.#input;
    const isFolder = after.kind === "directory";
    if (after.name.equals(Buffer.from(".git")))
      this.#block(path, "unsupported", "Cairn never touches .git.");
    else if (present.isIgnored(path, isFolder)) {
      if (choice.names(path)) this.#force(path, after);
      else this.#addIgnored(path, after);
    } else if (present.isSkipped(path)) this.#block(path, "skipped", partialNow);
    else if (wanted.isSkipped(path) && !choice.names(path)) {
      this.#block(path, "skipped", partialThen);
    } else if (this.#disk.kindOf(path) === "other") {
      this.#block(path, "unsupported", "A device, socket or pipe stands there.");
    } else this.#make(path, after, (below, entry) => this.#add(below, entry));
  }

  #make(path: Buffer, after: TreeEntry, below: (path: Buffer, entry: TreeEntry) => void): void {
    if (after.kind !== "directory") {
      this.#puts.push({ do: "put", path, before: null, after: contentOf(after) });
      return;
    }
    this.#mkdirs.push({ do: "mkdir", path, mode: after.mode });
    for (const entry of this.#tree(after.hash)) below(joinPath(path, entry.name), entry);
  }

  /** Ignored today, so never touched; no difference where the wanted content stands already. */
  #addIgnored(path: Buffer, after: TreeEntry): void {
    const seen = this.#disk.look(path);
    if (after.kind === "directory" && seen?.kind === "directory") {
      for (const entry of this.#tree(after.hash)) {
        this.#addIgnored(joinPath(path, entry.name), entry);
      }
    } else if (!same(seen, contentOf(after))) {
      this.#block(path, "blocked_by_ignored", ignoredNow);
    }
  }

  /** Ignored today and named by the caller: what stands there is saved and then replaced. */
  #force(path: Buffer, after: TreeEntry): void {
    const seen = this.#disk.look(path);
    const content = contentOf(after);
    if (seen === null) this.#make(path, after, (below, entry) => this.#force(below, entry));
    else if (seen.kind === "other") {
      this.#block(
        path,
        "unsupported",
        "What stands there cannot be read, so it cannot be saved first.",
      );
    } else if (seen.kind === "directory" && after.kind === "directory") {
      for (const entry of this.#tree(after.hash)) this.#force(joinPath(path, entry.name), entry);
    } else if (seen.kind === "directory" || after.kind === "directory") {
      this.#block(
        path,
        "blocked_by_ignored",
        "It is a folder in one and a file in the other. Move it away first.",
      );
    } else if (!same(seen, content)) {
      this.#named.push({ path, content: seen });
      this.#puts.push({ do: "put", path, before: seen, after: content });
    }
  }

  #folder(path: Buffer, before: TreeEntry, after: TreeEntry): void {
    if (before.mode !== after.mode && !this.#input.present.isSkipped(path)) {
      this.#chmods.push({ do: "chmod", path, before: before.mode, after: after.mode });
    }
    if (before.hash !== after.hash) {
      this.#within(path, this.#presentTree(before.hash), this.#tree(after.hash));
    }
  }

  #replace(path: Buffer, before: TreeEntry, after: TreeEntry): void {
    const { present, wanted, choice } = this.#input;
    if (present.isSkipped(path)) {
      if (choice.names(path)) this.#force(path, after);
      else this.#block(path, "skipped", partialNow);
    } else if (wanted.isSkipped(path) && !choice.names(path)) {
      this.#block(path, "skipped", partialThen);
    } else if (!this.#mayTurn(path, before, after)) {
      this.#block(path, "blocked_by_ignored", ignoredNow);
    } else if (before.kind === "directory") {
      if (!this.#holdsOnly(path, before)) {
        this.#block(
          path,
          "blocked_by_ignored",
          "It is a folder now that holds ignored files. Move them away first.",
        );
        return;
      }
      this.#remove(path, before, this.#early);
      this.#puts.push({ do: "put", path, before: null, after: contentOf(after) });
    } else if (after.kind === "directory") {
      this.#early.push({ do: "take", path, before: contentOf(before) });
      this.#make(path, after, (below, entry) => this.#add(below, entry));
    } else {
      this.#puts.push({ do: "put", path, before: contentOf(before), after: contentOf(after) });
    }
  }

  /**
   * A rule may name folders only, or files only. What is wanted must be captured today and what
   * stands there must have been captured then, else an undo could not turn it back.
   */
  #mayTurn(path: Buffer, before: TreeEntry, after: TreeEntry): boolean {
    const [was, becomes] = [before.kind === "directory", after.kind === "directory"];
    if (was === becomes) return true;
    const { present, wanted } = this.#input;
    return !present.isIgnored(path, becomes) && !wanted.isIgnored(path, was);
  }

  /** Whether everything in a folder is captured today and was captured then: it may all go. */
  #holdsOnly(path: Buffer, before: TreeEntry): boolean {
    const { wanted, present } = this.#input;
    const entries = this.#presentTree(before.hash);
    if (this.#disk.count(path) !== entries.length) return false;
    return entries.every((entry) => {
      const below = joinPath(path, entry.name);
      const isFolder = entry.kind === "directory";
      if (wanted.isIgnored(below, isFolder)) return false;
      if (wanted.isSkipped(below) || present.isSkipped(below)) return false;
      return !isFolder || this.#holdsOnly(below, entry);
    });
  }

  #block(path: Buffer, reason: Difference["reason"], detail: string): false {
    this.#blocked.push({ ...wirePath(path), reason, detail });
    return false;
  }

  #tree(hash: string): TreeEntry[] {
    return this.#input.store.readTree(hash);
  }

  #presentTree(hash: string): TreeEntry[] {
    return this.#input.present.readTree(hash);
  }
}

const ignoredNow = "Today's ignore rules name it. Choose it by its path to restore it.";
const partialNow = "It could not be read whole, so no checkpoint holds what stands there now.";
const partialThen = "It could not be read whole when the checkpoint was taken.";
