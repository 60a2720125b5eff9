// Counts tests in what vitest and Playwright report as JSON.
import { readFile } from "node:fs/promises";
import * as z from "zod/mini";

export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

const VitestReport = z.object({
  testResults: z.array(
    z.object({
      status: z.string(),
      assertionResults: z.array(z.object({ status: z.string() })),
    }),
  ),
});

const PlaywrightReport = z.object({
  errors: z.array(z.unknown()),
  stats: z.object({
    expected: z.number(),
    unexpected: z.number(),
    flaky: z.number(),
    skipped: z.number(),
  }),
});

const none: Tally = { passed: 0, failed: 0, skipped: 0 };

function ofVitest(report: unknown): Tally {
  const tally = { ...none };
  for (const file of VitestReport.parse(report).testResults) {
    const statuses = file.assertionResults.map((test) => test.status);
    const failed = statuses.filter((status) => status === "failed").length;
    const passed = statuses.filter((status) => status === "passed").length;
    tally.passed += passed;
    // A file that cannot be loaded, or whose hooks fail, fails without a failed test in it.
    tally.failed += failed === 0 && file.status === "failed" ? 1 : failed;
    tally.skipped += statuses.length - passed - failed;
  }
  return tally;
}

function ofPlaywright(report: unknown): Tally {
  const { errors, stats } = PlaywrightReport.parse(report);
  const failed = stats.unexpected + stats.flaky;
  return {
    passed: stats.expected,
    failed: failed === 0 ? Math.min(errors.length, 1) : failed,
    skipped: stats.skipped,
  };
}

/**
 * The tally of a finished run, by its report and its exit code together: a run that broke, left no
 * report or held no test counts as failed, whatever else it says.
 */
export function tallyOf(kind: "vitest" | "playwright", report: unknown, ok: boolean): Tally {
  if (report === undefined) return { ...none, failed: 1 };
  const tally = kind === "vitest" ? ofVitest(report) : ofPlaywright(report);
  const suspect = !ok || tally.passed === 0;
  return tally.failed === 0 && suspect ? { ...tally, failed: 1 } : tally;
}

/** The report's JSON; `undefined` when it is missing or cut off. */
export async function readReport(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch {
    return undefined;
  }
}
