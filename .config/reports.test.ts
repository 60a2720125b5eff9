import { expect, test } from "vitest";
import { tallyOf } from "./reports.ts";

const file = (status: string, ...tests: string[]): object => ({
  status,
  assertionResults: tests.map((each) => ({ status: each })),
});

test("vitest: counts tests by status, over files", () => {
  const report = {
    testResults: [file("passed", "passed", "passed"), file("failed", "failed", "pending")],
  };
  expect(tallyOf("vitest", report, false)).toEqual({ passed: 2, failed: 1, skipped: 1 });
});

test("vitest: a file that did not load is one failure", () => {
  const report = { testResults: [file("passed", "passed"), file("failed")] };
  expect(tallyOf("vitest", report, false)).toEqual({ passed: 1, failed: 1, skipped: 0 });
});

test("playwright: counts flaky tests as failed", () => {
  const stats = { expected: 3, unexpected: 1, flaky: 1, skipped: 2 };
  const tally = tallyOf("playwright", { errors: [], stats }, false);
  expect(tally).toEqual({ passed: 3, failed: 2, skipped: 2 });
});

test("playwright: a spec that did not load is one failure", () => {
  const stats = { expected: 0, unexpected: 0, flaky: 0, skipped: 0 };
  const report = { errors: [{ message: "x" }, { message: "y" }], stats };
  expect(tallyOf("playwright", report, false).failed).toBe(1);
});

test.each(["vitest", "playwright"] as const)("%s: no report is a failure", (kind) => {
  expect(tallyOf(kind, undefined, true)).toEqual({ passed: 0, failed: 1, skipped: 0 });
});

test("a run without a test is a failure", () => {
  expect(tallyOf("vitest", { testResults: [] }, true).failed).toBe(1);
});

test("a non-zero exit is a failure though every test passed", () => {
  const report = { testResults: [file("passed", "passed")] };
  expect(tallyOf("vitest", report, false)).toEqual({ passed: 1, failed: 1, skipped: 0 });
});
