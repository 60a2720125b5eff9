import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { NewCheckpoint, Store } from "../store.ts";
import {
  allCheckpoints,
  addCheckpoint,
  addCheckpoints,
  addSession,
  asListed,
  asStored,
  at,
  checkpointRow,
  removeCheckpoint,
} from "../testing/rows.ts";
import type { Open, Opened } from "./opened.ts";

export function checkpointsContract(open: Open): void {
  let opened: Opened;
  let store: Store;
  let session_id: string;
  beforeEach(async () => {
    opened = await open();
    ({ store } = opened);
    session_id = await addSession(store);
  });
  afterEach(async () => await opened.dispose());

  const live = async (): Promise<number | undefined> =>
    (await store.session(session_id))?.checkpoints;
  const list = async (): Promise<string[]> =>
    (await store.checkpoints({ session_id, limit: 200, order: "asc" })).rows.map(
      ({ checkpoint_id }) => checkpoint_id,
    );

  describe("checkpoints", () => {
    test("come back as they were inserted", async () => {
      const rich: Partial<NewCheckpoint> = {
        message: 'tab\t nul\0 quote" ü 😀',
        tags: ["b", "a", "__proto__"],
        trigger: { kind: "automatic", reason: "tool_call" },
        pinned: true,
        partial: true,
        tree: null,
        bytes: Number.MAX_SAFE_INTEGER,
        added: 0,
        git: { commit: null, branch: "main" },
        rules: null,
        skipped: "d".repeat(64),
        state: JSON.parse('{"__proto__":{"a":[1,null,"\\ud800"]},"constructor":1}'),
        changed_paths: ["z.ts", "a b.ts", "'", "__proto__"],
      };
      const { row: parent } = await addCheckpoint(store, session_id);
      const change = { ...rich, parent_id: parent.checkpoint_id };
      const { row } = await addCheckpoint(store, session_id, change);
      const found = await store.checkpoint(session_id, row.checkpoint_id);
      expect(found).toEqual(asStored(row));
      expect(JSON.stringify(found?.state)).toBe(JSON.stringify(row.state));
      expect(await allCheckpoints(store, session_id)).toEqual([asStored(parent), asStored(row)]);
      const { rows } = await store.checkpoints({ session_id, limit: 1, order: "desc" });
      expect(rows).toEqual([{ ...asListed(row), shown_parent_id: parent.checkpoint_id }]);
    });

    test("are found in their own session only", async () => {
      const other = await addSession(store);
      const { row } = await addCheckpoint(store, session_id);
      expect(await store.checkpoint(other, row.checkpoint_id)).toBeNull();
      expect(await store.checkpoint(session_id, crypto.randomUUID())).toBeNull();
    });

    test("are numbered upwards across sessions", async () => {
      const other = await addSession(store);
      const numbers: number[] = [];
      for (const id of [session_id, other, session_id, other]) {
        numbers.push((await addCheckpoint(store, id)).row.sequence_number);
      }
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
      expect(new Set(numbers).size).toBe(4);
    });

    test("cannot be in a session that does not exist", async () => {
      const row = checkpointRow({ session_id: crypto.randomUUID(), sequence_number: 1 });
      const inserting = store.transact((tx) => tx.insertCheckpoint(row));
      await expect(inserting).rejects.toThrow(/constraint/i);
      expect(await store.pins()).toEqual([]);
    });

    test("cannot have a parent that is not in their session", async () => {
      const { row } = await addCheckpoint(store, await addSession(store));
      for (const parent_id of [row.checkpoint_id, crypto.randomUUID()]) {
        await expect(addCheckpoint(store, session_id, { parent_id })).rejects.toThrow(/no parent/);
      }
      expect(await list()).toEqual([]);
    });

    test.each(["asc", "desc"] as const)(
      "page %s without gaps or doubles while others are inserted",
      async (order) => {
        const first = await addCheckpoints(store, session_id, 37);
        const seen: number[] = [];
        let cursor: string | undefined;
        let added = 0;
        do {
          const page = await store.checkpoints({ session_id, limit: 7, cursor, order });
          seen.push(...page.rows.map((row) => row.sequence_number));
          expect(page.total).toBe(37 + added);
          cursor = page.next_cursor;
          if (added < 10) added += (await addCheckpoints(store, session_id, 2)).length;
        } while (cursor !== undefined);
        const sorted = seen.toSorted((a, b) => (order === "asc" ? a - b : b - a));
        expect(seen).toEqual(sorted);
        expect(new Set(seen).size).toBe(seen.length);
        // Newest first, what came since lies before the first page; oldest first, it is reached.
        expect(seen).toHaveLength(order === "asc" ? 47 : 37);
        for (const row of first) expect(seen).toContain(row.sequence_number);
      },
    );

    test("removed in the middle of paging do not hide the rest", async () => {
      const rows = await addCheckpoints(store, session_id, 9);
      const page = await store.checkpoints({ session_id, limit: 3, order: "asc" });
      // The row that the cursor points to, and the next.
      await removeCheckpoint(store, rows[2]!.checkpoint_id);
      await removeCheckpoint(store, rows[3]!.checkpoint_id);
      const next = await store.checkpoints({
        session_id,
        limit: 9,
        order: "asc",
        cursor: page.next_cursor,
      });
      expect(next.rows.map((row) => row.checkpoint_id)).toEqual(
        rows.slice(4).map((row) => row.checkpoint_id),
      );
    });

    test("are counted as they live, whatever is done twice", async () => {
      const [a, b] = await addCheckpoints(store, session_id, 3);
      expect(await live()).toBe(3);
      await removeCheckpoint(store, a!.checkpoint_id, 1);
      await removeCheckpoint(store, a!.checkpoint_id, 2);
      expect(await live()).toBe(2);
      await store.transact(async (tx) => {
        await tx.updateCheckpoint(b!.checkpoint_id, { deleted_at: at(3), purged_at: at(3) });
        await tx.updateCheckpoint(a!.checkpoint_id, { deleted_at: null });
        await tx.updateCheckpoint(a!.checkpoint_id, { deleted_at: null, pinned: true });
      });
      expect(await live()).toBe(2);
      const { total, rows } = await store.checkpoints({ session_id, limit: 9, order: "asc" });
      expect([total, rows.length]).toEqual([2, 2]);
      expect(rows[0]).toMatchObject({ checkpoint_id: a!.checkpoint_id, pinned: true });
    });

    test("take new tags, pin and damage, and nothing else", async () => {
      const { row } = await addCheckpoint(store, session_id, { tags: ["old", "both"] });
      const change = { tags: ["both", "new"], pinned: true, damaged: true };
      await store.transact((tx) => tx.updateCheckpoint(row.checkpoint_id, change));
      const found = await store.checkpoint(session_id, row.checkpoint_id);
      expect(found).toEqual({ ...asStored(row), ...change });
      const tagged = async (tag: string): Promise<number> =>
        (await store.checkpoints({ session_id, limit: 1, order: "asc", filter: { tags: [tag] } }))
          .total;
      expect([await tagged("old"), await tagged("both"), await tagged("new")]).toEqual([0, 1, 1]);
      const unknown = store.transact((tx) => tx.updateCheckpoint(session_id, { pinned: true }));
      await expect(unknown).rejects.toMatchObject({ code: "checkpoint_not_found" });
    });

    test("in the trash are listed newest first, until purged", async () => {
      const rows = await addCheckpoints(store, session_id, 5);
      const other = await addSession(store);
      const [elsewhere] = await addCheckpoints(store, other, 1);
      await removeCheckpoint(store, rows[0]!.checkpoint_id, 20);
      for (const n of [1, 2, 3]) await removeCheckpoint(store, rows[n]!.checkpoint_id, 10);
      await removeCheckpoint(store, elsewhere!.checkpoint_id, 30);
      await store.transact((tx) =>
        tx.updateCheckpoint(rows[2]!.checkpoint_id, { purged_at: at(40) }),
      );
      const trash = async (query: { session_id?: string }): Promise<string[]> => {
        const seen: string[] = [];
        let cursor: string | undefined;
        do {
          const page = await store.deletedCheckpoints({ limit: 1, cursor, ...query });
          seen.push(...page.rows.map(({ checkpoint_id }) => checkpoint_id));
          cursor = page.next_cursor;
        } while (cursor !== undefined);
        return seen;
      };
      const mine = [rows[0], rows[3], rows[1]].map((row) => row!.checkpoint_id);
      expect(await trash({ session_id })).toEqual(mine);
      expect(await trash({})).toEqual([elsewhere!.checkpoint_id, ...mine]);
      // Of a session that is in the trash itself, only when that session is asked for.
      await store.transact((tx) => tx.updateSession(other, { deleted_at: at(50) }));
      expect(await trash({})).toEqual(mine);
      expect(await trash({ session_id: other })).toEqual([elsewhere!.checkpoint_id]);
      expect(await list()).toEqual([rows[4]!.checkpoint_id]);
    });

    test("keep their bytes pinned in the trash, and leave a tombstone when purged", async () => {
      const contents = { state: { secret: 1 }, changed_paths: ["a", "b"], tags: ["t"] };
      const { row } = await addCheckpoint(store, session_id, contents);
      const { row: kept } = await addCheckpoint(store, session_id, contents);
      await removeCheckpoint(store, row.checkpoint_id, 1);
      expect(await store.pins()).toEqual([row.checkpoint_id, kept.checkpoint_id]);
      expect((await store.checkpoint(session_id, row.checkpoint_id))?.state).toEqual({ secret: 1 });
      await store.transact((tx) => tx.updateCheckpoint(row.checkpoint_id, { purged_at: at(2) }));
      expect(await store.pins()).toEqual([kept.checkpoint_id]);
      expect(await store.checkpoint(session_id, row.checkpoint_id)).toEqual({
        ...asStored(row),
        deleted_at: at(1),
        purged_at: at(2),
        state: null,
        changed_paths: [],
      });
      const filter = { file: "a" };
      const { total } = await store.checkpoints({ session_id, limit: 9, order: "asc", filter });
      expect(total).toBe(1);
    });

    test("cannot be purged while they live", async () => {
      const { row } = await addCheckpoint(store, session_id, { state: 1 });
      const purge = store.transact((tx) =>
        tx.updateCheckpoint(row.checkpoint_id, { purged_at: at(1) }),
      );
      await expect(purge).rejects.toThrow(/constraint/i);
      expect(await store.checkpoint(session_id, row.checkpoint_id)).toEqual(asStored(row));
    });

    test("carry the count and the worst of their notes", async () => {
      const { row } = await addCheckpoint(store, session_id);
      const { checkpoint_id } = row;
      const facts = async () => {
        const found = await store.checkpoint(session_id, checkpoint_id);
        return [found?.annotation_count, found?.max_severity];
      };
      const note = (severity: "info" | "warning" | "critical", created_at: string) => ({
        annotation_id: crypto.randomUUID(),
        checkpoint_id,
        note: `a ${severity}`,
        severity,
        author: "ada",
        created_at,
      });
      // The clock goes back: the order of writing counts.
      const notes = [note("warning", at(9)), note("critical", at(5)), note("info", at(7))];
      for (const one of notes) {
        await store.transact((tx) => tx.insertAnnotation({ ...one, session_id }));
      }
      expect(await store.annotations(checkpoint_id)).toEqual(notes);
      expect(await store.annotation(session_id, notes[0]!.annotation_id)).toEqual(notes[0]);
      expect(await store.annotation(await addSession(store), notes[0]!.annotation_id)).toBeNull();
      expect(await facts()).toEqual([3, "critical"]);
      const removals: [number, unknown[]][] = [
        [1, [2, "warning"]],
        [0, [1, "info"]],
        [2, [0, null]],
      ];
      for (const [index, left] of removals) {
        await store.transact((tx) => tx.deleteAnnotation(notes[index]!.annotation_id));
        expect(await facts()).toEqual(left);
      }
      const again = store.transact((tx) => tx.deleteAnnotation(notes[0]!.annotation_id));
      await expect(again).rejects.toMatchObject({ code: "not_found" });
    });
  });

  describe("cursors", () => {
    test.each(["", "nonsense", "W10", "WyJjaGVja3BvaW50cyIsIjEiXQ", "💥", "e30"])(
      "%j is refused as invalid_params",
      async (cursor) => {
        const code = { code: "invalid_params" };
        const page = { limit: 5, cursor };
        const lists = [
          store.checkpoints({ session_id, order: "asc", ...page }),
          store.deletedCheckpoints(page),
          store.sessions(page),
          store.deletedSessions(page),
          store.operations({ session_id, ...page }),
        ];
        for (const list of lists) await expect(list).rejects.toMatchObject(code);
      },
    );

    test("of another list is refused", async () => {
      await addCheckpoints(store, session_id, 2);
      const { next_cursor: cursor } = await store.checkpoints({
        session_id,
        order: "asc",
        limit: 1,
      });
      expect(cursor).toBeDefined();
      const page = { limit: 1, cursor };
      await expect(store.operations({ session_id, ...page })).rejects.toThrow(/cursor/);
      await expect(store.sessions(page)).rejects.toThrow(/cursor/);
    });
  });
}
