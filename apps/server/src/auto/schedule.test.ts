import assert from "node:assert/strict";
import fc from "fast-check";
import { expect, test } from "vitest";
import { nextDue, restMs, retryPause } from "./schedule.ts";
import type { Standing } from "./schedule.ts";

const time = fc.integer({ min: 0, max: 10 ** 10 });
const standing: fc.Arbitrary<Standing> = fc.record({
  since: time,
  changedAt: fc.option(time),
  made: fc.option(fc.record({ at: time, took: fc.integer({ min: 0, max: 600_000 }) })),
  failures: fc.integer({ min: 0, max: 10_000 }),
  failedAt: time,
  notBefore: time,
});
const auto = fc.record(
  {
    every_minutes: fc.integer({ min: 1, max: 10_080 }),
    quiet_seconds: fc.integer({ min: 1, max: 86_400 }),
  },
  { requiredKeys: [] },
);

test("whatever happened before: never early, never in the rest after one, nor in a back-off", () => {
  const holds = () =>
    fc.assert(
      fc.property(auto, standing, (auto, standing) => {
        const due = nextDue(auto, standing);
        const { since, changedAt, made, failures, failedAt, notBefore } = standing;
        const byClock = auto.every_minutes !== undefined;
        const byQuiet = auto.quiet_seconds !== undefined && changedAt !== null;
        assert.equal(due !== null, byClock || byQuiet);
        if (due === null) return;
        const asked =
          due.reason === "interval"
            ? since + (auto.every_minutes ?? 0) * 60_000
            : (changedAt ?? 0) + (auto.quiet_seconds ?? 0) * 1000;
        const rested = made === null ? 0 : made.at + Math.max(restMs, made.took * 10);
        const retried = failures === 0 ? 0 : failedAt + retryPause(failures);
        assert.equal(due.at, Math.max(asked, notBefore, rested, retried));
      }),
    );
  expect(holds).not.toThrow();
});

test("back-off doubles from a minute to an hour, and stays there", () => {
  const minutes = [1, 2, 3, 4, 5, 6, 7, 8, 1000].map((n) => retryPause(n) / 60_000);
  expect(minutes).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
});
