// From a file's edit to `workspace_dirty` at a subscriber, and what watching costs when nothing
// happens: the real server in a process of its own, the real watcher, a real socket.
// `--idle SECONDS` is how long the quiet part takes (default 150; a look comes every 60).
import { mkdir, mkdtemp, readFile, readdir, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { callOver } from "../src/testing/call.ts";
import { RawClient } from "../src/testing/raw-client.ts";
import { SpawnedServer } from "../src/testing/spawn-server.ts";

const { values } = parseArgs({ options: { idle: { type: "string", default: "150" } } });
const idleSeconds = Number(values.idle);
const sizes = [1_000, 10_000];
const rounds = 40;
/** Longer than hints are held back after the last one. */
const apartMs = 700;
const ticksPerSecond = 100;

async function plant(folder: string, files: number): Promise<string[]> {
  const paths: string[] = [];
  for (let i = 0; i < files; i += 1) {
    const parent = join(folder, `part-${i % 40}`, `step-${Math.floor(i / 10)}`);
    if (i % 10 === 0 || i < 400) await mkdir(parent, { recursive: true });
    await mkdir(parent, { recursive: true });
    const path = join(parent, `file-${i}.ts`);
    await writeFile(path, `export const value = ${i};\n`.repeat(40));
    paths.push(path);
  }
  return paths;
}

/** The process and all that it started. */
async function family(pid: number): Promise<number[]> {
  const children: number[] = [];
  for (const task of await readdir(`/proc/${pid}/task`)) {
    const text = await readFile(`/proc/${pid}/task/${task}/children`, "utf8").catch(() => "");
    children.push(...text.split(" ").filter(Boolean).map(Number));
  }
  const below = await Promise.all(children.map(family));
  return [pid, ...below.flat()];
}

/** Processor time that it has had so far, in s. */
async function spent(pid: number): Promise<number> {
  let ticks = 0;
  for (const one of await family(pid)) {
    const stat = await readFile(`/proc/${one}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / ticksPerSecond;
}

async function resident(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}

function quantile(sorted: number[], q: number): string {
  return (sorted[Math.min(Math.floor(sorted.length * q), sorted.length - 1)] ?? 0).toFixed(0);
}

async function idleShare(pid: number): Promise<string> {
  const before = await spent(pid);
  await pause(idleSeconds * 1000);
  return `${((((await spent(pid)) - before) / idleSeconds) * 100).toFixed(2)} %`;
}

async function measure(files: number): Promise<void> {
  const root = await realpath(await mkdtemp(join(tmpdir(), "cairn-watch-bench-")));
  const folder = join(root, "work");
  const paths = await plant(folder, files);
  const server = await new SpawnedServer({
    dataDir: join(root, "data"),
    args: ["--auth", "off"],
  }).start();
  const { ws, url, pid } = server.ready;
  const at = { url, token: null };
  const { session_id } = await callOver(at, "create_session", { workspace: folder });
  await callOver(at, "checkpoint", { session_id });
  const unwatched = await idleShare(pid);
  const client = await RawClient.open(ws);
  await client.call("subscribe", { session_id, transient: true });
  const told = async (count: number): Promise<void> => {
    await client.until(() => {
      const last = client.events.findLast((event) => event.event_type === "workspace_dirty");
      return last?.event_type === "workspace_dirty" && last.data.dirty_files === count;
    }, `${count} files`);
  };
  await told(0);
  await pause(3_000);
  const took: number[] = [];
  for (let i = 0; i < rounds; i += 1) {
    await pause(apartMs);
    const path = paths[(i * 241) % paths.length] ?? "";
    const began = performance.now();
    await writeFile(path, `export const changed = ${i};\n`);
    await told(i + 1);
    took.push(performance.now() - began);
  }
  await pause(2_000);
  const watched = await idleShare(pid);
  const [, watcher] = await family(pid);
  const memory = watcher === undefined ? "none" : `${(await resident(watcher)).toFixed(0)} MiB`;
  took.sort((a, b) => a - b);
  console.log(
    `${files} files: edit → workspace_dirty p50 ${quantile(took, 0.5)} ms, p90 ${quantile(took, 0.9)} ms, ` +
      `max ${quantile(took, 1)} ms; idle CPU of one core unwatched ${unwatched}, watched ${watched}; ` +
      `watching process ${memory}`,
  );
  client.terminate();
  await server.end();
  await rm(root, { recursive: true, force: true });
}

for (const files of sizes) await measure(files);
