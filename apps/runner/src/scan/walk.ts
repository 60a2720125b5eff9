import { ProtocolError } from "@cairn/shared/errors";
import type { WorkHooks } from "../cancelling.ts";
import type { Rules } from "../runner.ts";
import type { ObjectStore } from "../store/objects.ts";
import { Bounds } from "./bounds.ts";
import { Moved } from "./moved.ts";
import type { Name } from "./entry-names.ts";
import { listingOf, namesIn } from "./entry-names.ts";
import { readFolderPatterns } from "./folder-patterns.ts";
import { Gathering } from "./gathering.ts";
import { Reader } from "./reader.ts";
import type { FileTable, TableFile } from "./file-table.ts";
import type { OwnFolders } from "./own-folders.ts";
import { pathOf, placeOf } from "./places.ts";
import type { Folder, Looked } from "./remembered.ts";
import { changedFiles, encodeFolder, isEmpty, isUnchanged } from "./remembered.ts";
import type { FolderPatterns, Layer, Standing } from "./rules.ts";
import { isForbidden, RuleSet } from "./rules.ts";
import type { ScanFs, Stat } from "./scan-fs.ts";
import { isFolder, isLink, isSame, stoodStill } from "./scan-fs.ts";
import { Skipped } from "./skipped.ts";
import { Attempts } from "./unreadable.ts";

export interface WalkOptions extends WorkHooks {
  workspace: string;
  rules: Rules;
  store: boolean;
  fs: ScanFs;
  /** Milliseconds since 1970 by the clock that the filesystem stamps files with. */
  now: () => number;
  /** The same, before the scan began: what changed later is not trusted. */
  startedAt: number;
  /** `known` was read a moment ago: only folders are compared with it. */
  again: boolean;
  /** What a look at the known folders, begun after the scan, has found already. */
  looked: Looked | undefined;
  /** Whether a folder's times tell that its names changed, on the device that it is on. */
  tellsByTimes: (device: number, place: string | Buffer) => boolean;
  own?: OwnFolders | undefined;
}

const progressFiles = 512;
const progressBytes = 2 ** 25;

/** Where the walk is. Paths are byte strings. */
interface Position {
  place: string | Buffer;
  path: string;
  name: string;
  /** What applies beside it; its own patterns are not in it. */
  layer: Layer | undefined;
  standing: Standing;
  stat: Stat;
}

/** One reading of a whole workspace, sparing what stands as it was remembered. */
export class Walk {
  readonly rules: RuleSet;
  readonly attempts = new Attempts(new Skipped());
  readonly bounds: Bounds;
  readonly reader: Reader;
  /** Names came or went since what was known: something may have been moved under the walk. */
  sawMoves = false;
  /** After an error: what was read until then and is worth remembering. */
  salvaged: Folder | undefined;
  readonly #store: ObjectStore;
  readonly #options: WalkOptions;
  #moved = new Moved(undefined);
  #told = { files: 0, bytes: 0 };

  constructor(store: ObjectStore, options: WalkOptions) {
    this.#store = store;
    this.#options = options;
    this.rules = new RuleSet(options.rules);
    this.bounds = new Bounds(options.rules.limits);
    const { fs, now, check } = options;
    this.reader = new Reader({
      fs,
      store,
      storing: options.store,
      bounds: this.bounds,
      skipped: this.attempts.skipped,
      now,
      ...(check && { check }),
      onRead: (bytes) => this.#progress(bytes),
    });
  }

  run(known: Folder | undefined): Folder {
    const { workspace, fs } = this.#options;
    this.#moved = new Moved(known);
    const stat = this.attempts.try("", () => fs.lstat(workspace));
    const root: Position | undefined =
      stat && isFolder(stat)
        ? { place: workspace, path: "", name: "", layer: undefined, standing: "captured", stat }
        : undefined;
    const folder = root && this.#folder(root, known);
    if (folder === undefined) {
      throw new ProtocolError(
        "workspace_unavailable",
        `The folder ${workspace} cannot be read (${this.attempts.skipped.reason("") ?? "gone"}). Bring it back, or allow this user to read it, and try again.`,
      );
    }
    return folder;
  }

