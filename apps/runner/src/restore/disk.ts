import type { Fs, Stat } from "../fs.ts";
import { codeOf } from "../fs.ts";
import type { ObjectStore } from "../store/objects.ts";
import type { Seen } from "./content.ts";
import { look } from "./content.ts";
import { Folders, isWayLost } from "./folders.ts";

/** What stands in a workspace at paths that no scan tells of. One that is missing holds nothing. */
export class Disk {
  readonly #fs: Fs;
  readonly #store: ObjectStore;
  readonly #folders: Folders | null;

  constructor(fs: Fs, store: ObjectStore, workspace: Buffer | null) {
    this.#fs = fs;
    this.#store = store;
    this.#folders = workspace === null ? null : new Folders(fs, workspace);
  }

  release(): void {
    this.#folders?.release();
  }

  kindOf(path: Buffer): Stat["kind"] | undefined {
    if (this.#folders === null) return undefined;
    try {
      return this.#fs.lstat(this.#folders.place(path))?.kind;
    } catch (error) {
      if (isWayLost(error)) return undefined;
      throw error;
    }
  }

  look(path: Buffer): Seen {
    if (this.#folders === null) return null;
    try {
      return look(this.#fs, this.#store, this.#folders, path);
    } catch (error) {
      if (codeOf(error) === "EACCES" || codeOf(error) === "EPERM") return { kind: "other" };
      throw error;
    }
  }

  /** How many names a folder holds. */
  count(folder: Buffer): number {
    return this.#folders === null ? 0 : this.#fs.readdir(this.#folders.contents(folder)).length;
  }
}
