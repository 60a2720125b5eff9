import { readdirSync, lstatSync } from "node:fs";
import { join } from "node:path";

/** Something that keeps checkpoints of one folder in a store of its own, elsewhere. */
export interface Peer {
  readonly name: PeerName;
  /** Stores the folder as it is; resolves to what names the checkpoint. */
  capture(): Promise<string>;
  /** How many files the latest checkpoint holds. */
  count(): Promise<number>;
  /** Files that differ between two checkpoints. */
  diff(from: string, to: string): Promise<number>;
  /** Puts the folder back, having stored it first, and makes sure that it is as wanted. */
  restore?(to: string): Promise<void>;
  /** Removes the older half of its checkpoints, and what only they held. */
  removeHalf?(): Promise<void>;
  storeBytes(): number;
  /** As after a restart of the program. */
  reopen(): Promise<void>;
  close(): Promise<void>;
}

export const peerNames = ["cairn", "git", "simple-git", "restic"] as const;
export type PeerName = (typeof peerNames)[number];

/** What a folder takes on the disk, in whole blocks: a small file takes one too. */
export function diskBytes(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) bytes += lstatSync(join(entry.parentPath, entry.name)).blocks * 512;
  }
  return bytes;
}
