// Captures against tuned git plumbing on the same files, in turns, medians in milliseconds. What
// counts is the ratio. Git works on a repository of its own beside the folder, as a tool that
// checkpoints by git would; without git only Cairn is timed.
import { spawnSync } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { defaultSettings } from "@cairn/shared/session";
import type { Rules, Runner } from "../src/runner.ts";
import { startRunner } from "../src/worker-runner.ts";

const root = join(import.meta.dirname, "../../../.cache/bench");
const { ignore, include, limits } = defaultSettings;
const rules: Rules = { ignore, include, limits };
const hasGit = spawnSync("git", ["--version"]).status === 0;

/** Text as code is: lines of few words that come again. 0.2 to 24 KiB, most of it small. */
function text(seed: string): string {
  const bytes = createHash("sha256").update(seed).digest();
  const lines = 4 + Math.floor((bytes.readUInt8(0) / 255) ** 4 * 500);
  return Array.from({ length: lines }, (_, i) => {
    const word = bytes.readUInt8(i % 32);
    return `${" ".repeat(word % 8)}const ${seed.slice(-4)}_${word * i} = compute(${word}, "${i}");`;
  }).join("\n");
}

function pathOf(folder: string, i: number): string {
  return join(
    folder,
    `package-${Math.floor(i / 500)}`,
    `part-${Math.floor(i / 25) % 20}`,
    `f${i}.ts`,
  );
}

function plant(folder: string, files: number): void {
  for (let i = 0; i < files; i += 1) {
    mkdirSync(join(pathOf(folder, i), ".."), { recursive: true });
    writeFileSync(pathOf(folder, i), text(`file ${i}`));
  }
}

class Git {
  readonly #env: NodeJS.ProcessEnv;
  #head: string | undefined;

  constructor(folder: string, dir: string) {
    this.#env = {
      ...process.env,
      GIT_DIR: dir,
      GIT_WORK_TREE: folder,
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_AUTHOR_NAME: "bench",
      GIT_AUTHOR_EMAIL: "bench@localhost",
      GIT_COMMITTER_NAME: "bench",
      GIT_COMMITTER_EMAIL: "bench@localhost",
    };
    this.#run("init", "-q");
    for (const [key, value] of Object.entries({
      "core.untrackedCache": "true",
      "core.looseCompression": "1",
      "index.version": "4",
      "gc.auto": "0",
    })) {
      this.#run("config", key, value);
    }
  }

  capture(): void {
    this.#run("add", "-A");
    const tree = this.#run("write-tree");
    const parent = this.#head === undefined ? [] : ["-p", this.#head];
    this.#head = this.#run("commit-tree", tree, ...parent, "-m", "checkpoint");
    this.#run("update-ref", "refs/heads/checkpoints", this.#head);
  }

  #run(...args: string[]): string {
    const { status, stdout, stderr } = spawnSync("git", args, { env: this.#env, encoding: "utf8" });
    if (status !== 0) throw new Error(`git ${args[0]}: ${stderr}`);
    return stdout.trim();
  }
}

class Cairn {
  readonly #folder: string;
  readonly #runner: Runner;
  #parent: string | null = null;

  constructor(folder: string, runner: Runner) {
    this.#folder = folder;
    this.#runner = runner;
  }

  /** With its thread started: it runs before anyone asks for a checkpoint. */
  static async start(folder: string, dataDir: string): Promise<Cairn> {
    const runner = await startRunner({ dataDir });
    await runner.scan({ workspace: folder, rules });
    return new Cairn(folder, runner);
  }

  async capture(): Promise<void> {
    const request = { pin: randomUUID(), workspace: this.#folder, rules, parent: this.#parent };
    this.#parent = (await this.#runner.capture(request)).tree;
  }

  async close(): Promise<void> {
    await this.#runner.close();
  }
}

async function time(work: () => unknown): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function spread(times: number[]): { median: number; text: string } {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
  return {
    median: at(0.5),
    text: `${at(0.5).toFixed(1)} (${at(0).toFixed(1)}-${at(1).toFixed(1)})`,
  };
}

function report(name: string, cairn: number[], git: number[]): void {
  const ours = spread(cairn);
  const theirs = spread(git);
  const compared = hasGit
    ? `  git ${theirs.text.padEnd(26)}  ${(ours.median / theirs.median).toFixed(2)}x`
    : "";
  console.log(`${name.padEnd(34)}  cairn ${ours.text.padEnd(26)}${compared}`);
}

function bytesIn(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    // Blocks, since a loose object takes at least one.
    if (entry.isFile()) bytes += statSync(join(entry.parentPath, entry.name)).blocks * 512;
  }
  return bytes;
}

async function compare(files: number, firsts: number, rounds: number): Promise<void> {
  const home = mkdtempSync(join(root, "snapshot-"));
  const folder = join(home, "work");
  plant(folder, files);
  const taken = { first: pair(), same: pair(), ten: pair() };
  let cairn: Cairn | undefined;
  let git: Git | undefined;
  for (let round = 0; round < firsts; round += 1) {
    await cairn?.close();
    const fresh = await Cairn.start(folder, join(home, `cairn-${round}`));
    cairn = fresh;
    taken.first.cairn.push(await time(() => fresh.capture()));
    if (!hasGit) continue;
    const repository = new Git(folder, join(home, `git-${round}`));
    git = repository;
    taken.first.git.push(await time(() => repository.capture()));
  }
  for (let round = 0; round < rounds; round += 1) {
    taken.same.cairn.push(await time(() => cairn?.capture()));
    if (git !== undefined) taken.same.git.push(await time(() => git.capture()));
    for (let i = 0; i < 10; i += 1) {
      writeFileSync(pathOf(folder, (i * 97 + round) % files), text(`changed ${round} ${i}`));
    }
    taken.ten.cairn.push(await time(() => cairn?.capture()));
    if (git !== undefined) taken.ten.git.push(await time(() => git.capture()));
  }
  await cairn?.close();
  const count = files.toLocaleString("en");
  report(`${count} files, first capture`, taken.first.cairn, taken.first.git);
  report(`${count} files, nothing changed`, taken.same.cairn, taken.same.git);
  report(`${count} files, 10 changed`, taken.ten.cairn, taken.ten.git);
  const stored = bytesIn(join(home, `cairn-${firsts - 1}`));
  const loose = hasGit ? bytesIn(join(home, `git-${firsts - 1}`)) : Number.NaN;
  console.log(
    `${count} files, on disk after it        cairn ${(stored / 1e6).toFixed(1)} MB  git ${(loose / 1e6).toFixed(1)} MB  ${(stored / loose).toFixed(2)}x`,
  );
  rmSync(home, { recursive: true });
}

function pair(): { cairn: number[]; git: number[] } {
  return { cairn: [], git: [] };
}

mkdirSync(root, { recursive: true });
await compare(1000, 7, 15);
await compare(10_000, 5, 9);
