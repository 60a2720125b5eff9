import { expect, test } from "vitest";
import { checkCachedScans } from "../testing/scan-trial.ts";

test("a scan with a cache finds what one without finds, whatever was edited between", () => {
  const { cached, fresh } = checkCachedScans({ runs: 200 });
  // And it is worth it.
  expect(cached).toBeLessThan(fresh * 0.8);
}, 60_000);
