import * as fc from "fast-check";
import { expect, test } from "vitest";
import { checkpointRow, idOf } from "../testing/rows.ts";
import { TimelineLog } from "./timeline-log.ts";

function numbers(log: TimelineLog): number[] {
  return Array.from({ length: log.length }, (_, at) => log.at(at)?.sequence_number ?? -1);
}

const number = fc.integer({ min: 1, max: 60 });
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("put" as const), number }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("remove" as const), numbers: fc.array(number) }),
  },
);

test("whatever comes and goes in any order, rows stand newest first and are found by id", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const log = new TimelineLog();
      const model = new Map<number, string>();
      const removed: [got: number, wanted: number][] = [];
      for (const [at, each] of steps.entries()) {
        if (each.kind === "put") {
          model.set(each.number, `version ${at}`);
          log.put(checkpointRow(each.number, { message: `version ${at}` }));
        } else {
          const here = new Set(each.numbers.filter((gone) => model.delete(gone))).size;
          removed.push([log.remove(each.numbers.map(idOf)), here]);
        }
      }
      for (const [got, here] of removed) expect(got).toBe(here);
      const wanted = [...model.keys()].toSorted((a, b) => b - a);
      expect(numbers(log)).toEqual(wanted);
      for (const [at, found] of wanted.entries()) {
        expect(log.indexOf(idOf(found))).toBe(at);
        expect(log.countNewer(found)).toBe(at);
        expect(log.get(idOf(found))?.message).toBe(model.get(found));
      }
      expect(log.newest()?.sequence_number).toBe(wanted[0]);
      expect(log.oldest()?.sequence_number).toBe(wanted.at(-1));
    }),
  );
});

test("a row that did not change stays the same object, so that React skips it", () => {
  const log = new TimelineLog();
  const rows = [3, 2, 1].map((each) => checkpointRow(each));
  for (const row of rows) log.put(row);
  log.put(checkpointRow(4));
  log.put({ ...checkpointRow(2), pinned: true });
  log.remove([idOf(1)]);
  expect(log.at(1)).toBe(rows[0]);
  expect(log.at(2)).not.toBe(rows[1]);
  expect(log.at(2)?.pinned).toBe(true);
  expect(log.indexOf(idOf(1))).toBe(-1);
});
