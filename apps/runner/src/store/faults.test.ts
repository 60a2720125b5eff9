import { expect, test } from "vitest";
import { memoryDir } from "../testing/store-site.ts";
import { countSteps, storeFault, storeFaults, storeWorks } from "../testing/store-drills.ts";

test.each(storeWorks.flatMap((work) => storeFaults.map((fault) => [work, fault] as const)))(
  "a %s that meets %s at any of its steps: a typed error, all that was acknowledged, nothing left over",
  (work, fault) => {
    const steps = countSteps(work, memoryDir());
    expect(steps).toBeGreaterThan(10);
    const wrong: string[] = [];
    for (let at = 1; at <= steps; at += 1) {
      const verdict = storeFault(work, fault, at, memoryDir());
      if (verdict !== undefined) wrong.push(`step ${at} of ${steps}: ${verdict}`);
    }
    expect(wrong).toEqual([]);
    console.log(`${work} × ${fault}: ${steps} steps`);
  },
);
