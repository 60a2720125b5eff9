import { expect, test } from "vitest";
import { Lanes } from "./lanes.ts";

test("work of one key runs in order, also after a failure; other keys do not wait", async () => {
  const lanes = new Lanes();
  const done: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = lanes.run("a", async () => {
    await gate.promise;
    done.push("a1");
    throw new Error("a1 failed");
  });
  const second = lanes.run("a", async () => {
    done.push("a2");
  });
  await lanes.run("b", async () => {
    done.push("b1");
  });
  gate.resolve();
  await expect(first).rejects.toThrow("a1 failed");
  await second;
  expect(done).toEqual(["b1", "a1", "a2"]);
});

test("drain waits for what runs and refuses what comes", async () => {
  const lanes = new Lanes();
  const gate = Promise.withResolvers<void>();
  let finished = false;
  const running = lanes.run("a", async () => {
    await gate.promise;
    finished = true;
  });
  const drained = lanes.drain().then(() => finished);
  await expect(lanes.run("a", async () => {})).rejects.toMatchObject({ code: "shutting_down" });
  gate.resolve();
  await running;
  expect(await drained).toBe(true);
});
