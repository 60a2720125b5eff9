import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ConsumerRow, Store } from "../store.ts";
import { addSession, at } from "../testing/rows.ts";
import type { Open, Opened } from "./opened.ts";

export function consumersContract(open: Open): void {
  let opened: Opened;
  let store: Store;
  let session_id: string;
  beforeEach(async () => {
    opened = await open();
    ({ store } = opened);
    session_id = await addSession(store);
  });
  afterEach(async () => await opened.dispose());

  const row = (change: Partial<ConsumerRow> = {}): ConsumerRow => ({
    session_id,
    consumer: "mirror",
    epoch: "epoch-1",
    floor: 5,
    updated_at: at(1),
    ...change,
  });
  const save = async (change: Partial<ConsumerRow> = {}): Promise<void> =>
    await store.transact((tx) => tx.saveConsumer(row(change)));
  const found = async (consumer = "mirror") => await store.consumer(session_id, consumer);

  describe("[CON1] a consumer", () => {
    test("comes back as it was saved, over a restart too", async () => {
      expect(await found()).toBeNull();
      await save();
      expect(await found()).toEqual(row());
      store = await opened.reopen();
      expect(await found()).toEqual(row());
    });

    test("never moves back within an epoch, and anywhere in another", async () => {
      await save({ floor: 5 });
      await save({ floor: 3, updated_at: at(2) });
      expect(await found()).toEqual(row({ floor: 5, updated_at: at(2) }));
      await save({ floor: 6 });
      expect((await found())?.floor).toBe(6);
      await save({ epoch: "epoch-2", floor: 1 });
      expect(await found()).toEqual(row({ epoch: "epoch-2", floor: 1 }));
    });

    test("belongs to its session, and is listed by name", async () => {
      const other = await addSession(store);
      await save({ consumer: "b" });
      await save({ consumer: "a" });
      await save({ session_id: other, floor: 1 });
      expect(await found()).toBeNull();
      const names = (await store.consumers(session_id)).map(({ consumer }) => consumer);
      expect(names).toEqual(["a", "b"]);
      expect(await store.consumers(other)).toEqual([row({ session_id: other, floor: 1 })]);
    });

    test("can be deleted once", async () => {
      await save();
      const drop = async () =>
        await store.transact((tx) => tx.deleteConsumer(session_id, "mirror"));
      expect(await drop()).toBe(true);
      expect(await drop()).toBe(false);
      expect(await found()).toBeNull();
      await save({ floor: 1 });
      expect((await found())?.floor).toBe(1);
    });

    test("goes with its session, and cannot be saved for one that is gone", async () => {
      const other = await addSession(store);
      await save();
      await save({ session_id: other });
      await store.transact((tx) => tx.purgeSession(session_id));
      expect(await store.consumers(session_id)).toEqual([]);
      expect(await store.consumers(other)).toHaveLength(1);
      await expect(save()).rejects.toMatchObject({ code: "session_not_found" });
    });
  });
}
