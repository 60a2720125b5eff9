import { ProtocolError } from "@cairn/shared/errors";
import fc from "fast-check";
import { expect, test } from "vitest";
import { RateLimit } from "./rate-limit.ts";

/** Null when it is taken, else how many ms to wait. */
function take(rate: RateLimit, caller: string): unknown {
  try {
    rate.take(caller);
    return null;
  } catch (error) {
    if (!(error instanceof ProtocolError) || error.code !== "rate_limited") throw error;
    return error.details?.["retry_after_ms"];
  }
}

test("[LIM5] in no second more than the limit; what is refused counts for nothing", () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 200 });
  fc.assert(
    fc.property(gaps, fc.integer({ min: 1, max: 5 }), (gaps, limit) => {
      let now = 0;
      let limited = 0;
      const rate = new RateLimit({ now: () => now, limit, onLimited: () => (limited += 1) });
      const taken: number[] = [];
      for (const ms of gaps) {
        now += ms;
        const [first = 0, ...others] = taken.filter((at) => at > now - 1_000);
        const isFull = taken.length > 0 && others.length + 1 >= limit && first > now - 1_000;
        const wait = isFull ? first + 1_000 - now : null;
        expect(take(rate, "ada")).toBe(wait);
        if (wait === null) taken.push(now);
      }
      expect(limited).toBe(gaps.length - taken.length);
    }),
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
  expect(take(rate, "caller 3999")).toBeNull();
});
