import fc from "fast-check";
import { expect, test } from "vitest";
import { RateLimit } from "./rate-limit.ts";

function take(rate: RateLimit, caller: string): number | null {
  try {
    rate.take(caller);
    return null;
  } catch (error) {
    expect(error).toMatchObject({ code: "rate_limited" });
    return (error as { details: { retry_after_ms: number } }).details.retry_after_ms;
  }
}

test("[LIM5] in no second more than the limit; what was refused counts for nothing, and waits right", () => {
  const gap = fc.integer({ min: 0, max: 400 });
  fc.assert(
    fc.property(
      fc.array(gap, { maxLength: 200 }),
      fc.integer({ min: 1, max: 5 }),
      (gaps, limit) => {
        let now = 0;
        let limited = 0;
        const rate = new RateLimit({ now: () => now, limit, onLimited: () => (limited += 1) });
        const taken: number[] = [];
        let refused = 0;
        for (const ms of gaps) {
          now += ms;
          const within = taken.filter((at) => at > now - 1_000);
          const wait = take(rate, "ada");
          if (wait === null) {
            expect(within.length).toBeLessThan(limit);
            taken.push(now);
            continue;
          }
          refused += 1;
          expect(within).toHaveLength(limit);
          expect(wait).toBe((within[0] ?? 0) + 1_000 - now);
        }
        expect(limited).toBe(refused);
      },
    ),
  );
});

test("[LIM5] each caller has a limit of its own, also after thousands of others", () => {
  let now = 0;
  const rate = new RateLimit({ now: () => now, limit: 2 });
  for (let n = 0; n < 5_000; n += 1) {
    now += 1;
    expect(take(rate, `caller ${n}`)).toBeNull();
  }
  // The last of them is remembered.
  expect(take(rate, "caller 4999")).toBeNull();
  expect(take(rate, "caller 4999")).toBe(1_000);
  expect(take(rate, "caller 4000")).toBeNull();
});
