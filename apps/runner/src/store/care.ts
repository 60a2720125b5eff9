import { join } from "node:path";
import type { WorkHooks } from "../cancelling.ts";
import type * as r from "../runner.ts";
import { Claims } from "./claims.ts";
import { Collection } from "./collection.ts";
import type { Disk } from "./disk.ts";
import { damagedIndex, writeError } from "./errors.ts";
import { contentChecker, storeFacts } from "./facts.ts";
import type { Gate } from "./gate.ts";
import { aloneMs, restBetween } from "./gate.ts";
import { quickCheck } from "./index-damage.ts";
import type { PackReader } from "./pack-reader.ts";
import type { PackWriter } from "./pack-writer.ts";
import type { Pin } from "./pins.ts";
import { pinMissing, releasedPins } from "./pins.ts";
import type { Reading } from "./reading.ts";
import type { Room } from "./room.ts";
import { salvage } from "./salvage.ts";
import type { StoreIndex } from "./store-index.ts";
import { usageOf } from "./usage.ts";

const recountSql = `
  UPDATE blocks SET refs = coalesce(used.refs, 0), live = coalesce(used.live, 0)
  FROM blocks AS same LEFT JOIN
    (SELECT block, count(*) AS refs, sum(length) AS live FROM objects GROUP BY block) AS used
    ON used.block = same.id
  WHERE same.id = blocks.id`;

export interface CareOptions {
  /** Folder of the store. */
  dir: string;
  index: StoreIndex;
  disk: Disk;
  room: Room;
  gate: Gate;
  packs: PackReader;
  writer: PackWriter;
  reading: Reading;
}

/** What keeps a store well: what it holds, collecting it, and bringing back what is damaged. */
export class Care {
  readonly #options: CareOptions;
  #collection: Collection | undefined;

  constructor(options: CareOptions) {
    this.#options = { ...options, dir: join(options.dir, "packs") };
  }

  /**
   * Call once at start, before any thread uses the store: packs of threads that crashed are free
   * again, and room is set aside for restores.
   */
  begin(): void {
    const { index, room } = this.#options;
    index.guarded(() => room.as("restore", () => new Claims(index).releaseAll()));
    try {
      room.keep(index.packedBytes());
    } catch {
      // A disk that is that full has no room to set aside.
    }
  }

  facts(): r.StoreFacts {
    return this.#options.index.guarded(() => storeFacts(this.#options));
  }

  /** What each group of pins needs and no other does. */
  usage(request: r.UsageRequest, hooks: WorkHooks): r.UsedBytes[] {
    const { index, reading } = this.#options;
    return index.guarded(() => usageOf(index, reading, request, hooks));
  }

  waiting(): r.Waiting {
    const { index } = this.#options;
    return index.guarded(() => ({
      released: releasedPins(index),
      pins_lost: index.state("pins_lost") !== undefined,
    }));
  }

  /** Pins what an index that was made anew has lost; `all` is whatever is kept. */
  repin(all: Pin[]): number {
    const { index } = this.#options;
    return index.guarded(() => {
      const missing = pinMissing(index, all);
      index.setState("pins_lost", undefined);
      return missing;
    });
  }

  /** Looks through the whole index: throws `damaged` when SQLite finds fault with it. */
  checkIndex(): void {
    const { index } = this.#options;
    index.guarded(() => {
      if (!quickCheck(index.database)) throw damagedIndex();
    });
  }

  /** Checks, without reading it, that a content and its chunks can be there: else `damaged`. */
  contentChecker(): (hash: string) => void {
    return contentChecker(this.#options);
  }

  /** Looks for objects that do not read back in all packs; gives how many it found again. */
  salvage(wanted: ReadonlySet<string>, hooks: WorkHooks): number {
    try {
      return salvage(this.#options, wanted, hooks);
    } catch (error) {
      throw writeError(error);
    } finally {
      this.#options.packs.forget();
    }
  }

  /**
   * Makes the counts of blocks what the rows say. Only for when all that is pinned was found to
   * read back: a lost row would take its bytes with it.
   */
  recount(hooks: WorkHooks): void {
    const { index, gate } = this.#options;
    const count = (): void => {
      index.write(() => index.database.exec(recountSql));
    };
    while (!gate.alone(aloneMs, () => index.guarded(count))) {
      hooks.check?.();
      restBetween();
    }
  }

  /** Goes on with a collection where the last call stopped, or begins one. */
  collect(request: r.CollectRequest, hooks: WorkHooks): r.Collected {
    const { index, room, packs } = this.#options;
    try {
      const collected = index.guarded(() => {
        const collection = (this.#collection ??= new Collection(this.#options));
        return room.as("collect", () => collection.run(request, hooks));
      });
      if (collected.done) this.#collection = undefined;
      return collected;
    } catch (error) {
      this.#collection = undefined;
      throw writeError(error);
    } finally {
      packs.rest();
    }
  }

  /** Lets go of what a collection holds. */
  stop(): void {
    this.#collection?.stop();
  }
}
