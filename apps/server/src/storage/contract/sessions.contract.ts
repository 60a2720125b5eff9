import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  allCheckpoints,
  addCheckpoint,
  addOperation,
  addSession,
  at,
  sessionRow,
} from "../testing/rows.ts";
import type { Store } from "../store.ts";
import type { Open, Opened } from "./opened.ts";

export function sessionsContract(open: Open): void {
  let opened: Opened;
  let store: Store;
  beforeEach(async () => {
    opened = await open();
    ({ store } = opened);
  });
  afterEach(async () => await opened.dispose());

  const ids = async (query: { status?: string; text?: string } = {}): Promise<string[]> =>
    (await store.sessions({ limit: 200, ...query })).rows.map(({ session_id }) => session_id);

  describe("sessions", () => {
    test("come back as they were inserted, with counters at zero", async () => {
      const row = sessionRow({
        workspace: "/home/ada/work",
        demo: true,
        bytes: Number.MAX_SAFE_INTEGER,
        labels: JSON.parse('{"__proto__":"x","a\\"b":"ü"}'),
      });
      await store.transact((tx) => tx.insertSession(row));
      const found = await store.session(row.session_id);
      expect(found).toEqual({ ...row, seq: 0, checkpoints: 0, last_event_at: null });
      expect(Object.keys(found?.labels ?? {})).toContain("__proto__");
      expect(await store.session(crypto.randomUUID())).toBeNull();
    });

    test("take only the named changes", async () => {
      const session_id = await addSession(store, { name: "old", workspace: "/a" });
      const before = await store.session(session_id);
      const head = crypto.randomUUID();
      await store.transact((tx) => tx.updateSession(session_id, { name: "new", head, bytes: 7 }));
      expect(await store.session(session_id)).toEqual({ ...before, name: "new", head, bytes: 7 });
      expect(await ids({ text: "OLD" })).toEqual([]);
      expect(await ids({ text: "NEW" })).toEqual([session_id]);
    });

    test("that are unknown cannot be changed", async () => {
      const unknown = crypto.randomUUID();
      const code = { code: "session_not_found" };
      const update = store.transact((tx) => tx.updateSession(unknown, { name: "x" }));
      await expect(update).rejects.toMatchObject(code);
      await expect(store.transact((tx) => tx.purgeSession(unknown))).rejects.toMatchObject(code);
    });

    test("are listed by newest activity, each once over the pages", async () => {
      const made: string[] = [];
      // Two to a second, so that times alone do not say the order.
      for (let n = 0; n < 25; n += 1) {
        made.push(await addSession(store, { created_at: at(Math.floor(n / 2)) }));
      }
      await addCheckpoint(store, made[3]!, { created_at: at(100) });
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await store.sessions({ limit: 4, cursor });
        expect(page.rows.length).toBeLessThanOrEqual(4);
        seen.push(...page.rows.map(({ session_id }) => session_id));
        cursor = page.next_cursor;
      } while (cursor !== undefined);
      expect(seen[0]).toBe(made[3]);
      expect(seen).toHaveLength(25);
      expect(new Set(seen)).toEqual(new Set(made));
      const times = await Promise.all(seen.map(async (id) => (await store.session(id))!));
      const activity = times.map((row) => row.last_event_at ?? "");
      expect(activity).toEqual(activity.toSorted().toReversed());
    });

    test("a page that ends the list gives no cursor", async () => {
      for (let n = 0; n < 4; n += 1) await addSession(store);
      expect((await store.sessions({ limit: 4 })).next_cursor).toBeUndefined();
      expect((await store.sessions({ limit: 3 })).next_cursor).toBeDefined();
    });

    test("are found by status, name, workspace and labels, in any script", async () => {
      const greek = await addSession(store, { name: "Ο ΔΡΟΜΟΣ" });
      const folder = await addSession(store, { name: "b", workspace: "/srv/Größe" });
      const label = await addSession(store, { name: "c", labels: { team: "Łódź_100%" } });
      const closed = await addSession(store, { name: "d", status: "closed" });
      expect(await ids({ text: "δρομος" })).toEqual([greek]);
      expect(await ids({ text: "GRÖSSE" })).toEqual([folder]);
      expect(await ids({ text: "łódź_1" })).toEqual([label]);
      expect(await ids({ text: "team=łódź" })).toEqual([label]);
      expect(await ids({ text: "_%" })).toEqual([]);
      expect(await ids({ text: "100%" })).toEqual([label]);
      expect(await ids({ status: "closed" })).toEqual([closed]);
      expect(await ids({ status: "closed", text: "δ" })).toEqual([]);
    });

    test("in the trash are listed apart, and come back", async () => {
      const [first, second] = [await addSession(store), await addSession(store)];
      const third = await addSession(store);
      await store.transact((tx) => tx.updateSession(first, { deleted_at: at(50) }));
      await store.transact((tx) => tx.updateSession(second, { deleted_at: at(60) }));
      expect(await ids()).toEqual([third]);
      const page = await store.deletedSessions({ limit: 1 });
      expect(page.rows.map(({ session_id }) => session_id)).toEqual([second]);
      const rest = await store.deletedSessions({ limit: 1, cursor: page.next_cursor });
      expect(rest.rows.map(({ session_id }) => session_id)).toEqual([first]);
      expect(rest.next_cursor).toBeUndefined();
      expect((await store.session(first))?.deleted_at).toBe(at(50));
      await store.transact((tx) => tx.updateSession(first, { deleted_at: null }));
      expect((await ids()).toSorted()).toEqual([first, third].toSorted());
    });

    test("hold their workspace only while live and not closed", async () => {
      const kept = await addSession(store, { name: "kept", workspace: "/a" });
      const cut = await addSession(store, {
        name: "cut",
        workspace: "/b",
        status: "recovery_pending",
        created_at: at(1),
      });
      await addSession(store, { workspace: "/c", status: "closed" });
      await addSession(store, { workspace: null });
      const gone = await addSession(store, { workspace: "/d" });
      await store.transact((tx) => tx.updateSession(gone, { deleted_at: at(1) }));
      expect(await store.openWorkspaces()).toEqual([
        { session_id: kept, name: "kept", workspace: "/a" },
        { session_id: cut, name: "cut", workspace: "/b" },
      ]);
    });

    test("leave nothing when purged, and others whole", async () => {
      const [gone, kept] = [await addSession(store), await addSession(store)];
      const change = { tags: ["t"], changed_paths: ["src/a.ts"], message: "m" };
      const { row: lost } = await addCheckpoint(store, gone, change);
      const { row: lostToo } = await addCheckpoint(store, gone, change);
      const { row: other } = await addCheckpoint(store, kept, change);
      const operation_id = await addOperation(store, gone, { status: "pending" });
      const note = {
        annotation_id: crypto.randomUUID(),
        checkpoint_id: lost.checkpoint_id,
        session_id: gone,
        note: "n",
        severity: "info" as const,
        author: "a",
        created_at: at(1),
      };
      await store.transact((tx) => tx.insertAnnotation(note));

      const ids = await store.transact((tx) => tx.purgeSession(gone));
      expect(ids).toEqual([lost.checkpoint_id, lostToo.checkpoint_id]);
      expect(await store.session(gone)).toBeNull();
      expect(await store.position(gone)).toBeNull();
      expect(await store.checkpoint(gone, lost.checkpoint_id)).toBeNull();
      expect(await allCheckpoints(store, gone)).toEqual([]);
      expect(await store.annotations(lost.checkpoint_id)).toEqual([]);
      expect(await store.annotation(gone, note.annotation_id)).toBeNull();
      expect(await store.operation(operation_id)).toBeNull();
      expect(await store.pendingOperations()).toEqual([]);
      expect(await store.events({ session_id: gone, after: 0, limit: 10 })).toEqual([]);
      expect(await store.pins()).toEqual([other.checkpoint_id]);
      for (const filter of [{ tags: ["t"] }, { file: "src" }, { text: "m" }]) {
        const query = { limit: 10, order: "asc", filter } as const;
        expect((await store.checkpoints({ session_id: gone, ...query })).total).toBe(0);
        expect((await store.checkpoints({ session_id: kept, ...query })).total).toBe(1);
      }
      expect(await store.events({ session_id: kept, after: 0, limit: 10 })).toHaveLength(2);
    });
  });
}
