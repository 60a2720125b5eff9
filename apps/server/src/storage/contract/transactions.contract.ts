import type { LoggedEvent } from "@cairn/shared/events";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Store, Tx } from "../store.ts";
import { allCheckpoints, addCheckpoint, addSession, at, checkpointRow } from "../testing/rows.ts";
import type { Open, Opened } from "./opened.ts";

/** Lets a test hold a transaction open while it looks at it from outside. */
function gate(): { opened: Promise<void>; open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

export function transactionsContract(open: Open): void {
  let opened: Opened;
  let store: Store;
  beforeEach(async () => {
    opened = await open();
    ({ store } = opened);
  });
  afterEach(async () => await opened.dispose());

  const log = async (session_id: string): Promise<LoggedEvent[]> =>
    await store.events({ session_id, after: 0, limit: 100_000 });
  const seqs = (events: LoggedEvent[]): number[] => events.map(({ seq }) => seq);
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1);

  /** A transaction that takes a seq, then fails; gives the seq only if it does not. */
  async function failing(writer: Store, session_id: string): Promise<LoggedEvent | null> {
    const data = { session_id, timestamp: at(1) };
    try {
      return await writer.transact(async (tx) => {
        await tx.appendEvent({ event_type: "session_updated", data, actor: "a" });
        throw new Error("on purpose");
      });
    } catch {
      return null;
    }
  }

  describe("transactions", () => {
    test("in parallel, over several sessions and handles, leave no gap in any log", async () => {
      const other = await opened.another();
      const sessions = [await addSession(store), await addSession(store), await addSession(store)];
      const jobs = upTo(120).map(async (n) => {
        const writer = n % 2 === 0 ? store : other;
        const session_id = sessions[n % 3]!;
        // A failure amid the others takes its seq back with it.
        if (n % 10 === 7) return await failing(writer, session_id);
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
        sessions.map(async (id) => (await allCheckpoints(store, id)).map((c) => c.sequence_number)),
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
      expect((await allCheckpoints(store, session_id)).map((c) => c.tags)).toEqual([["kept"]]);
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
      await expect(twice).rejects.toThrow(/constraint/i);
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
      const late = leaked!.updateSession(session_id, { name: "late" });
      await expect(late).rejects.toThrow(/already committed/);
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
}
