import { eventTypes, type EventType, type LoggedEvent } from "@cairn/shared/events";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { NewEvent, Store } from "../store.ts";
import {
  allCheckpoints,
  addCheckpoint,
  addCheckpoints,
  addOperation,
  addSession,
  at,
} from "../testing/rows.ts";
import type { Open, Opened } from "./opened.ts";

export function logContract(open: Open): void {
  let opened: Opened;
  let store: Store;
  beforeEach(async () => {
    opened = await open();
    ({ store } = opened);
  });
  afterEach(async () => await opened.dispose());

  const log = async (session_id: string, from: Store = store): Promise<LoggedEvent[]> =>
    await from.events({ session_id, after: 0, limit: 100_000 });

  test("all of it is there after a restart", async () => {
    const session_id = await addSession(store);
    await addCheckpoints(store, session_id, 3);
    await addOperation(store, session_id);
    const key = {
      key_id: crypto.randomUUID(),
      hash: "f".repeat(64),
      label: "Firefox",
      created_at: at(1),
      last_used_at: null,
    };
    await store.transact((tx) => tx.insertKey(key));
    const read = async (from: Store): Promise<unknown> => [
      await from.sessions({ limit: 9 }),
      await allCheckpoints(from, session_id),
      await from.operations({ session_id, limit: 9 }),
      await log(session_id, from),
      await from.keys(),
    ];
    const before = await read(store);
    const again = await opened.reopen();
    expect(await read(again)).toEqual(before);
    expect((await addCheckpoint(again, session_id)).event.seq).toBe(5);
  });

  describe("the log", () => {
    test("gives an event back as it was given its place", async () => {
      const session_id = await addSession(store, { epoch: "e-7" });
      const event: NewEvent = {
        event_type: "checkpoints_compacted",
        data: { session_id, timestamp: at(9), remaining: 3 },
        actor: "ada",
        head: null,
        removed: ["a"],
        reload: false,
      };
      const placed = await store.transact((tx) => tx.appendEvent(event));
      expect(placed).toEqual({ ...event, seq: 2, epoch: "e-7" });
      expect((await log(session_id)).at(-1)).toEqual(placed);
      expect((await store.session(session_id))?.last_event_at).toBe(at(9));
    });

    test("takes no event of an unknown session", async () => {
      const data = { session_id: crypto.randomUUID(), timestamp: at(1) };
      const event = { event_type: "session_updated" as const, data, actor: "a" };
      const appending = store.transact((tx) => tx.appendEvent(event));
      await expect(appending).rejects.toMatchObject({ code: "session_not_found" });
    });

    test("says where it stands", async () => {
      const session_id = await addSession(store, { epoch: "e-1" });
      expect(await store.position(session_id)).toEqual({ epoch: "e-1", seq: 1, oldest_seq: 1 });
      const empty = crypto.randomUUID();
      await store.transact(async (tx) => {
        await tx.insertSession({ ...(await tx.session(session_id))!, session_id: empty });
      });
      expect(await store.position(empty)).toEqual({ epoch: "e-1", seq: 0, oldest_seq: 1 });
      expect(await store.position(crypto.randomUUID())).toBeNull();
    });

    test("knows the paths that its checkpoints changed", async () => {
      const session_id = await addSession(store);
      const changing = async (...changed_paths: string[]) =>
        (await addCheckpoint(store, session_id, { changed_paths })).row.checkpoint_id;
      await changing("a", "src/ü");
      const purged = await changing("b");
      await changing();
      const twice = await changing("c");
      await store.transact(async (tx) => {
        await tx.updateCheckpoint(purged, { deleted_at: at(9), purged_at: at(9) });
        await tx.appendEvent({
          event_type: "checkpoint_updated",
          data: { session_id, checkpoint_id: twice, timestamp: at(9) },
          actor: "ada",
        });
      });
      const of = async (after: number, until: number, id = session_id) =>
        [...(await store.eventPaths({ session_id: id, after, until }))].toSorted(
          ([a], [b]) => a - b,
        );
      // Those of the purged one stay: what a filter finds in a log does not change.
      expect(await of(0, 99)).toEqual([
        [2, ["a", "src/ü"]],
        [3, ["b"]],
        [4, []],
        [5, ["c"]],
        [6, ["c"]],
      ]);
      expect(await of(2, 5)).toEqual([
        [3, ["b"]],
        [4, []],
        [5, ["c"]],
      ]);
      expect(await of(0, 99, await addSession(store))).toEqual([]);
    });

    test("is read by place, type and number like a list", async () => {
      // Few, so that one type stands in the log many times.
      const type = fc.constantFrom<EventType>(...eventTypes.slice(0, 3));
      const some = fc.option(fc.uniqueArray(type, { minLength: 1 }), { nil: undefined });
      const place = fc.nat({ max: 14 });
      await fc.assert(
        fc.asyncProperty(
          fc.array(type, { maxLength: 12 }),
          some,
          place,
          fc.option(place, { nil: undefined }),
          fc.integer({ min: 1, max: 14 }),
          async (types, wanted, after, until, limit) => {
            const session_id = crypto.randomUUID();
            const row = { ...(await store.session(await addSession(store)))!, session_id };
            const events = await store.transact(async (tx) => {
              await tx.insertSession(row);
              const all: LoggedEvent[] = [];
              for (const event_type of types) {
                const data = { session_id, timestamp: at(1) };
                all.push(await tx.appendEvent({ event_type, data, actor: "a" } as NewEvent));
              }
              return all;
            });
            const named = events.filter((e) => wanted?.includes(e.event_type) ?? true);
            const found = await store.events({ session_id, after, types: wanted, until, limit });
            const within = named.filter((e) => e.seq > after && e.seq <= (until ?? Infinity));
            expect(found).toEqual(within.slice(0, limit));
            const range = { session_id, after, until: until ?? 99, types: wanted ?? eventTypes };
            expect(await store.countEvents(range)).toBe(within.length);

            const count = limit - 1;
            const begin = await store.seqBeforeLast(session_id, count, wanted);
            const last = { session_id, after: begin, types: wanted, limit: 100 };
            expect(await store.events(last)).toEqual(count === 0 ? [] : named.slice(-count));
          },
        ),
        { numRuns: 60 },
      );
    });
  });

  describe("keys", () => {
    test("are found by hash, touched, listed and deleted", async () => {
      const key = (n: number) => ({
        key_id: crypto.randomUUID(),
        hash: `${n}`.repeat(64),
        label: `browser ${n}`,
        created_at: at(n),
        last_used_at: null,
      });
      const [one, two] = [key(1), key(2)];
      await store.transact(async (tx) => {
        await tx.insertKey(two);
        await tx.insertKey(one);
      });
      expect(await store.keys()).toEqual([one, two]);
      await store.transact((tx) => tx.touchKey(one.key_id, at(9)));
      expect(await store.keyByHash(one.hash)).toEqual({ ...one, last_used_at: at(9) });
      expect(await store.keyByHash("0".repeat(64))).toBeNull();
      expect(await store.transact((tx) => tx.deleteKey(one.key_id))).toBe(true);
      expect(await store.transact((tx) => tx.deleteKey(one.key_id))).toBe(false);
      expect(await store.keys()).toEqual([two]);
      const same = store.transact((tx) => tx.insertKey({ ...key(3), hash: two.hash }));
      await expect(same).rejects.toThrow(/constraint/i);
    });
  });
}
