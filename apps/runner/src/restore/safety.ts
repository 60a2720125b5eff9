import type { Fs } from "../fs.ts";
import { joinPath, splitPath } from "../scan/paths.ts";
import type { ObjectStore, TreeEntry } from "../store/objects.ts";
import type { Content } from "./content.ts";
import { save } from "./content.ts";
import { Folders } from "./folders.ts";
import type { Named } from "./draft.ts";

/** Stores the named paths' present content. Gives what was stored, which may be newer. */
export function saveNamed(fs: Fs, store: ObjectStore, workspace: Buffer, named: Named[]): Named[] {
  const folders = new Folders(fs, workspace);
  try {
    return named.flatMap(({ path }) => {
      const content = save(fs, store, folders.place(path));
      return content === null ? [] : [{ path, content }];
    });
  } finally {
    folders.release();
  }
}

/** Stores a tree like the given one, with these files and links in it too. Gives its hash. */
export function graft(
  store: ObjectStore,
  root: string,
  added: { path: Buffer; content: Content }[],
  folderMode: (path: Buffer) => number,
): string {
  if (added.length === 0) return root;
  const inside = (
    hash: string | undefined,
    folder: Buffer,
    depth: number,
    items: typeof added,
  ): string => {
    const entries = new Map<string, TreeEntry>();
    for (const entry of hash === undefined ? [] : store.readTree(hash)) {
      entries.set(entry.name.toString("latin1"), entry);
    }
    const deeper = new Map<string, typeof added>();
    for (const item of items) {
      const names = splitPath(item.path);
      const name = names[depth];
      if (name === undefined) continue;
      const key = name.toString("latin1");
      if (depth === names.length - 1) entries.set(key, { name, ...item.content });
      else deeper.set(key, [...(deeper.get(key) ?? []), item]);
    }
    for (const [key, below] of deeper) {
      const name = Buffer.from(key, "latin1");
      const present = entries.get(key);
      const known = present?.kind === "directory" ? present : undefined;
      const path = joinPath(folder, name);
      entries.set(key, {
        name,
        kind: "directory",
        mode: known?.mode ?? folderMode(path),
        size: 0,
        hash: inside(known?.hash, path, depth + 1, below),
      });
    }
    return store.putTree([...entries.values()].toSorted((a, b) => a.name.compare(b.name)));
  };
  return inside(root, Buffer.alloc(0), 0, added);
}
