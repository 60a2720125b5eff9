// P1, P3, P8: kill -9 at random moments and at system calls, with calls at work in two sessions.
// `CAIRN_SEED=…` repeats a run; `npm run torture -- kills` makes 1,000 of them.
import { expect, test } from "vitest";
import { Random, seedOf } from "../simulation/random.ts";
import { killDrill } from "./kill-drill.ts";
import { hasStrace } from "./syscall-trap.ts";

const seed = seedOf();
const kills = 25;

test(`${kills} kills lose nothing acknowledged, mix no folder and leak nothing: seed ${seed}`, async () => {
  const syscallShare = hasStrace() ? 0.25 : 0;
  const random = new Random(seed);
  const tally = await killDrill({ random, kills, syscallShare, sample: 1, finally: 20 });
  expect(tally.broken).toBeNull();
  expect(tally.kills).toBeGreaterThanOrEqual(kills);
  // Kills that meet nothing at work would prove little.
  expect(tally.cut["nothing"] ?? 0).toBeLessThan(kills / 2);
  expect(tally.answered).toBeGreaterThan(kills / 2);
}, 300_000);
