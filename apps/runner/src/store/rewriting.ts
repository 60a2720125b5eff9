import { join } from "node:path";
import { codeOf } from "../fs.ts";
import { isSoundBlock, packHeader } from "./blocks.ts";
import { Claims, youngEnding } from "./claims.ts";
import type { Disk } from "./disk.ts";
import { damagedIndex, isDamage } from "./errors.ts";
import type { Gate, Pause } from "./gate.ts";
import { aloneMs } from "./gate.ts";
import { gatherLive } from "./live-objects.ts";
import type { PackReader } from "./pack-reader.ts";
import type { BlockRow, MovedBlock, PackRow } from "./pack-table.ts";
import { PackTable } from "./pack-table.ts";
import type { PackWriter } from "./pack-writer.ts";
import { Pending } from "./pending.ts";
import type { StoreIndex } from "./store-index.ts";

const deadShare = 0.2;
const batchBytes = 4 * 1024 * 1024;

const owner = "collecting";

export interface RewritingOptions {
  index: StoreIndex;
  disk: Disk;
  dir: string;
  gate: Gate;
  packs: PackReader;
  writer: PackWriter;
}

interface Candidate extends PackRow {
  bytes: number;
}

/** Removes packs that nobody needs, and moves what is alive out of those with much that is dead. */
export class Rewriting {
  freed = 0;
  removed = 0;
  rewritten = 0;
  readonly #options: RewritingOptions;
  readonly #table: PackTable;

  constructor(options: RewritingOptions) {
    this.#options = options;
    this.#table = new PackTable(options.index);
  }

  *run(): Generator<Pause, void> {
    const { index, writer, gate } = this.#options;
    try {
      let candidates: Candidate[] = [];
      const begin = (): void => {
        candidates = this.#begin();
      };
      while (!gate.alone(aloneMs, begin)) yield "busy";
      yield;
      for (const pack of candidates) {
        yield* this.#empty(pack);
        yield;
      }
    } finally {
      new Claims(index).release(owner);
      writer.close();
    }
  }

  /** While nobody has anything uncommitted: files without a row are what crashes left. */
  #begin(): Candidate[] {
    const { disk, dir, writer } = this.#options;
    writer.close();
    const files = disk.list(dir);
    const sizes = new Map(files.map(({ name, bytes }) => [name, bytes]));
    const packs = this.#table.list();
    if (this.#table.isTorn()) throw damagedIndex();
    // A pack that is missed may be one of these under a damaged name.
    if (packs.every(({ name, live }) => live === 0 || sizes.has(name))) {
      const known = new Set(packs.map(({ name }) => name));
      for (const { name, bytes } of files) if (!known.has(name)) this.#unlink(name, bytes);
    }
    const candidates = packs
      .map((pack) => ({ ...pack, bytes: sizes.get(pack.name) ?? 0 }))
      .filter((pack) => deadIn(pack) > deadShare);
    this.#table.claim(candidates, owner);
    // Where nothing is alive costs nothing to remove, and makes room for the rest.
    return candidates.toSorted((a, b) => deadIn(b) - deadIn(a));
  }

  *#empty(pack: Candidate): Generator<Pause, void> {
    this.#table.dropDead(pack.id);
    let written = 0;
    for (;;) {
      const blocks = this.#table.blocks(pack.id, batchBytes);
      if (blocks.length === 0) break;
      const moved = this.#move(pack.name, blocks);
      // What cannot be read whole stays where it is, for repair.
      if (moved === undefined) return;
      written += moved;
      yield;
    }
    if (!this.#table.drop(pack.id)) return;
    this.#unlink(pack.name, pack.bytes - written);
    if (written > 0) this.rewritten += 1;
  }

  #unlink(name: string, bytes: number): void {
    const { disk, dir, packs } = this.#options;
    packs.rest();
    try {
      disk.unlink(join(dir, name));
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
    }
    this.freed += bytes;
    this.removed += 1;
  }

  /** Bytes that were written for it; undefined when one of the blocks is damaged. */
  #move(pack: string, blocks: BlockRow[]): number | undefined {
    const { writer } = this.#options;
    const before = writer.written;
    const gathered = new Pending({ writer });
    const moved: MovedBlock[] = [];
    const emptied: number[] = [];
    let committing = false;
    try {
      for (const block of blocks) {
        const bytes = this.#options.packs.readWhole(pack, block.place);
        const { id, place } = block;
        const isFull = block.live >= place.raw * (1 - deadShare);
        if (isFull && !pack.endsWith(youngEnding) && isSoundBlock(bytes)) {
          moved.push({ id, place, to: writer.appendWhole([bytes]) });
        } else if (gatherLive(this.#table, gathered, bytes, block)) emptied.push(id);
        else throw new RangeError("not all of a block is there");
      }
      const { blocks: added } = gathered.flush();
      writer.sync();
      committing = true;
      this.#table.move(writer.writer, { moved, emptied, added });
      writer.committed();
      return writer.written - before;
    } catch (error) {
      // Where a commit failed its rows may be on the disk after all: their bytes must stay then.
      if (!committing && isDamage(error)) {
        writer.discard();
        return undefined;
      }
      writer.abandon();
      throw error;
    }
  }
}

function deadIn({ bytes, live }: Candidate): number {
  return live === 0 ? 1 : bytes === 0 ? 0 : 1 - (live + packHeader.length) / bytes;
}
