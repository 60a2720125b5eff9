// The store at 100,000 checkpoints: pages at any depth, filters, replay, commits.
// Goals: a page of 100 ≤ 0.3 ms at any depth, replay of 1,000 events ≤ 2 ms. Timed on whatever
// machine runs it, so compare figures of one machine only; `cpu` is the mean of processor time,
// which a busy machine distorts least.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { openSqliteStore } from "../src/storage/sqlite/sqlite-store.ts";
import type { NewCheckpoint, Store, Tx } from "../src/storage/store.ts";
import {
  addCheckpoint,
  addSession,
  asListed,
  at,
  checkpointRow,
} from "../src/storage/testing/rows.ts";

const size = 100_000;
const rounds = 5;

async function insertWithEvent(tx: Tx, row: NewCheckpoint): Promise<void> {
  await tx.insertCheckpoint(row);
  await tx.appendEvent({
    event_type: "checkpoint_created",
    data: {
      checkpoint_id: row.checkpoint_id,
      session_id: row.session_id,
      timestamp: row.created_at,
    },
    actor: "admin",
    head: row.checkpoint_id,
    checkpoint: asListed(row),
  });
}

async function fill(store: Store, session_id: string, count: number): Promise<string[]> {
  const ids: string[] = [];
  while (ids.length < count) {
    await store.transact(async (tx) => {
      for (let n = 0; n < 1_000; n += 1) {
        const sequence_number = await tx.nextSequenceNumber();
        const row = checkpointRow({
          session_id,
          sequence_number,
          parent_id: ids.at(-1) ?? null,
          message: `Run ${sequence_number}: the parser keeps its place over a broken line`,
          tags: sequence_number % 50 === 0 ? ["green"] : [],
          trigger: { kind: "automatic", reason: "tool_call" },
          author: sequence_number % 3 === 0 ? "ada" : "agent",
          git: { commit: "e".repeat(40), branch: "main" },
          state: { step: sequence_number, note: "x".repeat(200) },
          changed_paths: [0, 1, 2].map((k) => `src/part-${(sequence_number * 7 + k) % 500}/a.ts`),
        });
        await insertWithEvent(tx, row);
        ids.push(row.checkpoint_id);
      }
    });
  }
  return ids;
}

function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.floor(sorted.length * part)] ?? Number.NaN;
}

async function main(store: Store): Promise<void> {
  const started = performance.now();
  const session_id = await addSession(store);
  const ids = await fill(store, session_id, size);
  const seconds = (performance.now() - started) / 1000;
  console.log(`${size} checkpoints written by thousands in ${seconds.toFixed(1)} s`);

  // Compaction's worst for the shown parent: 10,000 removed in a row.
  const gapped = await addSession(store);
  const chain = await fill(store, gapped, 11_000);
  await store.transact(async (tx) => {
    for (const id of chain.slice(500, 10_500)) await tx.updateCheckpoint(id, { deleted_at: at(1) });
  });

  const cursors: string[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await store.checkpoints({ session_id, limit: 200, order: "desc", cursor });
    if (page.next_cursor === undefined) break;
    cursor = page.next_cursor;
    cursors.push(cursor);
  }
  const gap = { session_id: gapped, order: "asc" } as const;
  const { next_cursor: beforeGap } = await store.checkpoints({ ...gap, limit: 490 });
  const pick = (n: number): string | undefined => cursors[(n * 7_919) % cursors.length];
  const desc = { session_id, order: "desc" } as const;
  const cases: [name: string, times: number, run: (n: number) => Promise<unknown>][] = [
    ["first page of 100", 200, () => store.checkpoints({ ...desc, limit: 100 })],
    [
      "page of 100 at any depth",
      400,
      (n) => store.checkpoints({ ...desc, limit: 100, cursor: pick(n) }),
    ],
    [
      "page of 50 at any depth",
      400,
      (n) => store.checkpoints({ ...desc, limit: 50, cursor: pick(n) }),
    ],
    [
      "page over 10,000 removed",
      20,
      () => store.checkpoints({ ...gap, limit: 100, cursor: beforeGap }),
    ],
    [
      "one checkpoint, whole",
      400,
      (n) => store.checkpoint(session_id, ids[(n * 7_919) % size] ?? ""),
    ],
    [
      "filter tag",
      10,
      () => store.checkpoints({ ...desc, limit: 100, filter: { tags: ["green"] } }),
    ],
    [
      "filter author",
      10,
      () => store.checkpoints({ ...desc, limit: 100, filter: { authors: ["ada"] } }),
    ],
    [
      "filter text, all match",
      10,
      () => store.checkpoints({ ...desc, limit: 100, filter: { text: "PARSER" } }),
    ],
    [
      "filter text, one matches",
      10,
      () => store.checkpoints({ ...desc, limit: 100, filter: { text: "run 77777:" } }),
    ],
    [
      "filter file, exact",
      10,
      () => store.checkpoints({ ...desc, limit: 100, filter: { file: "src/part-7/a.ts" } }),
    ],
    [
      "filter file, **/*.ts",
      10,
      () => store.checkpoints({ ...desc, limit: 100, filter: { file: "**/*.ts" } }),
    ],
    [
      "replay of 1,000 events",
      40,
      (n) => store.eventLines({ session_id, after: (n * 7_919) % (size - 1_000), limit: 1_000 }),
    ],
    [
      "replay of 100 events",
      200,
      (n) => store.eventLines({ session_id, after: (n * 7_919) % (size - 1_000), limit: 100 }),
    ],
    ["seq before the last 1,000", 20, () => store.seqBeforeLast(session_id, 1_000)],
    ["position", 400, () => store.position(session_id)],
    ["one commit (row and event)", 200, () => addCheckpoint(store, gapped)],
  ];
  const taken = new Map(cases.map(([name]) => [name, { wall: [] as number[], cpu: 0 }]));
  // Interleaved, so that a busy moment of the machine falls on all of them; the first warms up.
  for (let round = 0; round <= rounds; round += 1) {
    for (const [name, times, run] of cases) {
      const wall: number[] = [];
      const cpu = process.cpuUsage();
      for (let n = 0; n < times; n += 1) {
        const before = performance.now();
        await run(round * times + n);
        wall.push(performance.now() - before);
      }
      const { user, system } = process.cpuUsage(cpu);
      const sum = taken.get(name);
      if (round === 0 || sum === undefined) continue;
      sum.wall.push(...wall);
      sum.cpu += (user + system) / 1000;
    }
  }
  console.log(
    `${"ms".padEnd(28)}${["cpu", "p50", "p95", "p99"].map((p) => p.padStart(9)).join("")}`,
  );
  for (const [name, { wall, cpu }] of taken) {
    const sorted = wall.toSorted((a, b) => a - b);
    const figures = [cpu / wall.length, ...[0.5, 0.95, 0.99].map((part) => quantile(sorted, part))];
    console.log(`${name.padEnd(28)}${figures.map((ms) => ms.toFixed(3).padStart(9)).join("")}`);
  }
}

const folder = await mkdtemp(path.join(tmpdir(), "cairn-bench-"));
const store = await openSqliteStore({ file: path.join(folder, "cairn.db") });
try {
  await main(store);
} finally {
  await store.close();
  await rm(folder, { recursive: true });
}
