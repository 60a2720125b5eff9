// Tuned git plumbing, as a quick tool over git would use it: a repository and an index of its own
// beside the folder. Each checkpoint is a commit without parents under a ref of its own, so that
// one can be removed. Measured here: the untracked cache costs more than it saves on these trees,
// and threads for reading the index gain a tenth.
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { diskBytes } from "./snapshot-peer.ts";
import type { Peer } from "./snapshot-peer.ts";

const tuning = {
  "core.fsmonitor": "false",
  "core.untrackedCache": "false",
  "core.preloadIndex": "true",
  "core.looseCompression": "1",
  "index.threads": "true",
  "index.version": "4",
  "gc.auto": "0",
};

/** Neither the settings of whoever runs this, nor of the machine. */
export const gitEnv: NodeJS.ProcessEnv = {
  PATH: process.env["PATH"],
  HOME: "/nonexistent",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "bench",
  GIT_AUTHOR_EMAIL: "bench@localhost",
  GIT_COMMITTER_NAME: "bench",
  GIT_COMMITTER_EMAIL: "bench@localhost",
};

/** The version that is installed; null without one. */
export function gitVersion(): string | null {
  const { status, stdout } = spawnSync("git", ["--version"], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : null;
}

export class Git implements Peer {
  readonly name = "git";
  readonly #dir: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #commits: string[] = [];

  constructor(folder: string, dir: string) {
    mkdirSync(dir, { recursive: true });
    this.#dir = dir;
    this.#env = { ...gitEnv, GIT_DIR: dir, GIT_WORK_TREE: folder };
    this.#run(["init", "-q"]);
    for (const [key, value] of Object.entries(tuning)) this.#run(["config", key, value]);
  }

  // oxlint-disable-next-line require-await -- git is waited for at once, which is quicker
  async capture(): Promise<string> {
    return this.#commit(this.#writeTree());
  }

  async count(): Promise<number> {
    return this.#run(["ls-files", "-z"]).split("\0").length - 1;
  }

  async diff(from: string, to: string): Promise<number> {
    const args = ["diff-tree", "-r", "-z", "--numstat", "--find-renames", from, to];
    return this.#run(args).split("\0").length - 1;
  }

  async restore(to: string): Promise<void> {
    this.#commit(this.#writeTree());
    this.#run(["read-tree", "-u", "--reset", to]);
    if (this.#writeTree() !== this.#run(["rev-parse", `${to}^{tree}`])) {
      throw new Error("git restored something else");
    }
  }

  async removeHalf(): Promise<void> {
    const gone = this.#commits.splice(0, Math.floor(this.#commits.length / 2));
    const orders = gone.map((commit) => `delete refs/checkpoints/${commit}\n`).join("");
    this.#run(["update-ref", "--stdin"], orders);
    this.#run(["prune", "--expire=now"]);
  }

  storeBytes(): number {
    return diskBytes(this.#dir);
  }

  async reopen(): Promise<void> {
    // Each call is a process of its own.
  }

  async close(): Promise<void> {
    // As above.
  }

  #writeTree(): string {
    this.#run(["add", "-A"]);
    return this.#run(["write-tree"]);
  }

  #commit(tree: string): string {
    const commit = this.#run(["commit-tree", tree, "-m", `checkpoint ${this.#commits.length}`]);
    this.#run(["update-ref", `refs/checkpoints/${commit}`, commit]);
    this.#commits.push(commit);
    return commit;
  }

  #run(args: string[], input = ""): string {
    const { status, stdout, stderr } = spawnSync("git", args, {
      env: this.#env,
      encoding: "utf8",
      input,
      maxBuffer: 1 << 28,
    });
    if (status !== 0) throw new Error(`git ${args[0]}: ${stderr}`);
    return stdout.trim();
  }
}
