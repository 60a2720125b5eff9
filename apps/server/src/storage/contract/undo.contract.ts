import type { OperationKind } from "@cairn/shared/operation";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Store } from "../store.ts";
import { addOperation, addSession, at } from "../testing/rows.ts";
import type { Open, Opened } from "./opened.ts";

type Step =
  | { do: "operate"; kind: "restore" | "delete" | "compact"; differs: boolean }
  | { do: "fail"; kind: OperationKind }
  | { do: "automatic" }
  | { do: "undo"; back: number }
  | { do: "redo" }
  | { do: "expire"; back: number };

const stackKind = fc.constantFrom("restore" as const, "delete" as const, "compact" as const);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant("operate" as const), kind: stackKind, differs: fc.boolean() }),
  fc.record({
    do: fc.constant("fail" as const),
    kind: fc.oneof(stackKind, fc.constantFrom("undo" as const, "redo" as const)),
  }),
  fc.record({ do: fc.constant("automatic" as const) }),
  { weight: 3, arbitrary: fc.record({ do: fc.constant("undo" as const), back: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("redo" as const) }) },
  fc.record({ do: fc.constant("expire" as const), back: fc.nat(2) }),
);

/** What an editor does: two stacks. Nothing of it looks at rows. */
class TwoStacks {
  undos: { id: string; ord: number }[] = [];
  redos: { undo: string; subject: { id: string; ord: number } }[] = [];

  operate(id: string, ord: number): void {
    this.undos.push({ id, ord });
    this.redos = [];
  }

  undo(index: number, undo: string): void {
    const [subject] = this.undos.splice(index, 1);
    this.redos.push({ undo, subject: subject! });
  }

  redo(): void {
    this.undos.push(this.redos.pop()!.subject);
    this.undos.sort((a, b) => a.ord - b.ord);
  }
}

