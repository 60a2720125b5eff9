// restic, as installed: each call is a process that opens the repository anew.
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { diskBytes } from "./snapshot-peer.ts";
import type { Peer } from "./snapshot-peer.ts";

/** The version that is installed; null without one. */
export function resticVersion(): string | null {
  const { status, stdout } = spawnSync("restic", ["version"], { encoding: "utf8" });
  return status === 0 ? (/^restic \S+/.exec(stdout)?.[0] ?? "restic") : null;
}

interface Message {
  message_type?: string;
  snapshot_id?: string;
}

export class Restic implements Peer {
  readonly name = "restic";
  readonly #folder: string;
  readonly #dir: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #snapshots: string[] = [];

  constructor(folder: string, dir: string) {
    mkdirSync(dir, { recursive: true });
    this.#folder = folder;
    this.#dir = join(dir, "repository");
    this.#env = {
      PATH: process.env["PATH"],
      HOME: dir,
      RESTIC_CACHE_DIR: join(dir, "cache"),
      RESTIC_REPOSITORY: this.#dir,
      RESTIC_PASSWORD: "bench",
    };
    this.#run("init", "--quiet");
  }

  // oxlint-disable-next-line require-await -- restic is waited for at once
  async capture(): Promise<string> {
    const lines = this.#run("backup", "--json", "--exclude=node_modules", ".").split("\n");
    const messages = lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Message);
    const summary = messages.find(({ message_type }) => message_type === "summary");
    if (summary?.snapshot_id === undefined) throw new Error("restic gave no summary");
    this.#snapshots.push(summary.snapshot_id);
    return summary.snapshot_id;
  }

  async count(): Promise<number> {
    const lines = this.#run("ls", "--json", "latest").split("\n");
    return lines.filter((line) => /"type":"(file|symlink)"/.test(line)).length;
  }

  async diff(from: string, to: string): Promise<number> {
    const lines = this.#run("diff", "--json", from, to).split("\n");
    return lines.filter((line) => line.includes('"message_type":"change"')).length;
  }

  async removeHalf(): Promise<void> {
    const gone = this.#snapshots.splice(0, Math.floor(this.#snapshots.length / 2));
    this.#run("forget", "--quiet", "--prune", ...gone);
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

  #run(...args: string[]): string {
    const { status, stdout, stderr } = spawnSync("restic", args, {
      cwd: this.#folder,
      env: this.#env,
      encoding: "utf8",
      maxBuffer: 1 << 28,
    });
    if (status !== 0) throw new Error(`restic ${args[0]}: ${stderr}`);
    return stdout.trim();
  }
}
