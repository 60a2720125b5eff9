import type { StoreFacts } from "../runner.ts";
import { blockLength, blockLengthSql, packHeader } from "./blocks.ts";
import type { Disk } from "./disk.ts";
import { damaged } from "./errors.ts";
import { kindOf } from "./hashing.ts";
import type { PackReader } from "./pack-reader.ts";
import type { Reading } from "./reading.ts";
import type { Room } from "./room.ts";
import type { ObjectPlace, StoreIndex } from "./store-index.ts";

interface Parts {
  index: StoreIndex;
  disk: Disk;
  /** Folder of the packs. */
  dir: string;
}

export function storeFacts({ index, disk, dir, room }: Parts & { room: Room }): StoreFacts {
  const packs = disk.list(dir);
  const stored = packs.reduce((sum, { bytes }) => sum + bytes, 0);
  const { objects, raw, live } = totals(index);
  return {
    objects,
    stored_bytes: stored,
    raw_bytes: raw,
    dead_bytes: Math.max(stored - live, 0),
    packs: packs.length,
    limit_bytes: room.limit,
    reserved_bytes: room.reserved(),
  };
}

/** Objects, their raw bytes, and about what they take in the packs. */
function totals({ database }: StoreIndex): { objects: number; raw: number; live: number } {
  const row = database
    .prepare(
      `SELECT coalesce(sum(refs), 0) AS objects, coalesce(sum(live), 0) AS raw,
         coalesce(sum(CASE WHEN raw > 0 THEN (${blockLengthSql}) * live / raw
                           WHEN refs > 0 THEN ${blockLengthSql} END), 0) AS live,
         (SELECT count(*) FROM packs) AS packs
       FROM blocks`,
    )
    .get();
  const of = (name: string): number => Number(row?.[name]);
  const live = of("live") + of("packs") * packHeader.length;
  return { objects: of("objects"), raw: of("raw"), live };
}

/** Checks, without reading it, that a content and its chunks can be there: else `damaged`. */
export function contentChecker({
  index,
  disk,
  dir,
  packs,
  reading,
}: Parts & { packs: PackReader; reading: Reading }): (hash: string) => void {
  const sizes = new Map(disk.list(dir).map(({ name, bytes }) => [name, bytes]));
  const check = (hash: string): ObjectPlace => {
    const place = index.guarded(() => index.find(hash));
    if (place === undefined) throw damaged(hash, "it is not in the store");
    const end = place.block.offset + blockLength(place.block);
    if (end <= (sizes.get(place.pack) ?? 0)) return place;
    // It may be new, or longer by now.
    const size = packs.sizeOf(place.pack);
    if (size === undefined) throw damaged(hash, "its pack is gone");
    if (end > size) throw damaged(hash, "its pack is cut off");
    return place;
  };
  return (hash) => {
    if (kindOf(check(hash).kind) !== "chunks") return;
    for (const chunk of reading.chunks(hash).hashes) check(chunk);
  };
}
