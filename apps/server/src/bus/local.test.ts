import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { busContract } from "./bus.contract.ts";
import { LocalBus } from "./local.ts";

busContract("LocalBus", async () => ({
  bus: new LocalBus(() => {}),
  delivered: async () => await setImmediate(),
}));

test("LocalBus says what a listener threw", async () => {
  const errors: unknown[] = [];
  const bus = new LocalBus((error) => errors.push(error));
  const wrong = new Error("on purpose");
  bus.listen(() => {
    throw wrong;
  });
  bus.publish({ session_id: "s", seq: 1 });
  await setImmediate();
  expect(errors).toEqual([wrong]);
});

test("LocalBus delivers within the tick, in the order published", async () => {
  const bus = new LocalBus();
  const heard: number[] = [];
  bus.listen(({ seq }) => heard.push(seq));
  for (const seq of [3, 1, 2]) bus.publish({ session_id: "s", seq });
  await Promise.resolve();
  expect(heard).toEqual([3, 1, 2]);
});
