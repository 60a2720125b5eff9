// `simple-git` as extensions of editors use it for checkpoints: a repository elsewhere whose
// `core.worktree` is the folder, `add` and `commit` on one branch, `reset --hard` to go back.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { simpleGit } from "simple-git";
import type { SimpleGit } from "simple-git";
import { gitEnv } from "./snapshot-git.ts";
import { diskBytes } from "./snapshot-peer.ts";
import type { Peer } from "./snapshot-peer.ts";

const settings = {
  "user.name": "bench",
  "user.email": "bench@localhost",
  "commit.gpgSign": "false",
  // Off, so that its cost falls into no one else's turn.
  "gc.auto": "0",
};

export class EditorGit implements Peer {
  readonly name = "simple-git";
  readonly #dir: string;
  readonly #git: SimpleGit;
  readonly #commits: string[] = [];

  private constructor(dir: string) {
    this.#dir = dir;
    this.#git = simpleGit({ baseDir: dir }).env({
      PATH: gitEnv["PATH"] ?? "",
      HOME: "/nonexistent",
    });
  }

  static async open(folder: string, dir: string): Promise<EditorGit> {
    mkdirSync(dir, { recursive: true });
    const peer = new EditorGit(dir);
    await peer.#git.init();
    await peer.#git.addConfig("core.worktree", folder);
    for (const [key, value] of Object.entries(settings)) await peer.#git.addConfig(key, value);
    return peer;
  }

  async capture(): Promise<string> {
    await this.#git.add([".", "--ignore-errors"]);
    const options = { "--allow-empty": null, "--no-verify": null };
    const { commit } = await this.#git.commit(`checkpoint ${this.#commits.length}`, options);
    this.#commits.push(commit);
    return commit;
  }

  async count(): Promise<number> {
    return (await this.#git.raw("ls-files", "-z")).split("\0").length - 1;
  }

  async diff(from: string, to: string): Promise<number> {
    return (await this.#git.diffSummary([`${from}..${to}`])).files.length;
  }

  async restore(to: string): Promise<void> {
    await this.capture();
    await this.#git.reset(["--hard", to]);
    if (!(await this.#git.status()).isClean()) throw new Error("simple-git left changes");
    // What a reset left behind can still be gone back to.
  }

  /** Of one branch only the newer half can be cut off: that frees as much. */
  async removeHalf(): Promise<void> {
    const keep = this.#commits[Math.floor(this.#commits.length / 2)] ?? "HEAD";
    await this.#git.reset(["--soft", keep]);
    await this.#git.raw("reflog", "expire", "--expire=now", "--all");
    await this.#git.raw("gc", "--quiet", "--prune=now");
  }

  storeBytes(): number {
    return diskBytes(join(this.#dir, ".git"));
  }

  async reopen(): Promise<void> {
    // Each call is a process of its own.
  }

  async close(): Promise<void> {
    // As above.
  }
}
