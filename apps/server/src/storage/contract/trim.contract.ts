import type { LoggedEvent } from "@cairn/shared/events";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Store } from "../store.ts";
import { addCheckpoint, addCheckpoints, addSession, at } from "../testing/rows.ts";
import type { Open, Opened } from "./opened.ts";

const always = at(-1);

export function trimContract(open: Open): void {
  let opened: Opened;
  let store: Store;
  let session_id: string;
  beforeEach(async () => {
    opened = await open();
    ({ store } = opened);
    session_id = await addSession(store, { epoch: "e-1" });
  });
  afterEach(async () => await opened.dispose());

  const log = async (id = session_id): Promise<LoggedEvent[]> =>
    await store.events({ session_id: id, after: 0, limit: 1_000 });
  const seqs = async (): Promise<number[]> => (await log()).map(({ seq }) => seq);
  const trim = async (bound: { keep?: number; before?: string; limit?: number }) =>
    await store.transact((tx) =>
      tx.trimLog(session_id, { keep: 1_000, before: always, limit: 1_000, ...bound }),
    );
  /** Event n is n seconds old in a way: seq 1 is the session's own. */
  const fill = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n += 1) await addCheckpoint(store, session_id);
  };

  describe("[LOG2] trimming", () => {
    test("drops the oldest beyond the bound; seq, epoch and what is left stay", async () => {
      await fill(9);
      const before = await log();
      expect(await trim({ keep: 4 })).toBe(7);
      expect(await log()).toEqual(before.slice(-4));
      expect(await store.position(session_id)).toEqual({ epoch: "e-1", seq: 10, oldest_seq: 7 });
      expect(await trim({ keep: 4 })).toBe(7);
      await fill(1);
      expect(await seqs()).toEqual([7, 8, 9, 10, 11]);
    });

    test("drops what is from before a time", async () => {
      await fill(6);
      const times = (await log()).map(({ data }) => data.timestamp);
      expect(await trim({ before: times[3]! })).toBe(4);
      expect(await seqs()).toEqual([4, 5, 6, 7]);
    });

    test("stops at the first that is young enough, whatever clocks did after it", async () => {
      for (const n of [10, 30, 5, 40])
        await addCheckpoint(store, session_id, { created_at: at(n) });
      expect(await trim({ before: at(20) })).toBe(3);
      expect(await seqs()).toEqual([3, 4, 5]);
    });

    test("keeps the newest event, whatever the bounds", async () => {
      await fill(3);
      expect(await trim({ keep: 0, before: at(1_000_000) })).toBe(4);
      expect(await seqs()).toEqual([4]);
      expect(await trim({ keep: 0, before: at(1_000_000) })).toBe(4);
      expect(await store.position(session_id)).toMatchObject({ seq: 4, oldest_seq: 4 });
    });

    test("goes slice by slice", async () => {
      await fill(9);
      expect(await trim({ keep: 2, limit: 3 })).toBe(4);
      expect(await trim({ before: at(1_000_000), limit: 3 })).toBe(7);
      expect(await seqs()).toEqual([7, 8, 9, 10]);
    });

    test("leaves an empty log and other logs alone", async () => {
      const other = await addSession(store);
      await addCheckpoints(store, other, 3);
      const empty = crypto.randomUUID();
      await store.transact(async (tx) => {
        await tx.insertSession({ ...(await tx.session(other))!, session_id: empty });
      });
      const of = async (id: string) =>
        await store.transact((tx) => tx.trimLog(id, { keep: 0, before: always, limit: 9 }));
      expect(await of(empty)).toBe(1);
      await fill(3);
      await trim({ keep: 1 });
      expect(await log(other)).toHaveLength(4);
    });

    test("of an unknown session is refused", async () => {
      session_id = crypto.randomUUID();
      await expect(trim({})).rejects.toMatchObject({ code: "session_not_found" });
    });

    test("moves where the last events and those of a type begin", async () => {
      await fill(9);
      await trim({ keep: 4 });
      expect(await store.seqBeforeLast(session_id, 100)).toBe(6);
      expect(await store.seqBeforeLast(session_id, 2)).toBe(8);
      expect(await store.seqBeforeLast(session_id, 9, ["session_created"])).toBe(6);
      expect(await store.seqBeforeLast(session_id, 9, ["checkpoint_created"])).toBe(6);
      expect(await store.seqBeforeLast(session_id, 1, ["checkpoint_created"])).toBe(9);
    });

    test("in any order of commits and bounds leaves a gapless tail of the log", async () => {
      const step = fc.oneof(
        fc.record({ add: fc.integer({ min: 1, max: 4 }) }),
        fc.record({
          keep: fc.nat({ max: 8 }),
          age: fc.nat({ max: 8 }),
          limit: fc.integer({ min: 1, max: 6 }),
        }),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
          session_id = await addSession(store);
          let all = await log();
          let now = 0;
          for (const one of steps) {
            if ("add" in one) {
              for (let n = 0; n < one.add; n += 1) {
                now += 1;
                const { event } = await addCheckpoint(store, session_id, { created_at: at(now) });
                all = [...all, event];
              }
              continue;
            }
            const before = await log();
            const oldest = await trim({ ...one, before: at(now - one.age) });
            const after = await log();
            expect(after).toEqual(all.slice(-after.length));
            expect(after.length).toBeGreaterThan(0);
            expect(after[0]?.seq).toBe(oldest);
            expect(before.length - after.length).toBeLessThanOrEqual(one.limit);
            const wanted = all.filter(
              ({ seq, data }) =>
                seq === all.length ||
                (seq > all.length - one.keep && data.timestamp >= at(now - one.age)),
            );
            const dropped = before.slice(0, before.length - after.length);
            for (const event of dropped) expect(wanted).not.toContainEqual(event);
            // Unless the slice was full, nothing beyond the count is left.
            const most = dropped.length < one.limit ? Math.max(one.keep, 1) : all.length;
            expect(after.length).toBeLessThanOrEqual(most);
          }
        }),
        { numRuns: 25 },
      );
    });
  });
}
