import { existsSync, lstatSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { listTree, removeTree, writeTree } from "@cairn/runner/testing/tree";
import type { Planted } from "@cairn/runner/testing/tree";
import type { Random } from "../simulation/random.ts";

/** What no call may touch: the repository's own folder, and what the rules ignore. */
const untouchable = new Set([".git", "node_modules", "kept.log"]);

// Few names, so that edits meet: a file becomes a folder, a link becomes a file.
const names = ["a", "b.ts", "src", "src/a.ts", "src/b", "src/deep", "src/deep/c.bin", "run", "x/y"];
const odd = Buffer.from("src/\xff\xfe", "latin1");

/** A folder of a session, as the model looks at it. */
export interface Folder {
  edit(): void;
  /** All that is captured, one line an entry; two equal lists are the same bytes. */
  list(): string[];
  /** Null, or what was done to the files that are nobody's business. */
  trespass(): string | null;
  /** Names that a restore left behind. */
  staged(): string[];
}

/** The lines of what is captured of the folder. */
export function listCaptured(path: string): string[] {
  const isOurs = /(^|\/)\.cairn-[^/]*$/;
  return listTree(path, (name) => untouchable.has(name) || isOurs.test(name)).slice(1);
}

/** The lines of what a restore has beside the files while it is at work, and leaves nothing of. */
export function listStaged(path: string): string[] {
  return listTree(path).filter((line) => line.includes(".cairn-"));
}

/** A folder that somebody works in: its edits come by a seed. */
export class EditedFolder implements Folder {
  readonly path: string;
  readonly #random: Random;
  readonly #untouched: string[];

  constructor(path: string, random: Random) {
    this.path = path;
    this.#random = random;
    mkdirSync(path, { recursive: true });
    writeTree(path, {
      ".git/HEAD": "ref: refs/heads/main\n",
      ".git/index": Buffer.from([1, 2, 3, 0]),
      "node_modules/one/index.js": "module.exports = 1;\n",
      "kept.log": "never captured\n",
      ".gitignore": "*.log\n",
    });
    for (const name of names) this.#put(name, "at first\n");
    this.#untouched = this.untouchables();
  }

  /** A few changes, as a person or an agent makes them between two calls. */
  edit(): void {
    const count = this.#random.between(1, 5);
    for (let n = 0; n < count; n += 1) {
      const path = this.#random.chance(0.1) ? odd : this.#random.pick(names);
      if (this.#random.chance(0.2)) this.#clear(path);
      else this.#put(path, this.#planted());
    }
  }

  list(): string[] {
    return listCaptured(this.path);
  }

  untouchables(): string[] {
    return [...untouchable].flatMap((name) =>
      listTree(join(this.path, name)).map((line) => `${name}: ${line}`),
    );
  }

  trespass(): string | null {
    const now = this.untouchables();
    return now.join("\n") === this.#untouched.join("\n") ? null : now.join("\n");
  }

  staged(): string[] {
    return listStaged(this.path);
  }

  #planted(): Planted {
    const random = this.#random;
    return random.weighted<() => Planted>([
      [8, () => ({ file: `${random.next()}\n`.repeat(random.below(60)), mode: this.#mode() })],
      [4, () => ({ file: this.#noise(random.below(40_000)), mode: this.#mode() })],
      [1, () => ({ file: this.#noise(random.between(250_000, 400_000)) })],
      [0.3, () => ({ file: this.#noise(5 * 1024 * 1024) })],
      [2, () => ({ link: random.pick(["a", "nowhere", "../..", "/etc/hostname"]) })],
      [2, () => ({ mode: random.pick([0o755, 0o700]) })],
    ])();
  }

  #mode(): number {
    return this.#random.pick([0o644, 0o644, 0o755, 0o600, 0o444]);
  }

  #noise(length: number): Buffer {
    const bytes = Buffer.alloc(length);
    for (let at = 0; at + 4 <= length; at += 4)
      bytes.writeUInt32LE(this.#random.below(2 ** 32), at);
    return bytes;
  }

  #put(path: string | Buffer, planted: Planted): void {
    const parts = path.toString("latin1").split("/");
    for (let depth = 1; depth < parts.length; depth += 1) {
      const above = join(this.path, parts.slice(0, depth).join("/"));
      const stat = lstatSync(above, { throwIfNoEntry: false });
      if (stat === undefined) break;
      if (!stat.isDirectory()) rmSync(above);
    }
    this.#clear(path);
    writeTree(this.path, [[path, planted]]);
  }

  #clear(path: string | Buffer): void {
    const above = join(this.path, dirname(path.toString("latin1")));
    if (!existsSync(above) || !lstatSync(above).isDirectory()) return;
    removeTree(Buffer.concat([Buffer.from(`${this.path}/`), Buffer.from(path)]));
  }
}
