import type { AutoState } from "@cairn/shared/session";
import { expect, test } from "vitest";
import { autoShort, autoWords, untilWords } from "./auto-words.ts";

const now = Date.parse("2026-01-01T12:00:00.000Z");
const at = (seconds: number) => new Date(now + seconds * 1000).toISOString();

function state(change: Partial<AutoState>): AutoState {
  return {
    status: "waiting",
    next_at: null,
    last_at: null,
    failures: 0,
    last_error: null,
    ...change,
  };
}

test("a time ahead is said in one unit", () => {
  expect([-5, 0, 1, 59, 60, 240, 3600, 90_000].map((each) => untilWords(at(each), now))).toEqual([
    "now",
    "now",
    "in 1 s",
    "in 59 s",
    "in 1 min",
    "in 4 min",
    "in 1 h",
    "in 1 d",
  ]);
  // Never 60 min, nor 24 h.
  expect([3569, 3599, 84_599, 84_600].map((each) => untilWords(at(each), now))).toEqual([
    "in 59 min",
    "in 1 h",
    "in 23 h",
    "in 1 d",
  ]);
});

test("where automatic checkpoints stand is said with the next run, the failures and why", () => {
  expect(autoWords(state({ next_at: at(240) }), now)).toBe("Next in 4 min");
  expect(autoWords(state({}), now)).toBe("Waiting for a change");
  expect(autoWords(state({ status: "working" }), now)).toBe("Taking one now");
  expect(autoWords(state({ status: "off" }), now)).toBe("Off");
  expect(
    autoWords(
      state({ status: "backing_off", failures: 2, next_at: at(120), last_error: "Disk full." }),
      now,
    ),
  ).toBe("Backing off after 2 failures, trying again in 2 min: Disk full.");
  const paused = state({ status: "paused", next_at: at(60), last_error: "The folder is gone." });
  expect(autoWords(paused, now)).toBe("Paused, trying again in 1 min: The folder is gone.");
  expect(autoShort(paused, now)).toBe("Paused, trying again in 1 min");
});
