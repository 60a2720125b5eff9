import { expect, test } from "vitest";
import { HandClock } from "../testing/hand-clock.ts";
import { IngestQueue } from "./ingest.ts";

function setUp() {
  const clock = new HandClock();
  const batches: { at: number; items: number[] }[] = [];
  const queue = new IngestQueue<number>((items) => batches.push({ at: clock.now(), items }), clock);
  return { clock, batches, queue };
}

test("the first item is shown in the very next frame", () => {
  const { clock, batches, queue } = setUp();
  clock.pass(1000);
  queue.push(1);
  clock.pass(16);
  expect(batches.map((batch) => batch.items)).toEqual([[1]]);
});

test("up to 60 a second each gets its frame", () => {
  const { clock, batches, queue } = setUp();
  for (let item = 0; item < 100; item += 1) {
    queue.push(item);
    clock.pass(20);
  }
  expect(batches).toHaveLength(100);
});

test("at 1,000 a second there are at most 12 batches a second, and nothing is lost or reordered", () => {
  const { clock, batches, queue } = setUp();
  const seconds = 3;
  for (let item = 0; item < seconds * 1000; item += 1) {
    queue.push(item);
    clock.pass(1);
  }
  clock.pass(300);
  expect(batches.flatMap((batch) => batch.items)).toEqual(
    Array.from({ length: seconds * 1000 }, (_, item) => item),
  );
  for (let second = 1; second < seconds; second += 1) {
    const inIt = batches.filter(({ at }) => at > second * 1000 && at <= (second + 1) * 1000);
    expect(inIt.length).toBeGreaterThan(0);
    expect(inIt.length).toBeLessThanOrEqual(12);
  }
});

test("after a burst the next lone item is quick again", () => {
  const { clock, batches, queue } = setUp();
  for (let item = 0; item < 500; item += 1) {
    queue.push(item);
    clock.pass(1);
  }
  clock.pass(2000);
  const before = batches.length;
  queue.push(-1);
  clock.pass(16);
  expect(batches.slice(before).map((batch) => batch.items)).toEqual([[-1]]);
});

test("a hidden tab, which gets no frames, is kept true by a timer", () => {
  const { clock, batches, queue } = setUp();
  clock.isHidden = true;
  queue.push(1);
  queue.push(2);
  clock.pass(250);
  expect(batches.map((batch) => batch.items)).toEqual([[1, 2]]);
});

test("hidden between the item and its frame, it still comes", () => {
  const { clock, batches, queue } = setUp();
  queue.push(1);
  clock.isHidden = true;
  clock.pass(250);
  expect(batches.map((batch) => batch.items)).toEqual([[1]]);
});

test("flush hands over at once and only once", () => {
  const { clock, batches, queue } = setUp();
  queue.push(1);
  queue.flush();
  clock.pass(500);
  expect(batches.map((batch) => batch.items)).toEqual([[1]]);
});

test("clear forgets what waits", () => {
  const { clock, batches, queue } = setUp();
  queue.push(1);
  queue.clear();
  queue.push(2);
  clock.pass(500);
  expect(batches.map((batch) => batch.items)).toEqual([[2]]);
});
