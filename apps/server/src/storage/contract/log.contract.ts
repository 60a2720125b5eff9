import { eventTypes, type EventType, type LoggedEvent } from "@cairn/shared/events";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { NewEvent, Store, Tx } from "../store.ts";
import {
  addCheckpoint,
  addCheckpoints,
  addOperation,
  addSession,
  at,
  checkpointRow,
} from "../testing/rows.ts";
import type { Open, Opened } from "./opened.ts";

/** Lets a test hold a transaction open while it looks at it from outside. */
function gate(): { opened: Promise<void>; open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

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
  const seqs = (events: LoggedEvent[]): number[] => events.map(({ seq }) => seq);
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1);

  describe("transactions", () => {
    test("in parallel, over several sessions and handles, leave no gap in any log", async () => {
      const other = await opened.another();
      const sessions = [await addSession(store), await addSession(store), await addSession(store)];
      const jobs = upTo(120).map(async (n) => {
        const writer = n % 2 === 0 ? store : other;
        const session_id = sessions[n % 3]!;
        if (n % 10 === 7) {
          // A failure amid the others takes its seq back with it.
          await expect(
            writer.transact(async (tx) => {
              await tx.appendEvent({
                event_type: "session_updated",
                data: { session_id, timestamp: at(n) },
                actor: "a",
              });
              throw new Error("on purpose");
            }),
          ).rejects.toThrow("on purpose");
          return null;
        }
        return (await addCheckpoint(writer, session_id)).event;
      });
      const committed = (await Promise.all(jobs)).filter((event) => event !== null);
      expect(committed).toHaveLength(108);
      for (const session_id of sessions) {
        const events = await log(session_id);
        expect(seqs(events)).toEqual(upTo(events.length));
        const mine = committed.filter(({ data }) => data.session_id === session_id);
        expect(events.slice(1)).toEqual(mine.toSorted((a, b) => a.seq - b.seq));
        const session = await store.session(session_id);
        expect(session).toMatchObject({ seq: events.length, checkpoints: mine.length });
      }
      const numbers = await Promise.all(
        sessions.map(async (id) => (await store.allCheckpoints(id)).map((c) => c.sequence_number)),
      );
      expect(new Set(numbers.flat()).size).toBe(108);
    });

    test("that fail leave neither row nor event nor number", async () => {
      const session_id = await addSession(store);
      const { row, event } = await addCheckpoint(store, session_id, { tags: ["kept"] });
      const before = await store.session(session_id);
      const failing = store.transact(async (tx) => {
        const sequence_number = await tx.nextSequenceNumber();
        const change = { tags: ["lost"], changed_paths: ["lost.ts"] };
        const lost = checkpointRow({ session_id, sequence_number, ...change });
        await tx.insertCheckpoint(lost);
        await tx.updateCheckpoint(row.checkpoint_id, { deleted_at: at(5), purged_at: at(5) });
        await tx.updateSession(session_id, { name: "lost", head: lost.checkpoint_id });
        await tx.appendEvent({
          event_type: "checkpoint_created",
          data: { checkpoint_id: lost.checkpoint_id, session_id, timestamp: at(5) },
          actor: "a",
        });
        // Within the transaction its own writes are seen.
        expect(await tx.position(session_id)).toMatchObject({ seq: event.seq + 1 });
        expect((await tx.session(session_id))?.name).toBe("lost");
        throw new Error("on purpose");
      });
      await expect(failing).rejects.toThrow("on purpose");
      expect(await store.session(session_id)).toEqual(before);
      expect(seqs(await log(session_id))).toEqual([1, 2]);
      expect((await store.allCheckpoints(session_id)).map((c) => c.tags)).toEqual([["kept"]]);
      const next = await addCheckpoint(store, session_id);
      expect(next.event.seq).toBe(3);
      expect(next.row.sequence_number).toBe(row.sequence_number + 1);
    });

    test("that a broken rule ends are taken back whole, and the next one works", async () => {
      const session_id = await addSession(store);
      const { row } = await addCheckpoint(store, session_id);
      const twice = store.transact(async (tx) => {
        await tx.updateSession(session_id, { name: "lost" });
        await tx.insertCheckpoint({ ...row, sequence_number: await tx.nextSequenceNumber() });
      });
      await expect(twice).rejects.toThrow();
      expect((await store.session(session_id))?.name).toBe("parser");
      await addCheckpoint(store, session_id);
    });

    test("are not seen before their end, and hold up no reader", async () => {
      const session_id = await addSession(store);
      const [written, release] = [gate(), gate()];
      const writing = store.transact(async (tx) => {
        await tx.updateSession(session_id, { name: "new" });
        written.open();
        await release.opened;
      });
      await written.opened;
      expect((await store.session(session_id))?.name).toBe("parser");
      const other = await opened.another();
      expect((await other.session(session_id))?.name).toBe("parser");
      release.open();
      await writing;
      expect((await store.session(session_id))?.name).toBe("new");
      expect((await other.session(session_id))?.name).toBe("new");
    });

    test("of another handle wait for their turn", async () => {
      const session_id = await addSession(store);
      const other = await opened.another();
      const [begun, release] = [gate(), gate()];
      const order: string[] = [];
      const first = store.transact(async () => {
        begun.open();
        await release.opened;
        order.push("first");
      });
      await begun.opened;
      const second = other.transact(async (tx) => {
        order.push("second");
        await tx.updateSession(session_id, { name: "second" });
      });
      release.open();
      await Promise.all([first, second]);
      expect(order).toEqual(["first", "second"]);
    });

    test("refuse what comes after their end", async () => {
      const session_id = await addSession(store);
      let leaked: Tx | undefined;
      await store.transact(async (tx) => {
        leaked = tx;
      });
      await expect(leaked!.updateSession(session_id, { name: "late" })).rejects.toThrow();
      expect((await store.session(session_id))?.name).toBe("parser");
    });

    test("give back what their work gives", async () => {
      expect(await store.transact(async () => 42)).toBe(42);
    });

    test("that run are waited for by close, and none begins after it", async () => {
      const session_id = await addSession(store);
      const [begun, release] = [gate(), gate()];
      const writing = store.transact(async (tx) => {
        begun.open();
        await release.opened;
        await tx.updateSession(session_id, { name: "last" });
      });
      await begun.opened;
      const closing = store.close();
      await expect(store.transact(async () => 1)).rejects.toMatchObject({ code: "shutting_down" });
      release.open();
      await Promise.all([writing, closing]);
      const again = await opened.reopen();
      expect((await again.session(session_id))?.name).toBe("last");
    });
  });

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
      await from.allCheckpoints(session_id),
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

    test("is read by place, type and number like a list", async () => {
      const type = fc.constantFrom<EventType>(...eventTypes);
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
      await expect(same).rejects.toThrow();
    });
  });
}
