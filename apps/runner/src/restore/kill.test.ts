import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, test } from "vitest";
import { RestoreCase } from "../testing/restore-case.ts";
import { startRunner } from "../worker-runner.ts";

const victim = new URL("../testing/restore-victim.ts", import.meta.url);

/** Restores in a process of its own, which is killed where `at` says. Gives how it ended. */
async function restoreAndDie(
  drill: RestoreCase,
  at: string,
): Promise<[number | null, string | null]> {
  const request = JSON.stringify(drill.request());
  const child = spawn(process.execPath, [victim.pathname, join(drill.site.home, "data"), request], {
    env: { ...process.env, CAIRN_CRASH_AT: at },
    stdio: ["ignore", "inherit", "inherit"],
  });
  return (await once(child, "exit")) as [number | null, string | null];
}

/** What a server does at its next start. */
async function restart(drill: RestoreCase): Promise<string[]> {
  const runner = await startRunner({ dataDir: join(drill.site.home, "data") });
  const recovered = await runner.recover([]);
  for (const { operation_id } of recovered) await runner.settle(operation_id);
  expect(await runner.recover([])).toEqual([]);
  await runner.close();
  return recovered.map(({ outcome }) => outcome);
}

test.each([
  ["phase:prepared", "before"],
  ["phase:applying:11", "before"],
  ["phase:applied", "after"],
  ["phase:settling", "after"],
  ["fs:150", "before"],
  ["fs:330", "after"],
])(
  "a process killed at %s leaves the folder exactly %s",
  async (at, state) => {
    using drill = new RestoreCase();
    drill.reset();
    expect(await restoreAndDie(drill, at)).toEqual([null, "SIGKILL"]);
    expect(await restart(drill)).toEqual([state]);
    expect(drill.state()).toBe(state);
  },
  60_000,
);

test("a process that nobody kills restores", async () => {
  using drill = new RestoreCase();
  drill.reset();
  expect(await restoreAndDie(drill, "")).toEqual([0, null]);
  expect(await restart(drill)).toEqual([]);
  expect(drill.state()).toBe("after");
}, 60_000);
