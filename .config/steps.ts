// What `npm test` runs, in its order.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { ensureBrowser } from "./browser.ts";
import { root, run } from "./command.ts";
import type { Tally } from "./reports.ts";
import { readReport, tallyOf } from "./reports.ts";

export interface Outcome extends Tally {
  output: string;
  /** It was printed as it came. */
  shown?: boolean;
}

export interface Step {
  name: string;
  about: string;
  run: (logFile: string, extra: string[], echo: boolean) => Promise<Outcome>;
}

const cache = join(root, ".cache/test");

function check(name: string, about: string, script: string, args: string[] = []): Step {
  return {
    name,
    about,
    run: async (logFile, extra) => {
      const { ok, output } = await run({ script, args: [...args, ...extra] }, logFile);
      return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0, output };
    },
  };
}

// Within one run the build is tried once; what needs it fails with it.
let broken: string | undefined;

async function build(logFile: string, args: string[]): Promise<Outcome> {
  const { ok, output } = await run({ script: ".config/build.ts", args }, logFile);
  if (!ok) broken = "Not run, since the page's build failed.";
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0, output };
}

async function built(logFile: string): Promise<void> {
  if (broken !== undefined) throw new Error(broken);
  const { failed, output } = await build(logFile, ["--if-stale"]);
  if (failed > 0) throw new Error(output);
}

const size: Step = {
  name: "size",
  about: "what a first visit loads stays within its budget (size-limit)",
  run: async (logFile, extra, echo) => {
    await built(logFile);
    const measure = check("size", "", "node_modules/size-limit/bin.js");
    return await measure.run(logFile, extra, echo);
  },
};

const unit: Step = {
  name: "unit",
  about: "unit and contract tests (vitest)",
  run: async (logFile, extra, echo) => {
    const report = join(cache, "vitest.json");
    await rm(report, { force: true });
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
    const args = ["run", "--config", ".config/vitest.ts", ...reporters, ...extra];
    const script = "node_modules/vitest/vitest.mjs";
    const { ok, output } = await run({ script, args, minutes: 20, echo }, logFile);
    return { ...tallyOf("vitest", await readReport(report), ok), output, shown: echo };
  },
};

const browser: Step = {
  name: "browser",
  about: "the page in a real Chromium, against real servers (Playwright)",
  run: async (logFile, extra, echo) => {
    const chromium = ensureBrowser();
    await built(logFile);
    const report = join(cache, "playwright.json");
    await rm(report, { force: true });
    const args = ["test", "--reporter=list,json", ...extra];
    const env = { CAIRN_CHROMIUM: chromium, PLAYWRIGHT_JSON_OUTPUT_FILE: report };
    const script = "node_modules/@playwright/test/cli.js";
    const { ok, output } = await run({ script, args, env, minutes: 30, echo }, logFile);
    return { ...tallyOf("playwright", await readReport(report), ok), output, shown: echo };
  },
};

export const steps: Step[] = [
  check("format", "formatting (oxfmt)", "node_modules/oxfmt/bin/oxfmt", ["--check", "."]),
  check("lint", "type-aware lint (oxlint)", "node_modules/oxlint/bin/oxlint", [
    "--type-aware",
    "--deny-warnings",
  ]),
  check("types", "types (tsc)", ".config/typecheck.ts"),
  check("arrows", "the direction of imports (dependency-cruiser)", ".config/arrows.ts"),
  check("dead", "unused files, exports and dependencies (knip)", "node_modules/knip/bin/knip.js", [
    "--no-progress",
  ]),
  unit,
  { name: "build", about: "the page's build (vite)", run: build },
  size,
  browser,
];
