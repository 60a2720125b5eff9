import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { gunzipSync } from "node:zlib";
import { defaultSettings } from "@cairn/shared/session";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Store } from "../store.ts";
import { allCheckpoints, addCheckpoint, at } from "../testing/rows.ts";
import { openSqliteStore } from "./sqlite-store.ts";

const id = (n: number): string => `0b4f5a52-4f0a-4f4e-9d7a-${String(n).padStart(12, "0")}`;
const [parser, closed] = [id(1), id(2)];

let folder: string;
let file: string;
let store: Store | undefined;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "cairn-golden-"));
  file = path.join(folder, "cairn.db");
});
afterEach(async () => {
  await store?.close();
  await rm(folder, { recursive: true });
});

/** A database that the code of that version wrote, as it was released. */
async function unpack(version: number): Promise<void> {
  const packed = path.join(import.meta.dirname, "golden", `v${version}.db.gz`);
  await writeFile(file, gunzipSync(await readFile(packed)));
  const database = new DatabaseSync(file, { readOnly: true });
  expect(database.prepare("pragma user_version").get()).toMatchObject({ user_version: version });
  database.close();
}

describe("[DUR1] a store of version 1", () => {
  beforeEach(async () => {
    await unpack(1);
    store = await openSqliteStore({ file });
  });

  test("opens with everything that was in it", async () => {
    const sessions = (await store!.sessions({ limit: 9 })).rows;
    expect(sessions.map((row) => [row.session_id, row.seq, row.epoch])).toEqual([
      [closed, 2, "epoch-b"],
      [parser, 3, "epoch-a"],
    ]);
    expect(sessions[1]).toMatchObject({
      workspace: "/home/ada/parser",
      labels: { team: "Łódź" },
      head: id(11),
      checkpoints: 2,
    });
    const [one, two] = await allCheckpoints(store!, parser);
    expect(one).toMatchObject({
      checkpoint_id: id(10),
      message: "Größe",
      tags: ["t", "u"],
      changed_paths: ["src/a.ts", "src/b.ts"],
      state: { step: 1 },
      max_severity: "critical",
    });
    expect(two).toMatchObject({ checkpoint_id: id(11), parent_id: id(10), pinned: true });
    expect(await store!.annotations(id(10))).toMatchObject([{ note: "careful" }]);
    expect((await store!.deletedCheckpoints({ limit: 9 })).rows).toMatchObject([
      { checkpoint_id: id(12) },
    ]);
    expect(await store!.keys()).toMatchObject([{ key_id: id(30), label: "Firefox" }]);
    const events = await store!.events({ session_id: parser, after: 0, limit: 9 });
    expect(events.map(({ seq, event_type }) => [seq, event_type])).toEqual([
      [1, "session_created"],
      [2, "checkpoint_created"],
      [3, "checkpoint_created"],
    ]);
  });

  test("has operations that no key asked for", async () => {
    expect(await store!.operation(id(40))).toMatchObject({ status: "done", call: null });
    expect(await store!.pendingOperations()).toMatchObject([{ operation_id: id(41), call: null }]);
  });

  test("goes on: log, consumers and idempotency keys, over a restart too", async () => {
    expect(await store!.consumers(parser)).toEqual([]);
    expect((await addCheckpoint(store!, parser)).event.seq).toBe(4);
    const consumer = {
      session_id: parser,
      consumer: "mirror",
      epoch: "epoch-a",
      floor: 4,
      updated_at: at(50),
    };
    const kept = {
      actor: "ada",
      method: "checkpoint",
      key: "k",
      params_hash: "a".repeat(64),
      result: "{}",
      created_at: at(50),
    };
    await store!.transact(async (tx) => {
      await tx.saveConsumer(consumer);
      await tx.insertIdempotent(kept);
      expect(await tx.trimLog(parser, { keep: 2, before: at(-1), limit: 9 })).toBe(3);
    });
    await store!.close();
    store = await openSqliteStore({ file });
    expect(await store.consumers(parser)).toEqual([consumer]);
    expect(await store.idempotent("ada", "checkpoint", "k")).toEqual(kept);
    expect(await store.position(parser)).toEqual({ epoch: "epoch-a", seq: 4, oldest_seq: 3 });
  });
});

describe("[DUR1] a store of version 2", () => {
  beforeEach(async () => {
    await unpack(2);
    store = await openSqliteStore({ file });
  });

  test("opens with everything that was in it, and settings that it did not know", async () => {
    const { settings } = (await store!.session(parser))!;
    expect(settings).toEqual({ ...defaultSettings, retention: null });
    const rows = await allCheckpoints(store!, parser);
    expect(rows.map((row) => row.checkpoint_id)).toEqual([id(10), id(11)]);
    expect(await store!.consumers(parser)).toMatchObject([{ consumer: "mirror", floor: 2 }]);
    expect(await store!.idempotent("ada", "checkpoint", "k")).toMatchObject({ result: "{}" });
    expect((await store!.deletedCheckpoints({ limit: 9 })).rows).toHaveLength(2);
  });

  test("gives its trash its days from now on", async () => {
    expect(await store!.checkpointsToPurge(Number.MAX_SAFE_INTEGER, 9)).toEqual([]);
    expect(await store!.transact((tx) => tx.schedulePurge(700, 9))).toBe(3);
    const due = await store!.checkpointsToPurge(700, 9);
    expect(due.toSorted()).toEqual([id(12), id(13)]);
    expect(await store!.sessionsToPurge(700)).toMatchObject([{ session_id: id(3) }]);
    expect(await store!.transact((tx) => tx.purgeSession(id(3)))).toEqual([id(14)]);
  });
});

test("every version but the newest has such a store", async () => {
  store = await openSqliteStore({ file });
  await store.close();
  const database = new DatabaseSync(file, { readOnly: true });
  const row = database.prepare("pragma user_version").get() as { user_version: number };
  database.close();
  for (let version = 1; version < row.user_version; version += 1) await unpack(version);
  expect(row.user_version).toBeGreaterThan(1);
});
