// No input ends the server, and each is answered or closed for what it is: P11, [ENV3] [ENV4]
// [ENV5] [ENV6]. `CAIRN_SEED=…` repeats a run; `npm run torture -- fuzz` sends ten times as much.
import { expect, test } from "vitest";
import { seedOf } from "../simulation/random.ts";
import { fuzz } from "./fuzz.ts";

const seed = seedOf();
const messages = 10_000;

test(`${messages} messages that nobody should send: seed ${seed}`, async () => {
  const { json, frames, http, exited, errors } = await fuzz({ seed, messages });
  expect({ json: json.wrong, frames: frames.wrong, http: http.wrong, exited, errors }).toEqual({
    json: [],
    frames: [],
    http: [],
    exited: null,
    errors: [],
  });
  expect(json.sent + frames.sent + http.sent).toBeGreaterThanOrEqual(messages);
  // What is refused at the door alone would prove little.
  expect(json.outcomes["success"]).toBeGreaterThan(messages / 50);
  expect(frames.outcomes["success"]).toBeGreaterThan(messages / 500);
  expect(http.outcomes["101"]).toBeGreaterThan(messages / 200);
}, 120_000);
