import { expect, test } from "vitest";
import { RestoreCase } from "../testing/restore-case.ts";
import type { Verdict } from "../testing/restore-drills.ts";
import { countCalls, crashAndEdit, crashAt, failAt } from "../testing/restore-drills.ts";

const codes = ["EIO", "ENOSPC", "EACCES", "EMFILE"];

/** Runs the drill at every call of a restore and gives what was wrong, and what came of it. */
function everyCall(
  run: (drill: RestoreCase, call: number) => Verdict,
  { from, step } = { from: 1, step: 1 },
) {
  using drill = new RestoreCase();
  const calls = countCalls(drill);
  const wrong: string[] = [];
  const sum = { before: 0, after: 0 };
  for (let call = from; call <= calls; call += step) {
    const verdict = run(drill, call);
    if (typeof verdict === "string") sum[verdict] += 1;
    else wrong.push(`call ${call}: ${verdict.wrong}`);
  }
  return { calls, wrong, sum };
}

test("a restore in which any one call fails has no effect and a typed error, or is whole", () => {
  const { calls, wrong, sum } = everyCall((drill, call) =>
    failAt(drill, call, codes[call % codes.length] ?? "EIO"),
  );
  expect(wrong).toEqual([]);
  expect(calls).toBeGreaterThan(300);
  expect(sum.before).toBeGreaterThan(200);
  expect(sum.after).toBeGreaterThan(20);
}, 60_000);

test("a crash at any call leaves exactly before or exactly after, once recovered", () => {
  const { wrong, sum } = everyCall((drill, call) => crashAt(drill, call));
  expect(wrong).toEqual([]);
  expect(sum.before).toBeGreaterThan(200);
  expect(sum.after).toBeGreaterThan(20);
}, 60_000);

// The calls before this one only plan.
const firstWrite = 45;

test("a crash during recovery, twice, changes nothing of that", () => {
  const { wrong, sum } = everyCall(
    (drill, call) => crashAt(drill, call, [1 + ((call * 7) % 90), 1 + ((call * 13) % 60)]),
    { from: firstWrite, step: 2 },
  );
  expect(wrong).toEqual([]);
  expect(sum.before).toBeGreaterThan(80);
}, 60_000);

const written = [
  "changed",
  "was-folder",
  "missing/one",
  "added/deep/one",
  "missing/new",
  "closed/new",
];

test("what a person writes between crash and restart is kept", () => {
  let at = 0;
  const { wrong, sum } = everyCall(
    (drill, call) => {
      at += 1;
      return crashAndEdit(drill, call, written[at % written.length] ?? "changed");
    },
    { from: firstWrite, step: 2 },
  );
  expect(wrong).toEqual([]);
  expect(sum.before).toBeGreaterThan(80);
}, 60_000);
