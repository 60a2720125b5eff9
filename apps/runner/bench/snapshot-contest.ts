import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Cairn } from "./snapshot-cairn.ts";
import { Git } from "./snapshot-git.ts";
import type { Peer, PeerName } from "./snapshot-peer.ts";
import type { Row } from "./snapshot-report.ts";
import { Restic } from "./snapshot-restic.ts";
import { EditorGit } from "./snapshot-simple-git.ts";
import type { Tree } from "./snapshot-tree.ts";

export interface Rounds {
  first: number;
  others: number;
}

const hundred = 100;

async function open(name: PeerName, folder: string, dir: string): Promise<Peer> {
  switch (name) {
    case "cairn":
      return await Cairn.open(folder, dir);
    case "git":
      return new Git(folder, dir);
    case "simple-git":
      return await EditorGit.open(folder, dir);
    case "restic":
      return new Restic(folder, dir);
  }
}

/** All peers on one folder, in turns: each round begins with another of them. */
export class Contest {
  readonly #tree: Tree;
  readonly #home: string;
  readonly #names: PeerName[];
  readonly #rounds: Rounds;
  #peers: Peer[] = [];
  /** Edits so far, so that none is made twice. */
  #edits = 0;
  #turns = 0;

  constructor(tree: Tree, home: string, names: PeerName[], rounds: Rounds) {
    this.#tree = tree;
    this.#home = home;
    this.#names = names;
    this.#rounds = rounds;
  }

  /** Each round into new stores; those of the last are what the other parts go on with. */
  async first(): Promise<Row> {
    const row = this.#row("first capture", { git: 0.35, "simple-git": 0.27, restic: 0.4 });
    for (let round = 0; round < this.#rounds.first; round += 1) {
      await this.close();
      rmSync(join(this.#home, `stores-${round - 1}`), { recursive: true, force: true });
      for (const name of this.#names) {
        this.#peers.push(
          await open(name, this.#tree.folder, join(this.#home, `stores-${round}`, name)),
        );
      }
      await this.#inTurns(row, (peer) => peer.capture());
    }
    for (const peer of this.#peers) {
      const count = await peer.count();
      if (count !== this.#tree.files) {
        throw new Error(`${peer.name} captured ${count} files instead of ${this.#tree.files}`);
      }
    }
    return row;
  }

  async same(): Promise<Row> {
    const git = this.#tree.files < 5000 ? 0.25 : this.#tree.files < 50_000 ? 0.55 : 0.95;
    const editors = this.#tree.files < 5000 ? 0.08 : this.#tree.files < 50_000 ? 0.33 : 0.7;
    const row = this.#row("nothing changed", { git, "simple-git": editors, restic: 0.08 });
    for (let round = 0; round < this.#rounds.others; round += 1) {
      await this.#inTurns(row, (peer) => peer.capture());
    }
    return row;
  }

  /** Ten files changed, then the difference that they make. */
  async ten(): Promise<Row[]> {
    const ten = this.#row("10 files changed", { git: 0.6, "simple-git": 0.34, restic: 0.08 });
    const diff = this.#row("difference of two checkpoints", {
      git: 0.3,
      "simple-git": 0.5,
      restic: 0.01,
    });
    let before = await this.#all((peer) => peer.capture());
    for (let round = 0; round < this.#rounds.others; round += 1) {
      this.#edit();
      const after = new Map<PeerName, string>();
      await this.#inTurns(ten, async (peer) => after.set(peer.name, await peer.capture()));
      await this.#inTurns(diff, async (peer) => {
        const files = await peer.diff(before.get(peer.name) ?? "", after.get(peer.name) ?? "");
        if (files !== 10) throw new Error(`${peer.name} sees ${files} files that differ`);
      });
      before = after;
    }
    return [ten, diff];
  }

  async restart(): Promise<Row> {
    const row = this.#row("first capture after a restart, nothing changed", {});
    for (let round = 0; round < this.#rounds.others; round += 1) {
      await this.#all((peer) => peer.reopen());
      await this.#inTurns(row, (peer) => peer.capture());
    }
    return row;
  }

  async restore(): Promise<Row> {
    const row = this.#row("restore of 10 files, stored before and verified after", {
      git: 0.6,
      "simple-git": 0.8,
    });
    const targets = await this.#all((peer) => peer.capture());
    const kept = this.#tree.contents();
    for (let round = 0; round < this.#rounds.others; round += 1) {
      await this.#inTurns(
        row,
        async (peer) => await peer.restore?.(targets.get(peer.name) ?? ""),
        (peer) => {
          if (peer.restore !== undefined) this.#edit();
          return peer.restore !== undefined;
        },
      );
      for (const [path, content] of kept) {
        if (!readFileSync(path).equals(content)) throw new Error(`${path} was not restored`);
      }
    }
    return row;
  }

  /** A hundred checkpoints of ten edits each, then the older half removed. */
  async hundred(): Promise<Row[]> {
    const stored = this.#row(
      "store after 100 checkpoints",
      { git: 0.3, "simple-git": 0.5, restic: 0.9 },
      "MB",
    );
    const removed = this.#row("older half removed and collected", {
      git: 0.1,
      "simple-git": 0.2,
      restic: 0.15,
    });
    const after = this.#row("store after that", {}, "MB");
    for (let i = 0; i < hundred; i += 1) {
      this.#edit();
      await this.#all((peer) => peer.capture());
    }
    const weigh = (row: Row): void => {
      for (const peer of this.#peers) this.#note(row, peer.name, peer.storeBytes() / 1e6);
    };
    weigh(stored);
    await this.#inTurns(removed, async (peer) => await peer.removeHalf?.());
    weigh(after);
    return [stored, removed, after];
  }

  async close(): Promise<void> {
    for (const peer of this.#peers.splice(0)) await peer.close();
  }

  #row(what: string, goals: Row["goals"], unit: Row["unit"] = "ms"): Row {
    return { what, files: this.#tree.files, unit, figures: {}, goals };
  }

  #edit(): void {
    this.#tree.edit((this.#edits += 1));
  }

  #note({ figures }: Row, name: PeerName, value: number): void {
    (figures[name] ??= []).push(value);
  }

  async #all<T>(work: (peer: Peer) => Promise<T>): Promise<Map<PeerName, T>> {
    const results = new Map<PeerName, T>();
    for (const peer of this.#peers) results.set(peer.name, await work(peer));
    return results;
  }

  async #inTurns(
    row: Row,
    work: (peer: Peer) => Promise<unknown>,
    prepare: (peer: Peer) => boolean = () => true,
  ): Promise<void> {
    const start = (this.#turns += 1) % this.#peers.length;
    for (const peer of [...this.#peers.slice(start), ...this.#peers.slice(0, start)]) {
      if (!prepare(peer)) continue;
      const began = performance.now();
      await work(peer);
      this.#note(row, peer.name, performance.now() - began);
    }
  }
}
