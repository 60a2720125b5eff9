import fc from "fast-check";
import { expect, test } from "vitest";
import { StoredLine } from "./event-line.ts";

const event_type = "checkpoint_created";
const tricky = fc.oneof(
  fc.string(),
  fc.constantFrom(',"epoch":"other"}', '"epoch":"', '\\","epoch":"x"}', '"}'),
);

test("the epoch of a line is that of the event, whatever stands in it", () => {
  fc.assert(
    fc.property(tricky, tricky, (text, epoch) => {
      const event = { event_type, data: { text, epoch: text }, actor: text, seq: 1, epoch };
      const line = new StoredLine({ seq: 1, event_type, event: JSON.stringify(event) });
      expect(line.epoch).toBe(epoch);
      expect(line.event).toEqual(event);
    }),
    { numRuns: 500 },
  );
});
