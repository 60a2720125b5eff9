import { join } from "node:path";
import { ProtocolError } from "@cairn/shared/errors";
import type { WorkHooks } from "../cancelling.ts";
import { isDamage, readError } from "./errors.ts";
import type { Disk } from "./disk.ts";
import type { Gate } from "./gate.ts";
import { aloneMs, restBetween } from "./gate.ts";
import { scanPack } from "./pack-scan.ts";
import type { NewBlock } from "./block-rows.ts";
import type { StoreIndex } from "./store-index.ts";

export interface SalvageOptions {
  index: StoreIndex;
  disk: Disk;
  /** Folder of the packs. */
  dir: string;
  gate: Gate;
}

/**
 * Looks for the objects in all packs, whatever the index says of them, and points the index at
 * sound copies. Gives how many it found.
 */
export function salvage(
  { index, disk, dir, gate }: SalvageOptions,
  wanted: ReadonlySet<string>,
  { check, onProgress }: WorkHooks,
): number {
  const left = new Set(wanted);
  const packs = disk.list(dir);
  for (const [i, { name }] of packs.entries()) {
    if (left.size === 0) break;
    onProgress?.({ phase: "read", done: i, total: packs.length });
    const found = findIn(disk, join(dir, name), name, left, check);
    if (found.length === 0) continue;
    const again = new Set(found.flatMap(({ objects }) => objects.map(({ hash }) => hash)));
    const adopt = (): void => {
      // Anew: what was read may have been taken back by a capture that failed, or have been moved
      // and its pack removed.
      const now = findIn(disk, join(dir, name), name, again, undefined);
      if (now.length > 0) index.write(() => index.rows.adopt(now));
      for (const hash of again) left.add(hash);
    };
    while (!gate.alone(aloneMs, adopt)) {
      check?.();
      restBetween();
    }
  }
  return wanted.size - left.size;
}

function findIn(
  disk: Disk,
  path: string,
  pack: string,
  left: Set<string>,
  check: (() => void) | undefined,
): NewBlock[] {
  const found: NewBlock[] = [];
  try {
    for (const { place, objects } of scanPack(disk, path)) {
      check?.();
      const ours = objects.filter(({ hash }) => left.delete(hash));
      if (ours.length > 0) found.push({ pack, place, objects: ours });
    }
  } catch (error) {
    // A call that was given up ends, and one that finds a pack closed only for now: what was not
    // looked for everywhere was not sought in vain. A damaged pack holds nothing that helps.
    if (error instanceof ProtocolError) throw error;
    if (!isDamage(error)) throw readError(error);
  }
  return found;
}
