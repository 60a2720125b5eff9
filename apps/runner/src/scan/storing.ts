import type { ObjectStore } from "../store/objects.ts";
import type { Reader } from "./reader.ts";
import type { FileTable } from "./file-table.ts";
import type { Folder } from "./remembered.ts";
import { FileTableBuilder, noFiles } from "./file-table.ts";
import { pathOf, placeOf } from "./places.ts";
import { encodeFolder } from "./remembered.ts";
import type { ScanFs } from "./scan-fs.ts";
import type { Attempts } from "./unreadable.ts";

export interface StoringOptions {
  store: ObjectStore;
  fs: ScanFs;
  reader: Reader;
  attempts: Attempts;
  check?: () => void;
}

/**
 * Stores the trees of a scan, and the contents that were known without being read: they may only
 * have been hashed, or been collected since. A stored tree means that all below it is stored.
 */
export class Storing {
  readonly #options: StoringOptions;

  constructor(options: StoringOptions) {
    this.#options = options;
  }

  /** Gives the folder as it is stored: what had to be read again may have changed. */
  keep(workspace: string, root: Folder, before: Folder | undefined): Folder {
    const isStored =
      before !== undefined && before.hash !== "" && this.#options.store.has(before.hash);
    return this.#keep(workspace, "", root, isStored ? before : undefined);
  }

  /** `before` is what stood there and is stored with all that is below it. */
  #keep(place: string | Buffer, path: string, folder: Folder, before: Folder | undefined): Folder {
    const { store, check } = this.#options;
    if (before?.hash === folder.hash || store.has(folder.hash)) return folder;
    check?.();
    const files = this.#files(place, path, folder.files, before?.files ?? noFiles);
    const inside = new Map(before?.folders.map((inner) => [inner.name, inner]));
    const folders = folder.folders.map((inner) => {
      const { name } = inner;
      return this.#keep(placeOf(place, name), pathOf(path, name), inner, inside.get(name));
    });
    const isSame =
      files === folder.files && folders.every((inner, i) => inner === folder.folders[i]);
    const kept = isSame ? folder : { ...folder, files, folders, trusted: false };
    const hash = store.putEncodedTree(encodeFolder(kept));
    return hash === kept.hash ? kept : { ...kept, hash };
  }

  #files(place: string | Buffer, path: string, files: FileTable, stored: FileTable): FileTable {
    const { store, fs, reader, attempts, check } = this.#options;
    if (files === stored) return files;
    const missing = new Set<number>();
    let at = 0;
    for (let i = 0; i < files.length; i += 1) {
      at = stored.find(files.names[i] ?? "", at);
      if (stored.names[at] === files.names[i] && files.isCopy(i, stored, at)) continue;
      if (!store.has(files.hashAt(i))) missing.add(i);
    }
    if (missing.size === 0) return files;
    const builder = new FileTableBuilder();
    for (let i = 0; i < files.length; i += 1) {
      check?.();
      if (!missing.has(i)) {
        builder.addFrom(files, i);
        continue;
      }
      const name = files.names[i] ?? "";
      const at = placeOf(place, name);
      const below = pathOf(path, name);
      const read = attempts.try(below, () => reader.read(at, below, fs.lstat(at)));
      if (read !== undefined) builder.add(name, read);
    }
    return builder.build();
  }
}