export function undoContract(open: Open): void {
  let opened: Opened;
  let store: Store;
  beforeEach(async () => {
    opened = await open();
    ({ store } = opened);
  });
  afterEach(async () => await opened.dispose());

  test("an operation with differences keeps what it came across", async () => {
    const session_id = await addSession(store);
    await addOperation(store, session_id, {});
    const kept = await addOperation(store, session_id, { differences: 1 });
    expect(await store.pins()).toEqual([kept]);
  });

  async function take(session_id: string, model: TwoStacks, step: Step, n: number): Promise<void> {
    const top = model.undos.length - 1;
    if (step.do === "operate") {
      const status = step.differs ? "done_with_differences" : "done";
      model.operate(await addOperation(store, session_id, { kind: step.kind, status }), n);
    } else if (step.do === "fail") {
      const status = n % 2 === 0 ? "failed" : "rolled_back";
      await addOperation(store, session_id, { kind: step.kind, status });
    } else if (step.do === "automatic") {
      await addOperation(store, session_id, { kind: "compact", undoable: false });
      model.redos = [];
    } else if (step.do === "expire" && top >= 0) {
      const [gone] = model.undos.splice(Math.max(0, top - step.back), 1);
      await store.transact((tx) => tx.updateOperation(gone!.id, { undoable: false }));
    } else if (step.do === "undo" && top >= 0) {
      const index = Math.max(0, top - step.back);
      const subject_id = model.undos[index]!.id;
      const undone_by = await addOperation(store, session_id, { kind: "undo", subject_id });
      await store.transact((tx) => tx.updateOperation(subject_id, { undone_by }));
      model.undo(index, undone_by);
    } else if (step.do === "redo" && model.redos.length > 0) {
      const { undo, subject } = model.redos.at(-1)!;
      const redone_by = await addOperation(store, session_id, { kind: "redo", subject_id: undo });
      await store.transact(async (tx) => {
        await tx.updateOperation(undo, { redone_by });
        await tx.updateOperation(subject.id, { undone_by: null });
      });
      model.redo();
    }
  }

  describe("undo and redo", () => {
    test("name what two stacks hold on top, over random walks", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
          const session_id = await addSession(store);
          const other = await addSession(store);
          const model = new TwoStacks();
          for (const [n, step] of steps.entries()) {
            await addOperation(store, other);
            await take(session_id, model, step, n);
            const undo = await store.nextUndo(session_id);
            const redo = await store.nextRedo(session_id);
            expect(undo?.operation_id).toBe(model.undos.at(-1)?.id);
            const below = undo === null ? null : await store.nextUndo(session_id, undo.ord);
            expect(below?.operation_id).toBe(model.undos.at(-2)?.id);
            expect(redo?.operation_id).toBe(model.redos.at(-1)?.undo);
          }
        }),
        { numRuns: 40 },
      );
    });

    test("of nothing is null", async () => {
      const session_id = await addSession(store);
      await addOperation(store, session_id, { kind: "delete_session" });
      await addOperation(store, session_id, { status: "pending" });
      expect(await store.nextUndo(session_id)).toBeNull();
      expect(await store.nextRedo(session_id)).toBeNull();
    });
  });

  describe("operations", () => {
    test("come back as they were inserted and changed", async () => {
      const session_id = await addSession(store);
      const given = {
        operation_id: crypto.randomUUID(),
        session_id,
        kind: "compact" as const,
        status: "pending" as const,
        actor: "ada",
        created_at: at(1),
      };
      await store.transact((tx) => tx.insertOperation(given));
      const bare = {
        ...given,
        ord: expect.any(Number),
        finished_at: null,
        checkpoint_id: null,
        safety_checkpoint_id: null,
        subject_id: null,
        undone_by: null,
        redone_by: null,
        removed_ids: [],
        head_after: null,
        differences: 0,
        undoable: false,
        automatic: false,
        call: null,
      };
      expect(await store.operation(given.operation_id)).toEqual(bare);
      const full = {
        finished_at: at(2),
        checkpoint_id: crypto.randomUUID(),
        safety_checkpoint_id: crypto.randomUUID(),
        subject_id: crypto.randomUUID(),
        removed_ids: ["b", "a"],
        head_after: crypto.randomUUID(),
        differences: 3,
        undoable: true,
        automatic: true,
      };
      const operation_id = crypto.randomUUID();
      await store.transact((tx) => tx.insertOperation({ ...given, ...full, operation_id }));
      expect(await store.operation(operation_id)).toEqual({ ...bare, ...full, operation_id });
      const change = {
        status: "done_with_differences" as const,
        finished_at: at(9),
        undone_by: crypto.randomUUID(),
        redone_by: crypto.randomUUID(),
        differences: 4,
        safety_checkpoint_id: null,
        checkpoint_id: null,
        undoable: false,
      };
      await store.transact((tx) => tx.updateOperation(operation_id, change));
      expect(await store.operation(operation_id)).toEqual({
        ...bare,
        ...full,
        operation_id,
        ...change,
      });
      expect(await store.operation(crypto.randomUUID())).toBeNull();
      const unknown = store.transact((tx) => tx.updateOperation(session_id, { undone_by: null }));
      await expect(unknown).rejects.toMatchObject({ code: "operation_not_found" });
    });

    test("page newest first, and list the pending of all sessions oldest first", async () => {
      const [one, two] = [await addSession(store), await addSession(store)];
      const ids: string[] = [];
      for (let n = 0; n < 7; n += 1) ids.push(await addOperation(store, one));
      const pending = [
        await addOperation(store, two, { status: "pending" }),
        await addOperation(store, one, { status: "pending" }),
      ];
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await store.operations({ session_id: one, limit: 3, cursor });
        seen.push(...page.rows.map(({ operation_id }) => operation_id));
        cursor = page.next_cursor;
        if (seen.length === 3) await addOperation(store, one);
      } while (cursor !== undefined);
      expect(seen).toEqual([...ids, pending[1]].toReversed());
      const found = await store.pendingOperations();
      expect(found.map(({ operation_id }) => operation_id)).toEqual(pending);
    });

    test("never take the place of purged ones", async () => {
      const [gone, kept] = [await addSession(store), await addSession(store)];
      await addOperation(store, kept);
      const last = await store.operation(await addOperation(store, gone));
      await store.transact((tx) => tx.purgeSession(gone));
      const next = await store.operation(await addOperation(store, kept));
      expect(next!.ord).toBeGreaterThan(last!.ord);
    });
  });
}
