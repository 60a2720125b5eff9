import type { ObjectStore } from "../store/objects.ts";
import type { Reader } from "./reader.ts";
import type { FileTable, Folder } from "./remembered.ts";
import { entriesOf, FileTableBuilder, pathOf, placeOf } from "./remembered.ts";
import type { ScanFs } from "./scan-fs.ts";
import type { Skipped } from "./skipped.ts";
import { attempt } from "./unreadable.ts";

export interface StoringOptions {
  store: ObjectStore;
  fs: ScanFs;
  reader: Reader;
  skipped: Skipped;
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
  keep(place: string | Buffer, path: string, folder: Folder, before: Folder | undefined): Folder {
    const { store, check } = this.#options;
    if (store.has(folder.hash)) return folder;
    check?.();
    const files = this.#files(place, path, folder.files, this.#stored(before));
    const outer = new Map(before?.folders.map((inner) => [inner.name, inner]));
    const folders = folder.folders.map((inner) => {
      const { name } = inner;
      return this.keep(placeOf(place, name), pathOf(path, name), inner, outer.get(name));
    });
    const isSame =
      files === folder.files && folders.every((inner, i) => inner === folder.folders[i]);
    const kept = isSame ? folder : { ...folder, files, folders, trusted: false };
    const hash = store.putTree(entriesOf(kept));
    return hash === kept.hash ? kept : { ...kept, hash };
  }

  /** What a folder held before, if that is stored as a whole. */
  #stored(before: Folder | undefined): Set<string> {
    const known = new Set<string>();
    if (before === undefined || before.hash === "" || !this.#options.store.has(before.hash)) {
      return known;
    }
    for (let i = 0; i < before.files.length; i += 1) known.add(before.files.hashAt(i));
    return known;
  }

  #files(place: string | Buffer, path: string, files: FileTable, stored: Set<string>): FileTable {
    const { store, fs, reader, skipped, check } = this.#options;
    const missing = new Set<number>();
    for (let i = 0; i < files.length; i += 1) {
      const hash = files.hashAt(i);
      if (!stored.has(hash) && !store.has(hash)) missing.add(i);
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
      const read = attempt(skipped, below, () => reader.read(at, below, fs.lstat(at)));
      if (read !== undefined) builder.add(name, read.stat, read.size, read.hash, read.trusted);
    }
    return builder.build();
  }
}
