// Storing and collecting under every fault, kill and flipped bit, as the tests do, only more of it:
//   --only PARTS   of faults, kills, syscalls, flips, index, crowd, starts, large (default all)
//   --runs N       kills, and as many of the rest as stand to it (default 1,000)
//   --seed N       to repeat a run
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openStore } from "../src/store/store.ts";
import { raceForLock } from "../src/testing/lock-races.ts";
import { randomOf } from "../src/testing/random.ts";
import { readFiles } from "../src/testing/snapshots.ts";
import { crowd } from "../src/testing/store-crowd.ts";
import { countSteps, storeFault, storeFaults, storeWorks } from "../src/testing/store-drills.ts";
import { damageIndex, flipPacks } from "../src/testing/store-flips.ts";
import type { Said } from "../src/testing/store-kills.ts";
import { checkKilled, runVictim } from "../src/testing/store-kills.ts";
import { memoryDir } from "../src/testing/store-site.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "faults,kills,syscalls,flips,index,crowd,starts,large" },
    runs: { type: "string", default: "1000" },
    seed: { type: "string", default: `${Math.floor(Math.random() * 2 ** 31)}` },
  },
  strict: false,
});
const runs = Number(values.runs);
const seed = Number(values.seed);
const parts = String(values.only).split(",");
const random = randomOf(seed);
const victim = new URL("../src/testing/store-victim.ts", import.meta.url).pathname;
const GiB = 1024 * 1024 * 1024;
let wrong = 0;

console.log(`store: --only ${parts.join()} --runs ${runs} --seed ${seed}`);

function report(what: string, problems: string[]): void {
  wrong += problems.length;
  for (const problem of problems.slice(0, 20)) console.log(`  ${problem}`);
  console.log(`${what}: ${problems.length} wrong`);
}

/** A folder for as long as the work takes. */
async function inFolder<T>(parent: string, work: (dir: string) => Promise<T> | T): Promise<T> {
  const dir = mkdtempSync(join(parent, "cairn-torture-"));
  try {
    return await work(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function faults(): void {
  const problems: string[] = [];
  let cases = 0;
  for (const work of storeWorks) {
    const steps = countSteps(work, memoryDir());
    for (const fault of storeFaults) {
      for (let at = 1; at <= steps; at += 1) {
        cases += 1;
        const verdict = storeFault(work, fault, at, memoryDir());
        if (verdict !== undefined) problems.push(`${work}, ${fault} at ${at}: ${verdict}`);
      }
    }
  }
  report(`${cases} faults, one at each step`, problems);
}

/** On a disk that syncs, and in one folder for all: each start finds what the last left. */
async function kills(): Promise<void> {
  const problems: string[] = [];
  await inFolder(tmpdir(), async (dir) => {
    const said: Said = { kept: new Set(), doubtful: new Set() };
    for (let run = 0; run < runs && problems.length === 0; run += 1) {
      const args = [victim, dir, `${seed + run}`, "0"];
      const kill = { lines: 1 + random(40), ms: random(30) };
      const errors = await runVictim({ command: process.execPath, args, kill }, said);
      if (errors !== "") problems.push(`kill ${run}: ${errors}`);
      problems.push(...checkKilled(dir, said).map((what) => `kill ${run}: ${what}`));
    }
  });
  report(`${runs} kills at any moment`, problems);
}

const calls = "pwrite64,pwritev,fdatasync,fsync,openat,ftruncate,unlink,rename";

/** The n-th call of a kind is the last, or fails: SQLite's own among them. */
async function syscalls(): Promise<void> {
  const traced = spawnSync("strace", ["-o", "/dev/null", "true"]);
  if (traced.status !== 0) {
    console.log("not done, strace is missing or may not trace: kills and errors at the n-th call");
    return;
  }
  const problems: string[] = [];
  const count = Math.ceil(runs / 2);
  await inFolder(memoryDir(), async (dir) => {
    const said: Said = { kept: new Set(), doubtful: new Set() };
    for (let run = 0; run < count && problems.length === 0; run += 1) {
      const [call = ""] = calls.split(",").slice(random(calls.split(",").length));
      const fate = ["signal=SIGKILL", "error=EIO", "error=ENOSPC", "error=EMFILE"][random(4)] ?? "";
      const inject = `inject=${call}:${fate}:when=${1 + random(250)}`;
      const traces = ["-f", "-o", "/dev/null", "-e", `trace=${call}`, "-e", inject];
      const args = [...traces, process.execPath, victim, dir, `${seed + run}`, "25"];
      await runVictim({ command: "strace", args, kill: null }, said);
      problems.push(...checkKilled(dir, said).map((what) => `${inject}: ${what}`));
    }
  });
  report(`${count} kills and errors at the n-th call`, problems);
}

function flips(): void {
  const { found, wrong: problems } = flipPacks(runs * 10, seed);
  report(
    `${runs * 10} flipped bits and cuts of a pack, ${found} of which broke something`,
    problems,
  );
}

function index(): void {
  report(`${runs * 2} kinds of damage to an index`, damageIndex(runs * 2, seed));
}

async function crowds(): Promise<void> {
  const problems = await inFolder(memoryDir(), async (dir) => {
    const store = openStore(dir);
    const { held, removed } = await crowd(store, { threads: 4, rounds: runs * 2, seed });
    console.log(`  ${removed} objects were collected meanwhile`);
    for (const { snapshot } of held) readFiles(store, snapshot);
    // The one that is under way keeps what was pinned when it began.
    while (!store.collect({}).done) continue;
    store.unpin(held.map(({ pin }) => pin));
    while (!store.collect({}).done) continue;
    const { objects } = store.facts();
    store.close();
    return objects === 0 ? [] : [`${objects} objects are left over`];
  });
  report(`${runs * 8} captures of four threads that are collected`, problems);
}

async function starts(): Promise<void> {
  const problems = await inFolder(tmpdir(), (dir) => raceForLock(dir, runs, 3));
  report(`${runs} starts of three at once`, problems);
}

async function large(): Promise<void> {
  const program = new URL("../src/testing/large-file-program.ts", import.meta.url).pathname;
  const problems = await inFolder(tmpdir(), (dir) => {
    const run = (order: string): string =>
      spawnSync(process.execPath, [program, order, dir, `${2 * GiB}`]).stdout.toString();
    run("plant");
    const told = run("capture");
    console.log(`  ${told.trim()}`);
    const { captured, same } = JSON.parse(told) as { captured: number; same: boolean };
    const most = 64 * 1024 * 1024;
    return same && captured < most ? [] : [`it took ${captured} bytes more of memory`];
  });
  report("a file of 2 GiB captured and read back", problems);
}

if (parts.includes("faults")) faults();
if (parts.includes("kills")) await kills();
if (parts.includes("syscalls")) await syscalls();
if (parts.includes("flips")) flips();
if (parts.includes("index")) index();
if (parts.includes("crowd")) await crowds();
if (parts.includes("starts")) await starts();
if (parts.includes("large")) await large();
if (wrong > 0) process.exitCode = 1;
