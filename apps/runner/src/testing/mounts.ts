import { spawnSync } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

function mount(...args: string[]): boolean {
  return process.platform === "linux" && spawnSync("mount", args).status === 0;
}

/** A disk of its own in memory, that can be full, read-only, or away. Needs the right to mount. */
export class MountedDisk {
  readonly path: string;

  constructor(options: string, at?: string) {
    this.path = at ?? realpathSync(mkdtempSync(join(tmpdir(), "cairn-disk-")));
    if (!mount("-t", "tmpfs", "-o", options, "cairn-test", this.path)) {
      throw new Error(`cannot mount a tmpfs with ${options}`);
    }
  }

  [Symbol.dispose](): void {
    this.unmount();
    rmSync(this.path, { recursive: true, force: true });
  }

  remount(options: string): void {
    if (!mount("-o", `remount,${options}`, this.path)) throw new Error(`cannot remount ${options}`);
  }

  unmount(): void {
    spawnSync("umount", ["--lazy", this.path]);
  }
}

/** Whether tests may mount disks here: as root outside most containers. */
export function canMount(options = "size=1m"): boolean {
  try {
    using _ = new MountedDisk(options);
    return true;
  } catch {
    return false;
  }
}
