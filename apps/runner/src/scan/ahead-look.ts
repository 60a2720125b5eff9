import { placeOf, placesIn } from "./places.ts";
import type { ScanFs, Stat } from "./scan-fs.ts";
import { isSame, stampWidth, standsAt } from "./scan-fs.ts";

/** What is compared with the disk of a folder: of itself, of what gave its patterns, of its files. */
export interface Remembered {
  place: string | Uint8Array;
  stat: Stat;
  sources: { name: string; stat: Stat | null }[];
  names: readonly string[];
  areAscii: boolean;
  stamps: Float64Array;
}

/** Folders that come to be known under a number, and numbers that are free again. */
export interface News {
  known: [number, Remembered][];
  gone: number[];
}

/** One look at everything, in memory that threads share. */
export interface Round {
  /** Pairs: number of a folder, index of the first of its files that the part is about. */
  parts: Int32Array;
  /** Of each part: 0 not looked at yet, 1 it stands, 2 it does not. */
  results: Uint8Array;
  /** Which part is looked at next. */
  next: Int32Array;
}

/** A folder of many files is looked at in parts. */
export const partFiles = 256;
export const standing = 1;
const changed = 2;

/** Looks at part after part until none is left; other threads may do so at once. */
export function lookAtParts(
  fs: ScanFs,
  round: Round,
  known: (number: number) => Remembered | undefined,
  check?: () => void,
): void {
  const { parts, results, next } = round;
  const count = parts.length / 2;
  for (let at = Atomics.add(next, 0, 1); at < count; at = Atomics.add(next, 0, 1)) {
    check?.();
    const folder = known(parts[at * 2] ?? -1);
    const from = parts[at * 2 + 1] ?? 0;
    const stands = folder !== undefined && partStands(fs, folder, from);
    Atomics.store(results, at, stands ? standing : changed);
  }
}

function partStands(fs: ScanFs, folder: Remembered, from: number): boolean {
  const place = typeof folder.place === "string" ? folder.place : Buffer.from(folder.place);
  try {
    if (from === 0 && !folderStands(fs, place, folder)) return false;
    const { names, stamps } = folder;
    const placed = placesIn(place, folder.areAscii);
    const end = Math.min(from + partFiles, stamps.length / stampWidth);
    for (let i = from; i < end; i += 1) {
      if (!standsAt(stamps, i, fs.lstat(placed(names[i] ?? "")))) return false;
    }
    return true;
  } catch {
    return false;
  }
}

function folderStands(fs: ScanFs, place: string | Buffer, { stat, sources }: Remembered): boolean {
  if (!isSame(stat, fs.lstat(place))) return false;
  return sources.every(
    ({ name, stat }) => stat !== null && isSame(stat, fs.lstat(placeOf(place, name))),
  );
}
