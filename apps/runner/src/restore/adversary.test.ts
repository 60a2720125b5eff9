import { expect, test } from "vitest";
import { newSeed } from "../testing/random.ts";
import { restoreAmidHarm } from "../testing/restore-adversary.ts";

test("whatever another program does amid a restore, a crash of it too: nothing it wrote is lost, nothing outside is touched", () => {
  const seed = newSeed("harm amid restores");
  const wrong = Array.from({ length: 40 }, (_, i) => restoreAmidHarm(seed + i)).flat();
  expect(wrong).toEqual([]);
});
