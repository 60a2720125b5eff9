import type { Folder } from "./remembered.ts";
import type { FileTable, TableFile } from "./file-table.ts";
import { FileTableBuilder, noFiles } from "./file-table.ts";
import type { Stat } from "./scan-fs.ts";

/**
 * Gathers what a folder holds, beside what it held when it was last read. Names come in their
 * order; files may be left out where the folder is known to hold the same ones.
 */
export class Gathering {
  readonly #beforeFiles: FileTable;
  readonly #beforeFolders: Folder[];
  readonly #builder = new FileTableBuilder();
  readonly #folders: Folder[] = [];
  #fileAt = 0;
  #folderAt = 0;
  #isChanged = false;
  #added = 0;

  constructor(before: Pick<Folder, "files" | "folders"> | undefined) {
    this.#beforeFiles = before?.files ?? noFiles;
    this.#beforeFolders = before?.folders ?? [];
  }

  folderBefore(name: string): Folder | undefined {
    const folders = this.#beforeFolders;
    while ((folders[this.#folderAt]?.name ?? name) < name) this.#folderAt += 1;
    const found = folders[this.#folderAt];
    return found?.name === name ? found : undefined;
  }

  addFolder(folder: Folder): void {
    this.#folders.push(folder);
  }

  /** Takes over a file that stands as it was. Gives its size; undefined when it must be read. */
  keepFile(name: string, stat: Stat): number | undefined {
    const files = this.#beforeFiles;
    const at = files.find(name, this.#fileAt);
    this.#fileAt = at;
    if (files.names[at] !== name || !files.stands(at, stat)) return undefined;
    this.#builder.addFrom(files, at);
    this.#added += 1;
    return files.sizeAt(at);
  }

  addFile(name: string, file: TableFile): void {
    this.#builder.add(name, file);
    this.#isChanged = true;
  }

  /** The same table as before where nothing in it changed. */
  files(): FileTable {
    const before = this.#beforeFiles;
    const isSame = !this.#isChanged && this.#added === before.length;
    return isSame ? before : this.#builder.build();
  }

  folders(): Folder[] {
    return this.#folders;
  }

  /** What is known after it was broken off: what came until then, and else what was before. */
  salvage(
    { name, standing, stat }: Pick<Folder, "name" | "standing" | "stat">,
    inner: Folder | undefined,
  ): Folder {
    return {
      name,
      standing,
      stat,
      trusted: false,
      key: "",
      patterns: undefined,
      sources: [],
      listing: "",
      repository: false,
      ...this.#sofar(inner),
      listed: true,
      hash: "",
    };
  }

  #sofar(inner: Folder | undefined): Pick<Folder, "files" | "folders"> {
    const done = [...this.#folders, ...(inner === undefined ? [] : [inner])];
    const names = new Set(done.map(({ name }) => name));
    const rest = this.#beforeFolders.filter(({ name }) => !names.has(name));
    const folders = [...done, ...rest].toSorted((a, b) => (a.name < b.name ? -1 : 1));
    if (!this.#isChanged) return { files: this.#beforeFiles, folders };
    const before = this.#beforeFiles;
    const last = this.#builder.last ?? "";
    for (let i = 0; i < before.length; i += 1) {
      if ((before.names[i] ?? "") > last) this.#builder.addFrom(before, i);
    }
    return { files: this.#builder.build(), folders };
  }
}
