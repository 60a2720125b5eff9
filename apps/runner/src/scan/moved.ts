import type { Folder } from "./remembered.ts";
import type { Stat } from "./scan-fs.ts";

/** Finds folders of the last scan that stand elsewhere now, by their inodes. */
export class Moved {
  readonly #root: Folder | undefined;
  #byInode: Map<string, Folder> | undefined;

  constructor(root: Folder | undefined) {
    this.#root = root;
  }

  /** What is known of the folder's own files, wherever it was. What is ignored is judged anew. */
  find(stat: Stat): Pick<Folder, "files" | "folders"> | undefined {
    if (this.#root === undefined) return undefined;
    this.#byInode ??= byInode(this.#root, new Map());
    const found = this.#byInode.get(inodeOf(stat));
    return found && { files: found.files, folders: [] };
  }
}

function inodeOf({ dev, ino }: Stat): string {
  return `${dev} ${ino}`;
}

function byInode(folder: Folder, into: Map<string, Folder>): Map<string, Folder> {
  into.set(inodeOf(folder.stat), folder);
  for (const inner of folder.folders) byInode(inner, into);
  return into;
}
