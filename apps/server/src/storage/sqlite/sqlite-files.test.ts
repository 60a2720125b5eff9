import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createInterface } from "node:readline";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { allCheckpoints, addCheckpoints, addSession } from "../testing/rows.ts";
import { openSqliteStore } from "./sqlite-store.ts";

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "cairn-store-"));
  file = path.join(folder, "cairn.db");
});
afterEach(async () => await rm(folder, { recursive: true }));

function onDatabase<T>(work: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(file);
  try {
    return work(database);
  } finally {
    database.close();
  }
}

interface Ack {
  checkpoint_id: string;
  seq: number;
}

/** A process that writes; `acks` fills up with what the store told it is kept. */
function startWriter(session_id: string, count?: number) {
  const program = path.join(import.meta.dirname, "../testing/keep-writing.ts");
  const args = [program, file, session_id, ...(count === undefined ? [] : [`${count}`])];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const acks: Ack[] = [];
  const lines = createInterface(child.stdout).on("line", (line) => {
    const [checkpoint_id, seq] = line.split(" ");
    acks.push({ checkpoint_id: checkpoint_id!, seq: Number(seq) });
  });
  const ended = Promise.all([once(child, "exit"), once(lines, "close")]).then(() => child.exitCode);
  return { child, lines, acks, ended };
}

/** That a log and its rows say the same, and hold all that was acknowledged. */
async function expectWhole(session_id: string, acks: Ack[]): Promise<void> {
  const found = onDatabase((database) => database.prepare("pragma integrity_check").get());
  expect(found).toMatchObject({ integrity_check: "ok" });
  const store = await openSqliteStore({ file });
  const events = await store.events({ session_id, after: 0, limit: 1_000_000 });
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, n) => n + 1));
  const logged = new Map(events.map(({ seq, head }) => [seq, head]));
  for (const { checkpoint_id, seq } of acks) expect(logged.get(seq)).toBe(checkpoint_id);
  const rows = await allCheckpoints(store, session_id);
  expect(rows.map(({ checkpoint_id }) => checkpoint_id)).toEqual(events.map(({ head }) => head));
  for (const row of rows) expect(row).toMatchObject({ changed_paths: ["src/a.ts"], tags: ["t"] });
  const filter = { tags: ["t"], file: "src" };
  const page = await store.checkpoints({ session_id, limit: 1, order: "asc", filter });
  expect(page.total).toBe(rows.length);
  const session = await store.session(session_id);
  expect(session).toMatchObject({ checkpoints: rows.length, seq: rows.length });
  await store.close();
}

describe("a process", () => {
  test("killed amid its transactions has lost nothing that it acknowledged", async () => {
    const session_id = crypto.randomUUID();
    const acks: Ack[] = [];
    // After how many acknowledgements each of them is killed.
    const seed = Date.now() & 0x7fffffff;
    const kills = fc.sample(fc.integer({ min: 1, max: 60 }), { numRuns: 8, seed });
    for (const after of kills) {
      const writer = startWriter(session_id);
      writer.lines.on("line", () => {
        if (writer.acks.length === after) writer.child.kill("SIGKILL");
      });
      expect(await writer.ended, `seed ${seed}`).toBeNull();
      expect(writer.acks.length).toBeGreaterThanOrEqual(after);
      acks.push(...writer.acks);
      await expectWhole(session_id, acks);
    }
  });

  test("beside another writes to the same new database, each in its turn", async () => {
    const session_id = crypto.randomUUID();
    const writers = [1, 2, 3].map(() => startWriter(session_id, 40));
    const codes = await Promise.all(writers.map(({ ended }) => ended));
    expect(codes).toEqual([0, 0, 0]);
    const acks = writers.flatMap((writer) => writer.acks);
    expect(new Set(acks.map(({ seq }) => seq)).size).toBe(120);
    await expectWhole(session_id, acks);
  });
});

describe("a file", () => {
  test("of a newer version is refused, and left as it is", async () => {
    await (await openSqliteStore({ file })).close();
    onDatabase((database) => database.exec("pragma user_version = 1000"));
    const before = await readFile(file);
    await expect(openSqliteStore({ file })).rejects.toThrow(
      /cairn\.db was written by a newer Cairn \(schema 1000, this one knows \d+\)/,
    );
    expect(await readFile(file)).toEqual(before);
  });

  test("of another program is refused, and left as it is", async () => {
    onDatabase((database) => database.exec("create table notes (text)"));
    const before = await readFile(file);
    await expect(openSqliteStore({ file })).rejects.toThrow(/of another program/);
    expect(await readFile(file)).toEqual(before);
  });

  test("that is no database is refused", async () => {
    await writeFile(file, "no database ".repeat(1_000));
    await expect(openSqliteStore({ file })).rejects.toThrow(/cairn\.db is not a database/);
  });

  test("that cannot be opened is named", async () => {
    file = path.join(folder, "gone", "cairn.db");
    await expect(openSqliteStore({ file })).rejects.toThrow(/gone\/cairn\.db/);
  });

  test("is left without a log beside it by a clean close", async () => {
    const store = await openSqliteStore({ file });
    await addCheckpoints(store, await addSession(store), 5);
    await store.close();
    await expect(readFile(`${file}-wal`)).rejects.toMatchObject({ code: "ENOENT" });
  });
});
