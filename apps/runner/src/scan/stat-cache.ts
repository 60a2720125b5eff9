import { createHash } from "node:crypto";
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Folder } from "./remembered.ts";
import { decodeFrames, encodeFrame } from "./cache-frames.ts";
import { decodeFolders, encodeChanges, header } from "./stat-records.ts";

/** Records beyond twice those worth keeping, and this: the file is written anew. */
const slackBytes = 64 * 1024;

/** Where the cache of a workspace is, in a store's folder. */
export function cachePath(storeDir: string, workspace: string): string {
  const name = createHash("sha256").update(workspace).digest("hex").slice(0, 32);
  return join(storeDir, "cache", name);
}

/**
 * What a workspace was when it was last scanned, in memory and in a file. Its loss costs a re-hash;
 * whoever uses it compares it with the disk first.
 */
export class StatCache {
  readonly #path: string | undefined;
  #root: Folder | undefined;
  /** What the file holds. */
  #saved: Folder | undefined;
  #isWhole = true;
  /** Of its records, before they are compressed. */
  #bytes = 0;
  #liveBytes = 0;
  #rewrite = true;

  /** Without a path it lives in memory only. A file that does not read well counts as empty. */
  constructor(path?: string) {
    this.#path = path;
    if (path !== undefined) this.#load(path);
  }

  get root(): Folder | undefined {
    return this.#root;
  }

  /** Call with what a scan of the whole workspace found. It is kept in memory. */
  remember(root: Folder): void {
    this.#root = root;
    this.#isWhole = true;
  }

  /** Writes what is new to the file. Call it once nobody waits for the scan. */
  save(): void {
    const root = this.#root;
    if (this.#path === undefined || root === undefined || !this.#isWhole || root === this.#saved) {
      return;
    }
    try {
      this.#write(this.#path, root);
      this.#saved = root;
    } catch {
      // A full disk: it is only a cache, but what follows a torn record would be lost in it.
      this.#rewrite = true;
    }
  }

  /**
   * Trusts no more what is known of a folder's names, or of one of its files. The next scan looks
   * for itself. Byte strings.
   */
  distrust(folder: string, file?: string): void {
    const root = this.#root;
    if (root !== undefined) this.#root = distrusted(root, folder.split("/"), file);
  }

  /** Call with what a scan had read when it failed. */
  salvage(root: Folder): void {
    this.#root = root;
    this.#isWhole = false;
  }

  #write(path: string, root: Folder): void {
    if (!this.#rewrite && this.#bytes <= 2 * this.#liveBytes + slackBytes) {
      const records = encodeChanges(root, this.#saved);
      appendFileSync(path, encodeFrame(records));
      this.#bytes += records.length;
      return;
    }
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const beside = `${path}.new`;
    const records = encodeChanges(root, undefined);
    writeFileSync(beside, Buffer.concat([header, encodeFrame(records)]), { mode: 0o600 });
    renameSync(beside, path);
    this.#bytes = records.length;
    this.#liveBytes = records.length;
    this.#rewrite = false;
  }

  #load(path: string): void {
    try {
      const data = decodeFrames(readFileSync(path));
      const { root, liveBytes } = decodeFolders(data);
      this.#root = root;
      this.#saved = root;
      this.#bytes = data.length;
      this.#liveBytes = liveBytes;
      this.#rewrite = false;
    } catch {
      // Missing, torn or foreign.
      rmSync(path, { force: true });
    }
  }
}

function distrusted(folder: Folder, path: string[], file: string | undefined): Folder {
  const [name, ...rest] = path;
  if (name !== undefined && name !== "") {
    const folders = folder.folders.map((inner) =>
      inner.name === name ? distrusted(inner, rest, file) : inner,
    );
    return { ...folder, folders };
  }
  if (file === undefined) return { ...folder, trusted: false };
  const at = folder.files.find(file, 0);
  return folder.files.names[at] === file
    ? { ...folder, files: folder.files.distrusting(at) }
    : { ...folder, trusted: false };
}
