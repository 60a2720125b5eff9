import { expect, test } from "vitest";
import { Slices } from "./slices.ts";
import type { Timers } from "./timers.ts";

/** Time that jobs take, and turns that the test gives. */
class Clock implements Timers {
  time = 0;
  turns: (() => void)[] = [];
  waits: { ms: number; work: () => void }[] = [];

  now(): number {
    return this.time;
  }

  after(ms: number, work: () => void): () => void {
    const wait = { ms, work };
    this.waits.push(wait);
    return () => (this.waits = this.waits.filter((other) => other !== wait));
  }

  soon(work: () => void): () => void {
    this.turns.push(work);
    return () => (this.turns = this.turns.filter((other) => other !== work));
  }

  turn(): void {
    for (const work of this.turns.splice(0)) work();
  }
}

const fail = (error: unknown): void => {
  throw error;
};
const times = { holdMs: 2, pauseMs: 5 };

function jobs(clock: Clock, log: string[]) {
  return (name: string, ms: number) => ({
    run: () => {
      log.push(name);
      clock.time += ms;
    },
  });
}

test("each job is done once, in the order in which they were first asked for", () => {
  const clock = new Clock();
  const slices = new Slices(clock, fail, times);
  const log: string[] = [];
  const job = jobs(clock, log);
  const [a, b] = [job("a", 0), job("b", 0)];
  for (const one of [a, b, a]) slices.add(one);
  expect(log).toEqual([]);
  clock.turn();
  expect(log).toEqual(["a", "b"]);
  slices.add(b);
  clock.turn();
  expect(log).toEqual(["a", "b", "b"]);
});

test("the thread is held for a slice at a time, and the rest goes on in its order", () => {
  const clock = new Clock();
  const slices = new Slices(clock, fail, times);
  const log: string[] = [];
  const job = jobs(clock, log);
  for (const name of "abcdefg") slices.add(job(name, 0.9));
  clock.turn();
  expect(log.join("")).toBe("abc");
  // What comes meanwhile waits for its turn.
  slices.add(job("h", 0.9));
  clock.turn();
  clock.turn();
  expect(log.join("")).toBe("abcdefgh");
  expect(clock.turns).toEqual([]);
});

test("a long job goes on where it was, after those that wait", () => {
  const clock = new Clock();
  const slices = new Slices(clock, fail, times);
  const log: string[] = [];
  let left = 5;
  slices.add({
    run: (isTime) => {
      while (left > 0) {
        log.push(`long ${(left -= 1)}`);
        clock.time += 1;
        if (!isTime()) return left > 0;
      }
      return false;
    },
  });
  slices.add(jobs(clock, log)("short", 0));
  clock.turn();
  expect(log).toEqual(["long 4", "long 3"]);
  for (let i = 0; i < 3; i += 1) clock.turn();
  expect(log).toEqual(["long 4", "long 3", "short", "long 2", "long 1", "long 0"]);
});

test("after a round it pauses for as long as that took, at most 5 ms, and collects", () => {
  const clock = new Clock();
  const slices = new Slices(clock, fail, times);
  const log: string[] = [];
  const job = jobs(clock, log);
  slices.add(job("a", 3));
  clock.turn();
  slices.add(job("b", 90));
  expect(clock.turns).toEqual([]);
  expect(clock.waits.map(({ ms }) => ms)).toEqual([3]);
  slices.add(job("c", 0));
  clock.time += 3;
  clock.waits.shift()?.work();
  expect(log).toEqual(["a", "b"]);
  clock.turn();
  expect(log).toEqual(["a", "b", "c"]);
  slices.add(job("d", 0.1));
  expect(clock.waits.map(({ ms }) => ms)).toEqual([5]);
  clock.time += 5;
  clock.waits.shift()?.work();
  // One that took next to nothing is followed at once.
  slices.add(job("e", 0));
  clock.turn();
  expect(log).toEqual(["a", "b", "c", "d", "e"]);
});

test("one that throws is told of, and the others are done", () => {
  const clock = new Clock();
  const errors: unknown[] = [];
  const slices = new Slices(clock, (error) => errors.push(error), times);
  const log: string[] = [];
  const job = jobs(clock, log);
  const bad = {
    run: () => {
      throw new Error("bad");
    },
  };
  for (const one of [job("a", 0), bad, job("b", 0)]) slices.add(one);
  clock.turn();
  expect(log).toEqual(["a", "b"]);
  expect(errors).toEqual([new Error("bad")]);
  slices.add(bad);
  clock.turn();
  expect(errors).toHaveLength(2);
});

test("closed, nothing is done any more", () => {
  const clock = new Clock();
  const slices = new Slices(clock, fail, times);
  const log: string[] = [];
  const job = jobs(clock, log);
  slices.add(job("a", 0));
  slices.close();
  slices.add(job("b", 0));
  clock.turn();
  expect(log).toEqual([]);
  expect(clock.waits).toEqual([]);
});
