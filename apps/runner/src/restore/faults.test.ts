import { expect, test } from "vitest";
import { FaultPlan } from "../testing/fault-plan.ts";
import { newSeed, randomOf } from "../testing/random.ts";
import { RestoreCase } from "../testing/restore-case.ts";
import { errorCode } from "../testing/store-site.ts";
import type { Verdict } from "../testing/restore-drills.ts";
import { Trials } from "../testing/restore-trials.ts";
import { countCalls, crashAndEdit, crashAt, failAt } from "../testing/restore-drills.ts";

test("300 restores and undos, each with a fault in some step and in its recovery: none is mixed", () => {
  const random = randomOf(newSeed("faults of restores"));
  using trials = new Trials();
  const wrong: string[] = [];
  const met = { prepare: 0, apply: 0, settle: 0, recover: 0 };
  for (let run = 0; run < 300; run += 1) {
    const verdict = trials.run(trials.random(random));
    met[verdict.phase] += 1;
    if (verdict.wrong !== null) wrong.push(verdict.wrong);
  }
  expect(wrong).toEqual([]);
  expect(Math.min(...Object.values(met))).toBeGreaterThan(15);
}, 120_000);

test("a restore that cannot be prepared holds nothing, whatever stopped it", () => {
  using drill = new RestoreCase();
  const { site } = drill;
  drill.reset();
  const pins = site.pins();
  let failed = 0;
  for (let at = 1; ; at += 1) {
    const disk = new FaultPlan(at, at % 2 === 0 ? "ENOSPC" : "EIO");
    const restorer = site.restorer({}, disk);
    const request = drill.request();
    const code = errorCode(() => restorer.prepare(request));
    if (code === "none") {
      // What failed, such as closing a folder, was of no account.
      site.restorer().abandon(request.operation_id);
      site.store.unpin([request.safety_pin]);
    } else failed += 1;
    if (disk.struck === undefined) break;
    expect(site.pins(), `call ${at}, ${disk.struck}`).toEqual(pins);
    expect(site.store.journals.list()).toEqual([]);
    expect(disk.open).toBe(0);
  }
  expect(failed).toBeGreaterThan(50);
  expect(drill.state()).toBe("before");
});

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
