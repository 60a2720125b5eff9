// How soon a server is ready (P15): on a new data folder, on one of 10,000 checkpoints, and on
// that again after a kill in the middle of a restore of 2,000 files. Goals: small ≤ 400 ms,
// 10,000 ≤ 2 s, recovery ≤ 5 s. From the spawn of the process to its ready line; interleaved.
//   --rounds N   of each (default 9)
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { mkdirSync, readdirSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import { openSqliteStore } from "../src/storage/sqlite/sqlite-store.ts";
import { checkpointRow } from "../src/storage/testing/rows.ts";
import { callOver } from "../src/testing/call.ts";
import { SpawnedServer } from "../src/testing/spawn-server.ts";

const { values } = parseArgs({ options: { rounds: { type: "string" } }, strict: false });
const rounds = Number(values.rounds ?? 9);
const checkpoints = 10_000;
const files = 2_000;
const program = join(import.meta.dirname, "../src/testing/crashing-server.ts");

const root = await mkdtemp(join(tmpdir(), "cairn-start-"));
const small = { dataDir: join(root, "small"), program };
const large = { dataDir: join(root, "large"), program };
const work = join(root, "work");

async function callerOf(server: SpawnedServer, dataDir: string) {
  const token = (await readFile(join(dataDir, "token"), "utf8")).trim();
  return { url: server.url, token };
}

async function writeAll(text: string): Promise<void> {
  for (let n = 0; n < files; n += 1) {
    const folder = join(work, `dir-${n % 50}`);
    mkdirSync(folder, { recursive: true });
    await writeFile(join(folder, `file-${n}.txt`), `${text} ${n}\n`.repeat(20));
  }
}

/** One checkpoint by the server, and its row and pin so many times. */
async function fill(): Promise<{ session_id: string; checkpoint_id: string }> {
  const { dataDir } = large;
  await writeAll("then");
  const server = await new SpawnedServer(large).start();
  const caller = await callerOf(server, dataDir);
  const { session_id } = await callOver(caller, "create_session", { workspace: work });
  const { checkpoint_id } = await callOver(caller, "checkpoint", { session_id });
  await server.end();
  const store = await openSqliteStore({ file: join(dataDir, "cairn.db") });
  const row = await store.checkpoint(session_id, checkpoint_id);
  if (row === null) throw new Error("there is no checkpoint");
  const ids: string[] = [];
  while (ids.length < checkpoints) {
    await store.transact(async (tx) => {
      for (let n = 0; n < 1_000; n += 1) {
        const { tree, rules, changed_paths } = row;
        const sequence_number = await tx.nextSequenceNumber();
        const place = { session_id, sequence_number, parent_id: ids.at(-1) ?? checkpoint_id };
        const copy = checkpointRow({ ...place, tree, rules, changed_paths });
        await tx.insertCheckpoint(copy);
        const data = { checkpoint_id: copy.checkpoint_id, session_id, timestamp: copy.created_at };
        await tx.appendEvent({ event_type: "checkpoint_created", data, actor: "admin" });
        ids.push(copy.checkpoint_id);
      }
    });
  }
  await store.close();
  const index = new DatabaseSync(join(dataDir, "store/index.db"));
  const copy = index.prepare(
    "INSERT INTO pins SELECT ?, tree, rules, skipped FROM pins WHERE pin = ?",
  );
  index.exec("BEGIN");
  for (const id of ids) copy.run(id, checkpoint_id);
  index.exec("COMMIT");
  index.close();
  return { session_id, checkpoint_id };
}

interface Taken {
  /** From the spawn to the ready line. */
  wall: number;
  /** Processor time of all its threads till then; a busy machine distorts it least. */
  cpu: number;
}

const tickMs = 10;

/** In ms, both; the server is ended again. */
async function timeStart(options: typeof small): Promise<Taken> {
  const before = performance.now();
  const server = await new SpawnedServer(options).start();
  const wall = performance.now() - before;
  const stat = await readFile(`/proc/${server.ready.pid}/stat`, "utf8").catch(() => "");
  await server.end();
  // After the name, which may hold anything: utime and stime.
  const [user, system] = stat
    .replace(/^.*\) /, "")
    .split(" ")
    .slice(11, 13)
    .map(Number);
  return { wall, cpu: ((user ?? Number.NaN) + (system ?? Number.NaN)) * tickMs };
}

async function cutRestore(params: { session_id: string; checkpoint_id: string }): Promise<void> {
  await writeAll("now");
  const env = { CAIRN_CRASH_AT: `phase:applying:${files / 2}` };
  const server = await new SpawnedServer({ ...large, env }).start();
  const caller = await callerOf(server, large.dataDir);
  const ended = await callOver(caller, "restore", params).catch(() => "cut");
  if (ended !== "cut") throw new Error("the restore was not cut");
  await server.end();
  const staged = readdirSync(work, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.includes(".cairn-"),
  );
  if (staged.length === 0) throw new Error("the restore was cut before it did anything");
}

try {
  const target = await fill();
  const names = {
    small: "small store (≤ 400)",
    large: `${checkpoints} checkpoints (≤ 2,000)`,
    recovery: `and a restore cut after ${files / 2} of ${files} files (≤ 5,000)`,
  };
  const taken: Record<keyof typeof names, Taken[]> = { small: [], large: [], recovery: [] };
  // The first round fills the cache of compiled code.
  for (let round = 0; round <= rounds; round += 1) {
    const times = { small: await timeStart(small), large: await timeStart(large) };
    await cutRestore(target);
    const recovery = await timeStart(large);
    if (round === 0) continue;
    taken.small.push(times.small);
    taken.large.push(times.large);
    taken.recovery.push(recovery);
  }
  const load = loadavg()[0]?.toFixed(1) ?? "?";
  console.log(`ms from spawn to ready, ${rounds} rounds, load ${load}`);
  console.log(
    `${"".padEnd(54)}${["min", "median", "max", "cpu"].map((head) => head.padStart(8)).join("")}`,
  );
  for (const name of ["small", "large", "recovery"] as const) {
    const walls = taken[name].map(({ wall }) => wall).toSorted((one, other) => one - other);
    const cpus = taken[name].map(({ cpu }) => cpu).toSorted((one, other) => one - other);
    const middle = Math.floor(rounds / 2);
    const figures = [walls[0], walls[middle], walls.at(-1), cpus[middle]];
    const shown = figures.map((ms = Number.NaN) => ms.toFixed(0).padStart(8)).join("");
    console.log(`${names[name].padEnd(54)}${shown}`);
  }
} finally {
  await rm(root, { recursive: true, force: true });
}
