import { join } from "node:path";
import type { Disk } from "./disk.ts";
import type { Gate } from "./gate.ts";
import { gatherLive } from "./live-objects.ts";
import type { PackReader } from "./pack-reader.ts";
import { PackTable } from "./pack-table.ts";
import type { PackWriter } from "./pack-writer.ts";
import { Pending } from "./pending.ts";
import type { StoreIndex } from "./store-index.ts";

/** What is joined at once: some twenty captures of ten files each, in a folder of 10,000. */
const enoughBytes = 2 * 1024 * 1024;
const enoughBlocks = 256;
/** Blocks so large that what is alike in consecutive commits stands in one of them. */
const joinedBytes = 1024 * 1024;

export interface JoiningOptions {
  index: StoreIndex;
  disk: Disk;
  /** Folder of the packs. */
  dir: string;
  gate: Gate;
  packs: PackReader;
  writer: PackWriter;
  young: PackWriter;
  /** Raw bytes of young packs that are joined at once. */
  enough?: number | undefined;
}

/**
 * Joins what single commits added. The folders of one checkpoint are almost those of the one
 * before, but compressed alone their hashes are as good as noise: of a hundred checkpoints
 * together they take a quarter. So small commits go into a pack of their own, a young one, whose
 * contents move into few blocks of another pack when there are enough of them.
 */
export class Joining {
  readonly #options: JoiningOptions;
  readonly #table: PackTable;
  readonly #enough: number;
  /** Doubles when it fails: what is in the way is not met time after time. */
  #patience = 1;

  constructor(options: JoiningOptions) {
    this.#options = options;
    this.#table = new PackTable(options.index);
    this.#enough = options.enough ?? enoughBytes;
  }

  /** Joins if there is enough. Call while nothing is put. When it fails all is as it was. */
  run(): void {
    const { index, disk, dir, gate, packs, young } = this.#options;
    try {
      index.guarded(() => {
        if (!this.#isDue()) return;
        // Collecting takes packs only while it is alone: what is ours now stays ours meanwhile.
        gate.enter();
        const emptied = this.#join(this.#table.claimedBy(young.writer));
        this.#patience = 1;
        packs.rest();
        for (const name of emptied) disk.unlink(join(dir, name));
      });
    } catch {
      // Whoever stores or reads next meets the same, and is told.
      this.#patience *= 2;
    } finally {
      packs.rest();
      gate.leave();
    }
  }

  #isDue(): boolean {
    const { raw, blocks } = this.#table.weight(this.#options.young.writer);
    return raw >= this.#enough * this.#patience || blocks >= enoughBlocks * this.#patience;
  }

  /** Names of the packs of which nothing is needed any more. */
  #join(sources: { id: number; name: string }[]): string[] {
    const { writer, young, packs } = this.#options;
    const gathered = new Pending({ writer, bytes: joinedBytes, thorough: true });
    const emptied: number[] = [];
    let committing = false;
    try {
      for (const pack of sources) {
        for (const block of this.#table.blocks(pack.id)) {
          const bytes = packs.readWhole(pack.name, block.place);
          // What cannot be read whole stays where it is, for repair.
          if (gatherLive(this.#table, gathered, bytes, block)) emptied.push(block.id);
          else throw new RangeError("not all of a block is there");
        }
      }
      const { blocks } = gathered.flush();
      writer.sync();
      committing = true;
      const drained = this.#table.drain(writer.writer, sources, { emptied, added: blocks });
      writer.committed();
      young.abandon();
      return drained;
    } catch (error) {
      // Where a commit failed its rows may be on the disk after all: their bytes must stay then.
      if (!committing) writer.discard();
      writer.abandon();
      throw error;
    }
  }
}
