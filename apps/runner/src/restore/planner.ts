import type { Fs } from "../fs.ts";
import { joinPath } from "../scan/paths.ts";
import type { ObjectStore, TreeEntry } from "../store/objects.ts";
import type { Choice } from "./choice.ts";
import { contentOf } from "./content.ts";
import { Disk } from "./disk.ts";
import type { Planned } from "./draft.ts";
import { Draft, isHeld } from "./draft.ts";
import { ForcedPlanner, isUnfit, notHeld } from "./forced.ts";
import type { Step } from "./journal.ts";
import type { ReadTree } from "./merge.ts";
import { clashes, equal, pairs } from "./merge.ts";

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
  /** False when the store's copy of its rules or skipped paths is damaged: nothing is removed. */
  knowsWhatItLacks: boolean;
  /** Paths that it was taken to bring back although the rules ignored them. */
  remembered: Choice;
}

interface PlannerInput {
  fs: Fs;
  store: ObjectStore;
  /** Null when the folder does not exist yet. */
  workspace: Buffer | null;
  present: Present;
  wanted: Wanted;
  choice: Choice;
  /** Remembered paths that neither tree holds. */
  unlisted: Buffer[];
  /** Whether the scan stored what it read, so that all that is present must be in the store. */
  isStored: boolean;
  check?: (() => void) | undefined;
}

/** The steps that turn what is present into what is wanted, descending only where they differ. */
export function planSteps(input: PlannerInput): Planned {
  const disk = new Disk(input.fs, input.store, input.workspace);
  try {
    return new Planner(input, disk).run();
  } finally {
    disk.release();
  }
}

class Planner {
  readonly #input: PlannerInput;
  readonly #disk: Disk;
  readonly #draft = new Draft();
  readonly #forced: ForcedPlanner;

  constructor(input: PlannerInput, disk: Disk) {
    this.#input = input;
    this.#disk = disk;
    const { store, wanted } = input;
    const { remembered } = wanted;
    this.#forced = new ForcedPlanner({ store, disk, draft: this.#draft, remembered });
  }

  run(): Planned {
    const { present, wanted, store, choice, unlisted } = this.#input;
    if (present.root !== wanted.root) {
      this.#within(Buffer.alloc(0), present.readTree(present.root), store.readTree(wanted.root));
    }
    // The deepest first, so that folders are empty by then.
    for (const path of unlisted.toSorted((a, b) => b.compare(a))) {
      const relation = choice.relation(path);
      if (relation === "inside" || this.#disk.kindOf(path) === "directory") {
        if (relation !== "outside") this.#forced.remove(path);
      }
    }
    return this.#draft.planned();
  }

