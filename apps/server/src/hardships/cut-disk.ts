import { execFileSync } from "node:child_process";
import { constants, copyFileSync, mkdirSync, mkdtempSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

function run(command: string, ...args: string[]): void {
  try {
    execFileSync(command, args, { stdio: ["ignore", "ignore", "pipe"] });
  } catch (error) {
    const said = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : "";
    throw new Error(`${command} ${args.join(" ")}: ${said || String(error)}`, { cause: error });
  }
}

/**
 * An ext4 filesystem on an image that can be copied at one instant, as a power cut leaves a disk:
 * the image is a file of btrfs, whose clone is one step between two writes, and holds what ext4
 * has written to its disk, but not what it keeps in memory. All lies in a tmpfs: what the cut
 * takes away is what never left ext4, so how the layers below keep it makes no difference, and
 * syncs are quick. A disk that loses what it was given and not told to flush is not modelled.
 */
export class CutDisk {
  readonly #base = mkdtempSync(join(tmpdir(), "cairn-power-"));
  readonly #mounts: string[] = [];
  #cuts = 0;
  /** Where the live filesystem is mounted. */
  readonly path = join(this.#base, "disk");

  /** Throws, with what it met, where this cannot be had: without root, loop devices or btrfs. */
  constructor() {
    try {
      const memory = join(this.#base, "memory");
      this.#mount(memory, "-t", "tmpfs", "-o", "size=4g", "tmpfs");
      run("truncate", "-s", "3500M", join(memory, "holder.img"));
      run("mkfs.btrfs", "-q", "-m", "single", join(memory, "holder.img"));
      this.#mount(this.#holder, "-o", "loop,nobarrier", join(memory, "holder.img"));
      run("truncate", "-s", "700M", this.#image);
      run("mkfs.ext4", "-q", this.#image);
      this.#mount(this.path, "-o", "loop", this.#image);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  get #holder(): string {
    return join(this.#base, "holder");
  }

  get #image(): string {
    return join(this.#holder, "disk.img");
  }

  /** Pulls the plug of a twin of the disk; the live one goes on. */
  cut(): Twin {
    this.#cuts += 1;
    const name = `cut-${this.#cuts}`;
    const image = join(this.#holder, `${name}.img`);
    copyFileSync(this.#image, image, constants.COPYFILE_FICLONE_FORCE);
    return new Twin(image, join(this.#base, name), this.path);
  }

  [Symbol.dispose](): void {
    for (const place of this.#mounts.toReversed()) run("umount", "--lazy", place);
    for (const place of this.#mounts) rmdirSync(place);
    rmSync(this.#base, { recursive: true, force: true });
  }

  #mount(place: string, ...args: string[]): void {
    mkdirSync(place);
    run("mount", ...args, place);
    this.#mounts.push(place);
  }
}

/** What a power cut left of the disk, mounted from `mount` until it is disposed of. */
export class Twin {
  readonly #image: string;
  readonly #original: string;
  /** Where it is seen from here. */
  readonly path: string;

  constructor(image: string, path: string, original: string) {
    this.#image = image;
    this.path = path;
    this.#original = original;
  }

  mount(): void {
    mkdirSync(this.path);
    run("mount", "-o", "loop", this.#image, this.path);
  }

  /** What to start a process through so that it finds the twin in the place of the live disk. */
  get through(): string[] {
    const script = 'mount --bind "$1" "$2" && shift 2 && exec "$@"';
    const alone = ["unshare", "--mount", "--propagation", "private"];
    return [...alone, "sh", "-c", script, "sh", this.path, this.#original];
  }

  [Symbol.dispose](): void {
    run("umount", "--lazy", this.path);
    rmdirSync(this.path);
    rmSync(this.#image);
  }
}
