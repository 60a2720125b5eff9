import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { idempotencyMs } from "../store.ts";
import type { IdempotentRow, Store } from "../store.ts";
import { addOperation, addSession, at } from "../testing/rows.ts";
import type { Open, Opened } from "./opened.ts";

export function idempotentContract(open: Open): void {
  let opened: Opened;
  let store: Store;
  beforeEach(async () => {
    opened = await open();
    ({ store } = opened);
  });
  afterEach(async () => await opened.dispose());

  const row = (change: Partial<IdempotentRow> = {}): IdempotentRow => ({
    actor: "ada",
    method: "checkpoint",
    key: "k",
    params_hash: "a".repeat(64),
    result: '{"checkpoint_id":"ü","__proto__":1}',
    created_at: at(0),
    ...change,
  });
  const insert = async (change: Partial<IdempotentRow> = {}): Promise<void> =>
    await store.transact((tx) => tx.insertIdempotent(row(change)));
  const found = async ({ actor, method, key }: IdempotentRow = row()) =>
    await store.idempotent(actor, method, key);

  describe("[IDM1] what a call has answered", () => {
    test("comes back as it was kept, over a restart too", async () => {
      await insert();
      expect(await found()).toEqual(row());
      store = await opened.reopen();
      expect(await found()).toEqual(row());
    });

    test("belongs to its actor, method and key", async () => {
      const others = [{ actor: "bob" }, { method: "restore" }, { key: "K" }];
      await insert();
      for (const other of others) expect(await found(row(other))).toBeNull();
      for (const other of others) await insert({ ...other, result: JSON.stringify(other) });
      expect(await found()).toEqual(row());
      for (const other of others) {
        expect(await found(row(other))).toMatchObject({ result: JSON.stringify(other) });
      }
    });

    test("is kept by one transaction only: the other leaves nothing behind", async () => {
      const session_id = await addSession(store);
      await insert();
      const second = store.transact(async (tx) => {
        await tx.updateSession(session_id, { name: "twice" });
        await tx.insertIdempotent(row({ result: "2", created_at: at(1) }));
      });
      await expect(second).rejects.toMatchObject({ code: "idempotency_conflict" });
      expect((await store.session(session_id))?.name).toBe("parser");
      expect(await found()).toEqual(row());
    });

    test("goes with the transaction it belongs to", async () => {
      const failing = store.transact(async (tx) => {
        await tx.insertIdempotent(row());
        throw new Error("no");
      });
      await expect(failing).rejects.toThrow("no");
      expect(await found()).toBeNull();
    });

    test("gives way to another once it is a day old", async () => {
      const day = idempotencyMs / 1000;
      await insert();
      await expect(insert({ created_at: at(day - 1) })).rejects.toThrow(/idempotency_key/);
      await insert({ created_at: at(day), result: "2" });
      expect(await found()).toMatchObject({ created_at: at(day), result: "2" });
    });

    test("expires, the oldest first and a slice at a time", async () => {
      for (let n = 0; n < 7; n += 1) await insert({ key: `k${n}`, created_at: at(n) });
      const expire = async (limit: number) =>
        await store.transact((tx) => tx.expireIdempotent(at(5), limit));
      expect(await expire(3)).toBe(3);
      const left = async () => {
        const rows = await Promise.all(
          [0, 1, 2, 3, 4, 5, 6].map((n) => found(row({ key: `k${n}` }))),
        );
        return rows.flatMap((one) => (one === null ? [] : [one.key]));
      };
      expect(await left()).toEqual(["k3", "k4", "k5", "k6"]);
      expect(await expire(3)).toBe(2);
      expect(await expire(3)).toBe(0);
      expect(await left()).toEqual(["k5", "k6"]);
    });

    test("can wait in the pending operation that it is about", async () => {
      const session_id = await addSession(store);
      const call = { method: "restore", key: "k", params_hash: "b".repeat(64) };
      const with_key = await addOperation(store, session_id, { status: "pending", call });
      const without = await addOperation(store, session_id, { status: "pending" });
      store = await opened.reopen();
      expect((await store.operation(with_key))?.call).toEqual(call);
      expect((await store.operation(without))?.call).toBeNull();
      expect((await store.pendingOperations()).map((one) => one.call)).toEqual([call, null]);
    });
  });
}
