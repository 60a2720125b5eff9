import { ProtocolError } from "@cairn/shared/errors";
import { refuseExhausted } from "./unreadable.ts";
import { unavailable } from "./workspace.ts";
import type { Folder } from "./remembered.ts";
import { placeOf } from "./places.ts";
import type { ScanFs, Stat } from "./scan-fs.ts";
import { isSame } from "./scan-fs.ts";
import { codeOf } from "../fs.ts";

/** ext2-4, xfs, btrfs, tmpfs, overlayfs, f2fs, zfs, bcachefs: by the numbers of Linux. */
const telling = new Set([
  0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630, 0xf2f52010, 0x2fc12fc1, 0xca451a4e,
]);

/**
 * Devices whose folders change their times with every name that comes or goes. Others may not, as
 * a stick that was written to elsewhere, or a network's cache: there every folder is listed.
 */
export class TellingDevices {
  readonly #fs: ScanFs;
  readonly #known = new Map<number, boolean>();

  constructor(fs: ScanFs) {
    this.#fs = fs;
  }

  has(device: number, place: string | Buffer): boolean {
    let tells = this.#known.get(device);
    if (tells === undefined) {
      tells = this.#ask(place);
      this.#known.set(device, tells);
    }
    return tells;
  }

  #ask(place: string | Buffer): boolean {
    if (process.platform !== "linux") return false;
    try {
      return telling.has(this.#fs.filesystem(place));
    } catch {
      return false;
    }
  }
}

/** Throws unless two looks at the workspace met the same folder. */
export function refuseReplaced(workspace: string, before: Stat, now: Stat): void {
  if (now.ino === before.ino && now.dev === before.dev) return;
  throw new ProtocolError(
    "workspace_unavailable",
    `The folder ${workspace} was replaced by another while it was read. Nothing was changed; try again.`,
  );
}

/** Whether a folder of the workspace changed since it was read. Throws when the workspace did. */
export function hasMoved(
  { fs, workspace, check }: { fs: ScanFs; workspace: string; check?: () => void },
  root: Folder,
): boolean {
  let now;
  try {
    now = fs.lstat(workspace);
  } catch (error) {
    refuseExhausted(error);
    throw unavailable(workspace, codeOf(error), error);
  }
  refuseReplaced(workspace, root.stat, now);
  return !isSame(now, root.stat) || root.folders.some((inner) => movedInside(workspace, inner));

  function movedInside(outer: string | Buffer, folder: Folder): boolean {
    check?.();
    const place = placeOf(outer, folder.name);
    try {
      if (!isSame(fs.lstat(place), folder.stat)) return true;
    } catch {
      return true;
    }
    return folder.folders.some((inner) => movedInside(place, inner));
  }
}
