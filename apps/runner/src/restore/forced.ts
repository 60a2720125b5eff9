import { joinPath } from "../scan/paths.ts";
import { isForbidden } from "../scan/rules.ts";
import type { ObjectStore, TreeEntry } from "../store/objects.ts";
import type { Choice } from "./choice.ts";
import { contentOf, same } from "./content.ts";
import type { Disk } from "./disk.ts";
import type { Draft } from "./draft.ts";
import { isHeld } from "./draft.ts";

interface Input {
  store: ObjectStore;
  disk: Disk;
  draft: Draft;
  /** Paths that the checkpoint was taken to bring back although the rules ignored them. */
  remembered: Choice;
}

/**
 * Plans what no scan shows: paths that are ignored today, which are left as they are unless they
 * are named. Then what stands there is saved first.
 */
export class ForcedPlanner {
  readonly #store: ObjectStore;
  readonly #disk: Disk;
  readonly #draft: Draft;
  readonly #remembered: Choice;

  constructor({ store, disk, draft, remembered }: Input) {
    this.#store = store;
    this.#disk = disk;
    this.#draft = draft;
    this.#remembered = remembered;
  }

  /** Ignored today: no difference where the wanted content stands already. */
  leave(path: Buffer, after: TreeEntry): void {
    if (this.#remembered.names(path)) {
      this.force(path, after);
      return;
    }
    const seen = this.#disk.look(path);
    if (after.kind === "directory" && seen?.kind === "directory") {
      for (const entry of this.#tree(path, after)) this.leave(joinPath(path, entry.name), entry);
    } else if (seen === null && this.#remembered.relation(path) === "above") {
      this.#make(path, after, (below, entry) => this.leave(below, entry));
    } else if (!same(seen, contentOf(after))) {
      const detail = "Today's ignore rules name it. Choose it by its path to restore it.";
      this.#draft.block(path, "blocked_by_ignored", detail);
    }
  }

  /** Named by the caller: what stands there is saved and then replaced. */
  force(path: Buffer, after: TreeEntry): void {
    const draft = this.#draft;
    if (isUnfit(after.name)) {
      draft.block(path, "unsupported", "Cairn writes nothing under this name.");
      return;
    }
    const seen = this.#disk.look(path);
    const content = contentOf(after);
    if (seen === null) this.#make(path, after, (below, entry) => this.force(below, entry));
    else if (seen.kind === "other") {
      draft.block(
        path,
        "unsupported",
        "What stands there cannot be read, so it cannot be saved first.",
      );
    } else if (seen.kind === "directory" && after.kind === "directory") {
      for (const entry of this.#tree(path, after)) this.force(joinPath(path, entry.name), entry);
    } else if (seen.kind === "directory" || after.kind === "directory") {
      draft.block(
        path,
        "blocked_by_ignored",
        "It is a folder in one and a file in the other. Move it away first.",
      );
    } else if (!same(seen, content)) {
      if (!this.#canSave(path, seen.hash)) return;
      draft.named.push({ path, content: seen });
      draft.puts.push({ do: "put", path, before: seen, after: content });
      draft.forced.push(path);
    }
  }

  /** Was not there then, and is to be brought back to that: saved, then removed. */
  remove(path: Buffer): void {
    const draft = this.#draft;
    const seen = this.#disk.look(path);
    if (seen === null || seen.kind === "other") return;
    if (seen.kind === "directory") draft.late.push({ do: "rmdir", path, mode: seen.mode });
    else if (this.#canSave(path, seen.hash)) {
      draft.named.push({ path, content: seen });
      draft.late.push({ do: "take", path, before: seen });
    } else return;
    draft.forced.push(path);
  }

  #make(path: Buffer, after: TreeEntry, below: (path: Buffer, entry: TreeEntry) => void): void {
    this.#draft.forced.push(path);
    if (after.kind !== "directory") {
      this.#draft.puts.push({ do: "put", path, before: null, after: contentOf(after) });
      return;
    }
    this.#draft.mkdirs.push({ do: "mkdir", path, mode: after.mode });
    for (const entry of this.#tree(path, after)) below(joinPath(path, entry.name), entry);
  }

  /** What the store has already is not stored again: it must be whole. */
  #canSave(path: Buffer, hash: string): boolean {
    if (!this.#store.has(hash) || isHeld(this.#store, hash)) return true;
    return this.#draft.block(path, "damaged", notHeld);
  }

  #tree(path: Buffer, { hash }: TreeEntry): TreeEntry[] {
    return this.#draft.sound(path, () => this.#store.readTree(hash)) ?? [];
  }
}

export const notHeld =
  "The store's copy of what stands there is damaged, so nothing could bring it back. Repair the store first.";

/** Names that Cairn never writes, and those that no folder gave: a tree may come from elsewhere. */
export function isUnfit(bytes: Buffer): boolean {
  const name = bytes.toString("latin1");
  if (name === "" || name === "." || name === "..") return true;
  return isForbidden(name) || isForbidden(plain(bytes)) || /[/\0]/.test(name);
}

/** The name as a disk of macOS may read it: some characters count for nothing there. */
function plain(name: Buffer): string {
  return name.toString().replaceAll(/[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g, "");
}
