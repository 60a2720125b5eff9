import { expect, test } from "vitest";
import { Random, seedOf } from "../simulation/random.ts";
import { excess, leaked, RetentionTrial } from "../testing/retention-trial.ts";
import { memoryFolder, startTestService } from "../testing/service.ts";

test("50 random histories of compactions, deletes and set clocks keep what a plain model keeps, and leak nothing", async () => {
  const seed = seedOf();
  const random = new Random(seed);
  const cairn = await startTestService(memoryFolder);
  try {
    const folder = await cairn.folder();
    const trials: RetentionTrial[] = [];
    for (let n = 0; n < 50; n += 1) {
      const trial = new RetentionTrial(cairn, random.fork());
      trials.push(trial);
      expect(await trial.run(folder, 10), `seed ${seed}, history ${n}`).toBeNull();
      expect(await excess(cairn, trials), `more than is kept, seed ${seed}`).toBe(0);
    }
    expect(await leaked(cairn), `leaked, seed ${seed}`).toBe(0);
    expect(cairn.warnings).toEqual([]);
  } finally {
    await cairn.stop();
  }
}, 120_000);