  #folder(position: Position, known: Folder | undefined): Folder | undefined {
    const { place, layer, standing, stat } = position;
    this.#options.check?.();
    if (this.#options.own?.has(stat) === true)
      return this.attempts.skip(position.path, "cairn_data");
    if (known !== undefined && known.key === this.rules.key(standing, layer)) {
      const changed = this.#changed(place, known, stat);
      const kept = changed && this.#keep(position, known, changed);
      if (kept !== undefined) return kept;
    }
    return this.#read(position, known);
  }

  /** Which files changed; undefined when the folder's names or rules may be others. */
  #changed(place: string | Buffer, known: Folder, stat: Stat): number[] | undefined {
    const { again, fs, looked } = this.#options;
    if (looked?.stands(known) === true) return [];
    if (!again) return changedFiles(fs, place, known, stat, looked);
    return known.trusted && isSame(known.stat, stat) ? [] : undefined;
  }

  /** A folder that has the names that it had. Undefined if it has not any more. */
  #keep(position: Position, known: Folder, changed: number[]): Folder | undefined {
    const below = this.#inside(position, known);
    const read = below && this.#readAgain(position, known.files, changed);
    if (below === undefined || read === undefined) return undefined;
    const { files } = read;
    const layer = this.#layerIn(position, known.patterns);
    this.bounds.addAll(position.path, files);
    this.#progress();
    const gathering = new Gathering(known);
    let { isWhole } = read;
    try {
      for (const inner of below) {
        const before = gathering.folderBefore(inner.name);
        const folder = this.#folder({ ...inner, layer }, before);
        if (folder === undefined) isWhole = false;
        else gathering.addFolder(folder);
      }
    } catch (error) {
      throw this.#salvage(position, gathering, error);
    }
    const folders = gathering.folders();
    const stands =
      files === known.files && isWhole && folders.every((inner, i) => inner === known.folders[i]);
    // Whole implies that none is missing.
    if (stands) return known;
    return this.#made({ ...known, files, folders, trusted: isWhole }, known);
  }

  /** The table with what was read of the changed files; undefined when one cannot be read. */
  #readAgain(
    position: Position,
    files: FileTable,
    changed: number[],
  ): { files: FileTable; isWhole: boolean } | undefined {
    if (changed.length === 0) return { files, isWhole: true };
    const changes = new Map<number, TableFile>();
    let isWhole = true;
    for (const i of changed) {
      const name = files.names[i] ?? "";
      const place = placeOf(position.place, name);
      const path = pathOf(position.path, name);
      const read = this.attempts.try(path, () =>
        this.reader.read(place, path, this.#options.fs.lstat(place)),
      );
      if (read === undefined) return undefined;
      changes.set(i, read);
      isWhole &&= this.attempts.skipped.reason(path) === undefined;
    }
    return { files: files.with(changes), isWhole };
  }

  /** The folders in a folder that stands; undefined when one of them does not. */
  #inside(position: Position, known: Folder): Position[] | undefined {
    const found: Position[] = [];
    const { looked, fs } = this.#options;
    for (const inner of known.folders) {
      const { name, standing } = inner;
      const place = placeOf(position.place, name);
      const path = pathOf(position.path, name);
      try {
        const stat = looked?.stands(inner) === true ? inner.stat : fs.lstat(place);
        if (!isFolder(stat)) return undefined;
        found.push({ place, path, name, layer: undefined, standing, stat });
      } catch {
        // Reading the folder anew tells what it is.
        return undefined;
      }
    }
    return found;
  }

  #read(position: Position, known: Folder | undefined): Folder | undefined {
    const { path, name, place, standing, stat } = position;
    const { fs, now, startedAt, tellsByTimes, check } = this.#options;
    this.sawMoves ||= known === undefined || !isSame(known.stat, stat);
    const names = this.attempts.try(path, () => namesIn(place, fs));
    if (names === undefined) return undefined;
    const { patterns, sources } =
      standing === "captured"
        ? readFolderPatterns(path, names, now, this.attempts, fs)
        : noPatterns;
    const layer = this.#layerIn(position, patterns);
    const gathering = new Gathering(known ?? this.#moved.find(stat));
    let isWhole = true;
    try {
      for (const name of names) {
        if (isForbidden(name.key)) continue;
        check?.();
        const inner = pathOf(path, name.key);
        const isRead = this.attempts.try(inner, () =>
          this.#entry(name, inner, { layer, standing }, gathering),
        );
        isWhole &&= isRead === true;
      }
    } catch (error) {
      throw this.#salvage(position, gathering, error);
    }
    return this.#made(
      {
        name,
        stat,
        trusted:
          isWhole &&
          sources.every((source) => source.stat !== null) &&
          stoodStill(stat, startedAt) &&
          tellsByTimes(stat.dev, place),
        standing,
        key: this.rules.key(standing, position.layer),
        patterns,
        sources,
        listing: listingOf(names),
        repository: names.some(({ key }) => key === ".git"),
        files: gathering.files(),
        folders: gathering.folders(),
      },
      known,
    );
  }

  /** Whether the entry could be read, or need not be. */
  #entry(
    name: Name,
    path: string,
    folder: Pick<Position, "layer" | "standing">,
    gathering: Gathering,
  ): boolean {
    const stat = this.#options.fs.lstat(name.path);
    const isDir = isFolder(stat);
    const { layer } = folder;
    const { standing } = this.rules.judge(folder.standing, layer, path, name.key, isDir);
    if (standing === "ignored" && !(isDir && this.rules.mayInclude(path))) return true;
    if (isDir) {
      const inner = { place: name.path, path, name: name.key, layer, standing, stat };
      const found = this.#folder(inner, gathering.folderBefore(name.key));
      if (found !== undefined) gathering.addFolder(found);
      return found !== undefined;
    }
    const size = gathering.keepFile(name.key, stat);
    if (size !== undefined) {
      this.bounds.checkFile(path, isLink(stat) ? 0 : size);
      this.#count(path, size);
      return true;
    }
    const read = this.reader.read(name.path, path, stat);
    if (read === undefined) return false;
    this.#count(path, read.size);
    gathering.addFile(name.key, read);
    // It may have moved while it was read.
    return this.attempts.skipped.reason(path) === undefined;
  }

  #made(folder: Omit<Folder, "hash" | "listed">, known: Folder | undefined): Folder {
    const listed = folder.standing !== "ignored" || !isEmpty(folder);
    if (known !== undefined && isUnchanged(folder, known)) return known;
    return { ...folder, listed, hash: this.#store.hashEncodedTree(encodeFolder(folder)) };
  }

  #layerIn({ standing, layer }: Position, patterns: FolderPatterns | undefined): Layer | undefined {
    if (standing !== "captured" || patterns === undefined) return layer;
    return this.rules.add(patterns, layer);
  }

  #count(path: string, size: number): void {
    this.bounds.add(path, size);
    this.#progress();
  }

  /** `inFile`: bytes read of the file that is being read. */
  #progress(inFile = 0): void {
    const { files } = this.bounds;
    const bytes = this.bounds.bytes + inFile;
    const told = this.#told;
    if (files - told.files < progressFiles && bytes - told.bytes < progressBytes) return;
    this.#told = { files, bytes };
    const phase = this.#options.store ? "store" : "scan";
    this.#options.onProgress?.({ phase, done: files, total: null, bytes });
  }

  #salvage({ name, standing, stat }: Position, gathering: Gathering, error: unknown): unknown {
    this.salvaged = gathering.salvage({ name, standing, stat }, this.salvaged);
    return error;
  }
}

const noPatterns = { patterns: undefined, sources: [] };
