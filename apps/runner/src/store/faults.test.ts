import { accessSync, constants } from "node:fs";
import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { countSteps, storeFault, storeFaults, storeWorks } from "../testing/store-drills.ts";

/** In memory where there is such a place: what is tested is the order of calls. */
function parent(): string {
  try {
    accessSync("/dev/shm", constants.W_OK);
    return "/dev/shm";
  } catch {
    return tmpdir();
  }
}

test.each(storeWorks.flatMap((work) => storeFaults.map((fault) => [work, fault] as const)))(
  "a %s that meets %s at any of its steps: a typed error, all that was acknowledged, nothing left over",
  (work, fault) => {
    const steps = countSteps(work, parent());
    expect(steps).toBeGreaterThan(10);
    const wrong: string[] = [];
    for (let at = 1; at <= steps; at += 1) {
      const verdict = storeFault(work, fault, at, parent());
      if (verdict !== undefined) wrong.push(`step ${at} of ${steps}: ${verdict}`);
    }
    expect(wrong).toEqual([]);
    console.log(`${work} × ${fault}: ${steps} steps`);
  },
);
