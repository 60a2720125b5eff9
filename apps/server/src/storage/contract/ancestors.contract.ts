import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Store } from "../store.ts";
import { addSession, at, checkpointRow } from "../testing/rows.ts";
import type { Open, Opened } from "./opened.ts";

export function ancestorsContract(open: Open): void {
  let opened: Opened;
  let store: Store;
  beforeEach(async () => {
    opened = await open();
    ({ store } = opened);
  });
  afterEach(async () => await opened.dispose());

  /** Checkpoints whose n-th has the parent that `parents[n]` is the index of. */
  async function grow(session_id: string, parents: (number | null)[]): Promise<string[]> {
    const ids = parents.map(() => crypto.randomUUID());
    await store.transact(async (tx) => {
      for (const [n, parent] of parents.entries()) {
        const sequence_number = await tx.nextSequenceNumber();
        const parent_id = parent === null ? null : ids[parent]!;
        const checkpoint_id = ids[n]!;
        const row = { session_id, sequence_number, checkpoint_id, parent_id };
        await tx.insertCheckpoint(checkpointRow(row));
      }
    });
    return ids;
  }

  async function remove(ids: string[]): Promise<void> {
    await store.transact(async (tx) => {
      for (const id of ids) await tx.updateCheckpoint(id, { deleted_at: at(1) });
    });
  }

  describe("shown parents", () => {
    test("are the nearest that live, in any tree, on any page", async () => {
      const tree = fc
        .array(fc.record({ up: fc.nat({ max: 5 }), root: fc.boolean(), removed: fc.boolean() }), {
          minLength: 1,
          maxLength: 20,
        })
        .map((nodes) =>
          nodes.map(({ up, root, removed }, n) => ({
            parent: n === 0 || (root && up === 0) ? null : Math.max(0, n - 1 - up),
            removed,
          })),
        );
      await fc.assert(
        fc.asyncProperty(tree, fc.integer({ min: 1, max: 20 }), async (nodes, limit) => {
          const session_id = await addSession(store);
          const ids = await grow(
            session_id,
            nodes.map(({ parent }) => parent),
          );
          await remove(ids.filter((_, n) => nodes[n]!.removed));
          const shown = (n: number): string | null => {
            let at = nodes[n]!.parent;
            while (at !== null && nodes[at]!.removed) at = nodes[at]!.parent;
            return at === null ? null : ids[at]!;
          };
          const { rows } = await store.checkpoints({ session_id, limit, order: "desc" });
          const trash = await store.deletedCheckpoints({ session_id, limit });
          for (const row of [...rows, ...trash.rows]) {
            expect(row.shown_parent_id).toBe(shown(ids.indexOf(row.checkpoint_id)));
          }
          for (const [n, id] of ids.entries()) expect(await store.shownParent(id)).toBe(shown(n));
        }),
        { numRuns: 60 },
      );
    });

    test("are found over 10,000 removed in a row", async () => {
      const session_id = await addSession(store);
      // A chain of 10,000, and a hundred checkpoints that all hang on its end.
      const parents = Array.from({ length: 10_000 }, (_, n) => (n === 0 ? null : n - 1));
      const ids = await grow(session_id, [...parents, ...Array.from({ length: 100 }, () => 9_999)]);
      await remove(ids.slice(1, 10_000));
      const { rows } = await store.checkpoints({ session_id, limit: 200, order: "desc" });
      expect(rows).toHaveLength(101);
      for (const row of rows.slice(0, 100)) expect(row.shown_parent_id).toBe(ids[0]);
      await remove([ids[0]!]);
      expect(await store.shownParent(ids[10_000]!)).toBeNull();
    });
  });
}