  #within(folder: Buffer, before: TreeEntry[], after: TreeEntry[]): void {
    const clashing = clashes(before, after);
    for (const pair of pairs(before, after)) {
      const { early, late } = this.#draft;
      const removals = clashing.has(pair.name.toString("latin1")) ? early : late;
      this.#one(joinPath(folder, pair.name), pair.before, pair.after, removals);
    }
  }

  #one(path: Buffer, before: TreeEntry | null, after: TreeEntry | null, removals: Step[]): void {
    if (equal(before, after)) return;
    this.#input.check?.();
    const relation = this.#input.choice.relation(path);
    if (relation === "outside") return;
    if (relation === "above") this.#above(path, before, after);
    else if (after === null) {
      if (before !== null) this.#remove(path, before, removals);
    } else if (before === null) this.#add(path, after);
    else if (before.kind === "directory" && after.kind === "directory") {
      this.#folder(path, before, after);
    } else this.#replace(path, before, after);
  }

  /** A folder on the way to a named path: made where it is missing, else left as it is. */
  #above(path: Buffer, before: TreeEntry | null, after: TreeEntry | null): void {
    const isFolder = (entry: TreeEntry | null): boolean => entry?.kind === "directory";
    if (before !== null && after !== null && isFolder(before) !== isFolder(after)) {
      this.#draft.block(
        path,
        "failed",
        "It is a folder in one and a file in the other. Choose this path itself to replace it.",
      );
      return;
    }
    const inside = (entry: TreeEntry | null, read: ReadTree) =>
      entry !== null && isFolder(entry) ? this.#draft.sound(path, () => read(entry.hash)) : [];
    const present = inside(before, this.#input.present.readTree);
    const wanted = inside(after, (hash) => this.#input.store.readTree(hash));
    if (present === null || wanted === null) return;
    const { mkdirs, puts } = this.#draft;
    const [made, put] = [mkdirs.length, puts.length];
    this.#within(path, present, wanted);
    if (before !== null || after === null) return;
    const isNeeded = mkdirs.length > made || puts.length > put;
    if (isNeeded && this.#disk.kindOf(path) !== "directory") {
      mkdirs.splice(made, 0, { do: "mkdir", path, mode: after.mode });
      if (this.#input.present.isIgnored(path, true)) this.#draft.forced.push(path);
    }
  }

  /** Gives whether nothing of it shall remain. */
  #remove(path: Buffer, before: TreeEntry, into: Step[]): boolean {
    const { present, wanted } = this.#input;
    const isFolder = before.kind === "directory";
    if (present.isSkipped(path)) return this.#draft.block(path, "skipped", partialNow);
    if (wanted.isSkipped(path)) return this.#draft.block(path, "skipped", partialThen);
    if (!wanted.knowsWhatItLacks) return this.#draft.block(path, "damaged", unknownThen);
    if (wanted.isIgnored(path, isFolder) && !wanted.remembered.names(path)) return false;
    if (!isFolder) {
      if (!this.#isHeld(path, before)) return false;
      into.push({ do: "take", path, before: contentOf(before) });
      return true;
    }
    const entries = this.#presentTree(path, before);
    let whole = entries !== null;
    for (const entry of entries ?? []) {
      whole = this.#remove(joinPath(path, entry.name), entry, into) && whole;
    }
    if (whole) into.push({ do: "rmdir", path, mode: before.mode });
    return whole;
  }

  #add(path: Buffer, after: TreeEntry): void {
    const { present, wanted, choice, store } = this.#input;
    const draft = this.#draft;
    const isFolder = after.kind === "directory";
    if (isUnfit(after.name)) {
      draft.block(path, "unsupported", "Cairn writes nothing under this name.");
    } else if (present.isIgnored(path, isFolder)) {
      if (choice.names(path)) this.#forced.force(path, after);
      else this.#forced.leave(path, after);
    } else if (present.isSkipped(path)) draft.block(path, "skipped", partialNow);
    else if (wanted.isSkipped(path) && !choice.names(path)) {
      draft.block(path, "skipped", partialThen);
    } else if (this.#disk.kindOf(path) === "other") {
      draft.block(path, "unsupported", "A device, socket or pipe stands there.");
    } else if (!isFolder) {
      this.#put(path, null, after);
    } else {
      const entries = draft.sound(path, () => store.readTree(after.hash));
      if (entries === null) return;
      draft.mkdirs.push({ do: "mkdir", path, mode: after.mode });
      for (const entry of entries) this.#add(joinPath(path, entry.name), entry);
    }
  }

  #put(path: Buffer, before: TreeEntry | null, after: TreeEntry): void {
    if (!this.#input.store.has(after.hash)) {
      this.#draft.block(path, "damaged", damagedThen);
      return;
    }
    const kept = before && contentOf(before);
    this.#draft.puts.push({ do: "put", path, before: kept, after: contentOf(after) });
  }

  #folder(path: Buffer, before: TreeEntry, after: TreeEntry): void {
    if (before.mode !== after.mode && !this.#input.present.isSkipped(path)) {
      this.#draft.chmods.push({ do: "chmod", path, before: before.mode, after: after.mode });
    }
    if (before.hash === after.hash) return;
    const present = this.#presentTree(path, before);
    const wanted = this.#draft.sound(path, () => this.#input.store.readTree(after.hash));
    if (present !== null && wanted !== null) this.#within(path, present, wanted);
  }

  #replace(path: Buffer, before: TreeEntry, after: TreeEntry): void {
    const { present, wanted, choice } = this.#input;
    const draft = this.#draft;
    const turns = (before.kind === "directory") !== (after.kind === "directory");
    if (present.isSkipped(path)) {
      if (choice.names(path)) this.#forced.force(path, after);
      else draft.block(path, "skipped", partialNow);
    } else if (wanted.isSkipped(path) && !choice.names(path)) {
      draft.block(path, "skipped", partialThen);
    } else if (turns && !wanted.knowsWhatItLacks) draft.block(path, "damaged", unknownThen);
    else if (!this.#mayTurn(path, before, after)) {
      draft.block(path, "blocked_by_ignored", ignoredNow);
    } else if (before.kind === "directory") {
      const [first, known] = [draft.early.length, draft.blocked.length];
      if (this.#holdsOnly(path, before) && this.#remove(path, before, draft.early)) {
        this.#put(path, null, after);
        return;
      }
      draft.early.splice(first);
      if (draft.blocked.length > known) return;
      const detail = "It is a folder now that holds ignored files. Move them away first.";
      draft.block(path, "blocked_by_ignored", detail);
    } else if (!this.#isHeld(path, before)) return;
    else if (after.kind === "directory") {
      const made = draft.mkdirs.length;
      this.#add(path, after);
      if (draft.mkdirs.length === made) return;
      draft.early.push({ do: "take", path, before: contentOf(before) });
    } else this.#put(path, before, after);
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

  /** Whether all in a folder is captured today and was captured then, so that it may go. */
  #holdsOnly(path: Buffer, before: TreeEntry): boolean {
    const { wanted, present } = this.#input;
    const entries = this.#presentTree(path, before);
    if (entries === null || this.#disk.count(path) !== entries.length) return false;
    return entries.every((entry) => {
      const below = joinPath(path, entry.name);
      const isFolder = entry.kind === "directory";
      if (wanted.isIgnored(below, isFolder)) return false;
      if (wanted.isSkipped(below) || present.isSkipped(below)) return false;
      return !isFolder || this.#holdsOnly(below, entry);
    });
  }

  /** What is to go must come back out of the store, else nothing could bring it back. */
  #isHeld(path: Buffer, { hash }: TreeEntry): boolean {
    const { store, isStored, check } = this.#input;
    if (!isStored && !store.has(hash)) return true;
    return isHeld(store, hash, check) || this.#draft.block(path, "damaged", notHeld);
  }

  #presentTree(path: Buffer, { hash }: TreeEntry): TreeEntry[] | null {
    return this.#draft.sound(path, () => this.#input.present.readTree(hash));
  }
}

const ignoredNow = "Today's ignore rules name it. Choose it by its path to restore it.";
const partialNow = "It could not be read whole, so no checkpoint holds what stands there now.";
const partialThen = "It could not be read whole when the checkpoint was taken.";
const damagedThen = "The store's copy of it is damaged, so what stands there is left.";
const unknownThen =
  "The store lost what the checkpoint left out, so what it lacks may have been there: it is left.";
