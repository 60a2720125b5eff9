import { ProtocolError } from "@cairn/shared/errors";
import type { Content } from "./content.ts";
import type { Site } from "./site.ts";

/** What is open at once, and not on the disk yet. */
const mostFiles = 128;
const mostBytes = 64 * 1024 * 1024;

/**
 * New content, written beside its places. Files are synced many at a time, since a disk that is
 * given all their bytes first writes them together; nothing may take its place before `sync`.
 */
export class Stage {
  readonly #site: Site;
  readonly #open: number[] = [];
  #bytes = 0;

  constructor(site: Site) {
    this.#site = site;
  }

  /** False when the store's copy of the content is damaged: then nothing stands there. */
  write(fresh: Buffer, content: Content): boolean {
    try {
      const fd = this.#site.write(fresh, content);
      if (fd !== null) this.#open.push(fd);
    } catch (error) {
      if (!(error instanceof ProtocolError) || error.code !== "damaged") throw error;
      this.#site.drop(fresh);
      return false;
    }
    this.#bytes += content.size;
    if (this.#open.length >= mostFiles || this.#bytes >= mostBytes) this.sync();
    return true;
  }

  /** Puts the bytes of all that was written on the disk. */
  sync(): void {
    const { fs } = this.#site;
    this.#bytes = 0;
    for (const fd of this.#open) fs.fsync(fd);
    for (let fd = this.#open.pop(); fd !== undefined; fd = this.#open.pop()) fs.close(fd);
  }

  /** Closes what is open after a failure; its bytes may never reach the disk. */
  release(): void {
    for (const fd of this.#open.splice(0)) {
      try {
        this.#site.fs.close(fd);
      } catch {
        // It is given up anyway.
      }
    }
  }
}
