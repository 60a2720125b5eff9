import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Store } from "../store.ts";
import {
  addCheckpoint,
  addCheckpoints,
  addOperation,
  addSession,
  allCheckpoints,
  asListed,
  checkpointRow,
  at,
  removeCheckpoint,
} from "../testing/rows.ts";
import type { Open, Opened } from "./opened.ts";

export function upkeepContract(open: Open): void {
  let opened: Opened;
  let store: Store;
  let session_id: string;
  beforeEach(async () => {
    opened = await open();
    ({ store } = opened);
    session_id = await addSession(store);
  });
  afterEach(async () => await opened.dispose());

  /** In one transaction: many at a time cost a sync each. */
  const addMany = async (count: number): Promise<string[]> =>
    await store.transact(async (tx) => {
      const ids: string[] = [];
      for (let n = 0; n < count; n += 1) {
        const sequence_number = await tx.nextSequenceNumber();
        const row = checkpointRow({ session_id, sequence_number });
        await tx.insertCheckpoint(row);
        ids.push(row.checkpoint_id);
      }
      return ids;
    });

  const counted = async () => (await store.session(session_id))?.checkpoints;

  describe("outlines", () => {
    test("give every checkpoint by pages, oldest first, tombstones too", async () => {
      const trigger = { kind: "automatic", reason: "before_restore" } as const;
      const { row: tagged } = await addCheckpoint(store, session_id, { tags: ["v1"], trigger });
      const [gone, purged] = await addCheckpoints(store, session_id, 2);
      await removeCheckpoint(store, gone!.checkpoint_id, 5);
      const change = { deleted_at: at(6), purged_at: at(7) };
      await store.transact((tx) => tx.updateCheckpoint(purged!.checkpoint_id, change));
      const first = await store.outlines({ of: { session_id }, after: 0, limit: 2 });
      const { sequence_number } = first[1]!;
      const rest = await store.outlines({ of: { session_id }, after: sequence_number, limit: 2 });
      expect([...first, ...rest]).toMatchObject([
        { checkpoint_id: tagged.checkpoint_id, tagged: true, trigger, deleted_at: null },
        { checkpoint_id: gone!.checkpoint_id, tagged: false, deleted_at: at(5), purged_at: null },
        { checkpoint_id: purged!.checkpoint_id, ...change },
      ]);
    });

    test("of all sessions leave out those in the trash", async () => {
      const other = await addSession(store);
      const dead = await addSession(store);
      for (const id of [session_id, other, dead]) await addCheckpoint(store, id);
      await store.transact((tx) => tx.updateSession(dead, { deleted_at: at(1) }));
      const all = await store.outlines({ of: "live", after: 0, limit: 9 });
      expect(all.map((row) => row.session_id)).toEqual([session_id, other]);
      const every = await store.outlines({ of: "all", after: 0, limit: 9 });
      expect(every.map((row) => row.session_id)).toEqual([session_id, other, dead]);
      expect(await store.keptBytes()).toBe(3 * every[0]!.bytes);
    });
  });

  test("whole checkpoints come a few at a time where they are large, but always one", async () => {
    const state = "x".repeat(1_000);
    for (let n = 0; n < 5; n += 1) await addCheckpoint(store, session_id, n < 3 ? { state } : {});
    const page = async (after: number, bytes: number) =>
      (await store.wholeCheckpoints({ session_id, after, limit: 9, bytes })).map(
        ({ sequence_number }) => sequence_number,
      );
    expect(await page(0, 10)).toEqual([1]);
    expect(await page(0, 2_100)).toEqual([1, 2]);
    expect(await page(2, 2_100)).toEqual([3, 4, 5]);
    expect(await page(5, 2_100)).toEqual([]);
  });

  describe("the trash", () => {
    test("takes many at once, gives them back, and counts what lives", async () => {
      const ids = await addMany(450);
      const other = await addSession(store);
      const { row: foreign } = await addCheckpoint(store, other);
      await removeCheckpoint(store, ids[0]!, 1);
      const asked = [...ids, ids[3]!, foreign.checkpoint_id];
      const removed = await store.transact((tx) => tx.removeCheckpoints(session_id, asked, at(9)));
      expect(removed.toSorted()).toEqual(ids.slice(1).toSorted());
      expect([await counted(), (await store.session(other))?.checkpoints]).toEqual([0, 1]);
      const purge = { deleted_at: at(9), purged_at: at(9) };
      await store.transact((tx) => tx.updateCheckpoint(ids[7]!, purge));
      const back = await store.transact((tx) => tx.undeleteCheckpoints(session_id, asked));
      expect(back.map((row) => row.checkpoint_id)).toEqual(ids.filter((id) => id !== ids[7]));
      expect(await counted()).toBe(449);
      const rows = await allCheckpoints(store, session_id);
      const listed = asListed(rows.find((row) => row.checkpoint_id === ids[449])!);
      expect(back.at(-1)).toEqual(listed);
    });

    test("lets nothing of it be seen before it is committed", async () => {
      const ids = await addMany(450);
      await store.transact(async (tx) => {
        await tx.removeCheckpoints(session_id, ids, at(9));
        expect(await counted()).toBe(450);
      });
      expect(await counted()).toBe(0);
    });

    test("of many knows whether any lives, or is still in it", async () => {
      const ids = await addMany(150);
      const { row: foreign } = await addCheckpoint(store, await addSession(store));
      const last = ids.at(-1)!;
      const facts = async () => [
        await store.hasAny(session_id, ids),
        await store.hasAny(session_id, ids, "too"),
      ];
      await store.transact(async (tx) => {
        const purge = { deleted_at: at(9), purged_at: at(9) };
        for (const id of ids.slice(0, -1)) await tx.updateCheckpoint(id, purge);
      });
      expect(await facts()).toEqual([true, true]);
      await removeCheckpoint(store, last);
      expect(await facts()).toEqual([false, true]);
      await store.transact((tx) => tx.updateCheckpoint(last, { purged_at: at(9) }));
      expect(await facts()).toEqual([false, false]);
      expect(await store.hasAny(session_id, [foreign.checkpoint_id])).toBe(false);
      expect(await store.hasAny(session_id, [])).toBe(false);
    });

    test("says when each goes from when it was looked at, anew after it was out of it", async () => {
      const [a, b] = (await addCheckpoints(store, session_id, 2)).map((row) => row.checkpoint_id);
      await removeCheckpoint(store, a!);
      const due = (now: number) => store.checkpointsToPurge(now, 9);
      expect(await due(Number.MAX_SAFE_INTEGER)).toEqual([]);
      expect(await store.transact((tx) => tx.schedulePurge(100, 9))).toBe(1);
      expect(await store.transact((tx) => tx.schedulePurge(200, 9))).toBe(0);
      await removeCheckpoint(store, b!);
      expect(await store.transact((tx) => tx.schedulePurge(200, 9))).toBe(1);
      expect([await due(99), await due(100), await due(200)]).toEqual([[], [a], [a, b]]);
      await store.transact((tx) => tx.updateCheckpoint(a!, { deleted_at: null }));
      await store.transact((tx) => tx.undeleteCheckpoints(session_id, [b!]));
      await removeCheckpoint(store, a!);
      await store.transact((tx) => tx.removeCheckpoints(session_id, [b!], at(1)));
      expect(await due(1_000)).toEqual([]);
      expect(await store.transact((tx) => tx.schedulePurge(300, 1))).toBe(1);
      expect(await store.transact((tx) => tx.schedulePurge(300, 1))).toBe(1);
      expect(await due(300)).toHaveLength(2);
      await store.transact((tx) => tx.updateCheckpoint(a!, { purged_at: at(2) }));
      expect(await due(300)).toEqual([b]);
    });

    test("holds sessions, which go whole", async () => {
      const ids = await addMany(320);
      await addCheckpoint(store, session_id, { tags: ["t"], changed_paths: ["a", "b"] });
      await addOperation(store, session_id);
      await store.transact((tx) => tx.saveRetention(retentionOf(session_id)));
      await store.transact((tx) => tx.updateSession(session_id, { deleted_at: at(1) }));
      expect(await store.transact((tx) => tx.schedulePurge(100, 9))).toBe(1);
      expect(await store.sessionsToPurge(99)).toEqual([]);
      expect(await store.sessionsToPurge(100)).toMatchObject([{ session_id }]);
      const pins = await store.transact((tx) => tx.purgeSession(session_id));
      expect(pins).toHaveLength(321);
      expect(pins[0]).toBe(ids[0]);
      expect(await store.pins()).toEqual([]);
      expect(await store.outlines({ of: "all", after: 0, limit: 9 })).toEqual([]);
      expect(await store.retention(session_id)).toBeNull();
      expect(await store.sessionsToPurge(100)).toEqual([]);
    });
  });

  const retentionOf = (id: string) => ({
    session_id: id,
    since: 5,
    last_at: at(1),
    last_removed: 7,
  });

  test("where upkeep stands is kept", async () => {
    expect(await store.retention(session_id)).toBeNull();
    expect(await store.upkeep("clock")).toBeNull();
    const row = retentionOf(session_id);
    await store.transact(async (tx) => {
      await tx.saveRetention({ ...row, last_at: null });
      await tx.saveRetention(row);
      await tx.saveUpkeep("clock", { a: [1] });
      await tx.saveUpkeep("clock", { a: [2] });
    });
    const again = await opened.reopen();
    expect(await again.retention(session_id)).toEqual(row);
    expect(await again.upkeep("clock")).toEqual({ a: [2] });
    await again.transact((tx) => tx.deleteRetention(session_id));
    expect(await again.retention(session_id)).toBeNull();
  });
}
