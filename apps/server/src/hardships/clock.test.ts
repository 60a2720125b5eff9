// P12: a clock that jumps deletes nothing; `npm run torture -- clock` leaves the server the time
// to look at everything after each jump.
import { expect, test } from "vitest";
import { clockDrill } from "./clock-drill.ts";

test("a clock that is set years ahead and back, live and over restarts, deletes nothing", async () => {
  expect(await clockDrill({ days: [400, 4000, -800, 0], waitMs: 0 })).toEqual([]);
}, 60_000);
