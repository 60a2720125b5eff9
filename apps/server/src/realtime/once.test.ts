import { afterEach, beforeEach, expect, test } from "vitest";
import { openEventLog } from "../testing/event-log.ts";
import type { EventLog } from "../testing/event-log.ts";
import { Once } from "./once.ts";

const day = 24 * 60 * 60 * 1000;

let log: EventLog;
let now: number;
let done: number;
let once: Once;
beforeEach(async () => {
  log = await openEventLog();
  now = Date.UTC(2026, 0, 1);
  done = 0;
  once = new Once({
    store: log.store,
    service: { recover: async () => undefined },
    now: () => now,
  });
});
afterEach(async () => await log.close());

const call = { actor: "ada", method: "checkpoint", key: "k", params: { b: 1, a: [2] } };
const work = async (): Promise<number> => (done += 1);

test("[IDM1] an answer is kept for a day, and forgotten after it", async () => {
  expect(await once.answer(call, work)).toBe(1);
  now += day - 1;
  expect(await once.answer(call, work)).toBe(1);
  now += 1;
  expect(await once.answer(call, work)).toBe(2);
  expect(await once.answer(call, work)).toBe(2);
  now -= day / 2;
  expect(await once.answer({ ...call, params: { a: [2], b: 1 } }, work)).toBe(2);
});

test("what is kept with the mutation is not kept twice", async () => {
  const answer = await once.answer(call, async (receipt) => {
    const result = { n: await work() };
    await log.store.transact((tx) => receipt.keep(tx, result));
    return result;
  });
  expect(answer).toEqual({ n: 1 });
  expect(await once.answer(call, work)).toEqual({ n: 1 });
});

test("[IDM4] a transaction that failed keeps nothing", async () => {
  const failing = once.answer(call, async (receipt) => {
    await log.store.transact(async (tx) => {
      await receipt.keep(tx, "never");
      throw new Error("disk full");
    });
  });
  await expect(failing).rejects.toThrow("disk full");
  expect(await log.store.idempotent("ada", "checkpoint", "k")).toBeNull();
  expect(await once.answer(call, work)).toBe(1);
});

test("two servers on one store: one of them does it, the other is told and nothing is done", async () => {
  const begun = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const another = new Once({
    store: log.store,
    service: { recover: async () => undefined },
    now: () => now,
  });
  const slow = another.answer(call, async (receipt) => {
    begun.resolve();
    await release.promise;
    await log.store.transact((tx) => receipt.keep(tx, "slow"));
    return "slow";
  });
  await begun.promise;
  expect(await once.answer(call, work)).toBe(1);
  release.resolve();
  await expect(slow).rejects.toMatchObject({ code: "idempotency_conflict" });
  expect(await another.answer(call, work)).toBe(1);
});
