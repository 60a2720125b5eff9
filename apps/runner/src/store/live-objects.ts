import { directoryOf, rawOf } from "./blocks.ts";
import { hashObject, kindOf, kinds } from "./hashing.ts";
import type { BlockRow, PackTable } from "./pack-table.ts";
import type { Pending } from "./pending.ts";

/** Takes what is alive out of a block, which is given as it stands; false if not all is there. */
export function gatherLive(
  table: PackTable,
  into: Pending,
  bytes: Buffer,
  block: BlockRow,
): boolean {
  let found = 0;
  const raw = rawOf(bytes);
  for (const { kind, offset, length } of directoryOf(bytes)) {
    const name = kindOf(kind);
    if (name === undefined) continue;
    const data = raw.subarray(offset, offset + length);
    const hash = hashObject(name, data);
    const here = table.inBlock(hash, block.id);
    if (here?.offset !== offset) continue;
    into.put(hash, kinds[name], data, here.size);
    found += 1;
  }
  return found === block.refs;
}
