// Restores against tuned git plumbing, in turns, medians in milliseconds. Both make a safety copy
// of the folder first, bring files back and verify the whole folder after it: git by `add -A`,
// `write-tree`, `commit-tree`, `update-ref`, `read-tree -u` and `status`; it syncs no file of the
// work tree, Cairn syncs each one before it is put in its place. What counts is the ratio.
//   --seed N     to repeat a run
//   --rounds N   (default 15)
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { defaultSettings } from "@cairn/shared/session";
import type { Rules, Runner, Snapshot } from "../src/runner.ts";
import { startRunner } from "../src/worker-runner.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string" }, seed: { type: "string" } },
  strict: false,
});
const rounds = Number(values.rounds ?? 15);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const root = join(import.meta.dirname, "../../../.cache/bench");
const { ignore, include, limits } = defaultSettings;
const rules: Rules = { ignore, include, limits };
const hasGit = spawnSync("git", ["--version"]).status === 0;

const pathOf = (folder: string, i: number): string =>
  join(folder, `package-${Math.floor(i / 500)}`, `part-${Math.floor(i / 25) % 20}`, `f${i}.ts`);

/** Text as code is, 0.2 to 12 KiB. */
function text(i: number, version: string): string {
  const lines = 4 + ((i * 2_654_435_761) % 257) ** 2 / 330;
  return Array.from(
    { length: lines },
    (_, line) => `const v${line}_${i} = use("${version}");`,
  ).join("\n");
}

function plant(folder: string, files: number): void {
  for (let i = 0; i < files; i += 1) {
    mkdirSync(join(pathOf(folder, i), ".."), { recursive: true });
    writeFileSync(pathOf(folder, i), text(i, "first"));
  }
}

/** A restore there and what it is about: `edit` is undone by `restore`. */
interface Side {
  folder: string;
  restore(): unknown;
}

class Git implements Side {
  readonly folder: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #target: string;

  constructor(folder: string, dir: string) {
    this.folder = folder;
    const who = { NAME: "bench", EMAIL: "bench@localhost" };
    this.#env = {
      ...process.env,
      GIT_DIR: dir,
      GIT_WORK_TREE: folder,
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_CONFIG_NOSYSTEM: "1",
      ...Object.fromEntries(
        ["AUTHOR", "COMMITTER"].flatMap((role) =>
          Object.entries(who).map(([key, value]) => [`GIT_${role}_${key}`, value]),
        ),
      ),
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
    this.#run("add", "-A");
    this.#target = this.#run("write-tree");
    this.#run("status", "--porcelain");
  }

  restore(): void {
    this.#run("add", "-A");
    const safety = this.#run("commit-tree", this.#run("write-tree"), "-m", "before restoring");
    this.#run("update-ref", "refs/heads/safety", safety);
    this.#run("read-tree", "--reset", "-u", this.#target);
    this.#run("status", "--porcelain");
  }

  #run(...args: string[]): string {
    const { status, stdout, stderr } = spawnSync("git", args, {
      env: this.#env,
      encoding: "utf8",
      maxBuffer: 2 ** 28,
    });
    if (status !== 0) throw new Error(`git ${args[0]}: ${stderr}`);
    return stdout.trim();
  }
}

class Cairn implements Side {
  readonly folder: string;
  readonly #runner: Runner;
  readonly #target: Snapshot;

  constructor(folder: string, runner: Runner, target: Snapshot) {
    this.folder = folder;
    this.#runner = runner;
    this.#target = target;
  }

  static async start(folder: string, dataDir: string): Promise<Cairn> {
    const runner = await startRunner({ dataDir });
    const pin = randomUUID();
    const {
      tree,
      rules: kept,
      skipped,
    } = await runner.capture({
      pin,
      workspace: folder,
      rules,
      parent: null,
    });
    return new Cairn(folder, runner, { tree, rules: kept, skipped });
  }

  async restore(): Promise<void> {
    const operation_id = randomUUID();
    await this.#runner.prepare({
      operation_id,
      safety_pin: randomUUID(),
      workspace: this.folder,
      rules,
      target: this.#target,
      parent: this.#target.tree,
    });
    const { status } = await this.#runner.apply(operation_id);
    await this.#runner.settle(operation_id);
    if (status !== "restored") throw new Error(status);
  }

  close(): Promise<void> {
    return this.#runner.close();
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

async function compare(files: number, edited: number, times: number): Promise<void> {
  const home = mkdtempSync(join(root, "restore-"));
  const folders = { cairn: join(home, "cairn"), git: join(home, "git") };
  for (const folder of Object.values(folders)) plant(folder, files);
  const cairn = await Cairn.start(folders.cairn, join(home, "data"));
  const sides: [Side, number[]][] = [[cairn, []]];
  if (hasGit) sides.push([new Git(folders.git, join(home, "repository")), []]);
  for (let round = 0; round < times; round += 1) {
    for (const [side, taken] of sides) {
      for (let i = 0; i < edited; i += 1) {
        const file = (seed + i * 97 + round) % files;
        writeFileSync(pathOf(side.folder, file), text(file, `round ${round}`));
      }
      taken.push(await time(() => side.restore()));
    }
  }
  await cairn.close();
  const [ours, theirs] = sides.map(([, taken]) => spread(taken));
  const compared =
    theirs === undefined || ours === undefined
      ? ""
      : `  git ${theirs.text.padEnd(26)}  ${(ours.median / theirs.median).toFixed(2)}x`;
  const name = `${edited.toLocaleString("en")} of ${files.toLocaleString("en")} files`;
  console.log(`restore of ${name.padEnd(24)}  cairn ${ours?.text.padEnd(26)}${compared}`);
  rmSync(home, { recursive: true });
}

mkdirSync(root, { recursive: true });
console.log(`restore: --seed ${seed} --rounds ${rounds}`);
await compare(1000, 10, rounds);
await compare(10_000, 10, rounds);
await compare(10_000, 3000, Math.ceil(rounds / 4));
