// `npm test`: every check and every test, each step with its time, and the sum at the end.
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { root } from "./command.ts";
import { steps } from "./steps.ts";
import type { Outcome, Step } from "./steps.ts";

const usage = `npm test                        every step, in this order
npm test -- unit browser        only these
npm test -- unit -- -t restore  one step, with arguments for its tool

${steps.map(({ name, about }) => `  ${name.padEnd(8)} ${about}`).join("\n")}`;

const logs = join(root, ".cache/test");

function chosen(names: string[]): Step[] {
  const unknown = names.filter((name) => !steps.some((step) => step.name === name));
  if (unknown.length > 0) throw new Error(`There is no step "${unknown.join('", "')}".`);
  return names.length === 0 ? steps : steps.filter((step) => names.includes(step.name));
}

const mostLines = 120;

// The end, since that is where tools put their sums; all of it is in the log file.
function tailOf(output: string, step: Step): string {
  const lines = output.trimEnd().split("\n");
  if (lines.length <= mostLines) return lines.join("\n");
  const cut = lines.length - mostLines;
  return [`… ${cut} more lines in .cache/test/${step.name}.log`, ...lines.slice(cut)].join("\n");
}

async function outcomeOf(step: Step, extra: string[], alone: boolean): Promise<Outcome> {
  const logFile = join(logs, `${step.name}.log`);
  await rm(logFile, { force: true });
  try {
    return await step.run(logFile, extra, alone);
  } catch (error) {
    const output = error instanceof Error ? error.message : String(error);
    return { passed: 0, failed: 1, skipped: 0, output };
  }
}

function lineOf(step: Step, { passed, failed, skipped }: Outcome, seconds: number): string {
  const counts = passed + failed + skipped === 1 ? "" : `${passed} passed, ${failed} failed`;
  const left = skipped === 0 ? "" : `, ${skipped} skipped`;
  const mark = failed === 0 ? "ok  " : "FAIL";
  return `${mark} ${step.name.padEnd(8)} ${seconds.toFixed(1).padStart(6)} s  ${counts}${left}`;
}

async function main(args: string[]): Promise<void> {
  const split = args.indexOf("--");
  const names = split === -1 ? args : args.slice(0, split);
  const extra = split === -1 ? [] : args.slice(split + 1);
  if (names.includes("--help") || names.includes("-h")) {
    console.log(usage);
    return;
  }
  const plan = chosen(names);
  if (extra.length > 0 && plan.length !== 1) throw new Error("Name one step for these arguments.");
  await mkdir(logs, { recursive: true });

  const sum = { passed: 0, failed: 0 };
  const alone = plan.length === 1;
  for (const step of plan) {
    const start = performance.now();
    const outcome = await outcomeOf(step, extra, alone);
    sum.passed += outcome.passed;
    sum.failed += outcome.failed;
    if (outcome.failed > 0 && outcome.shown !== true) console.log(tailOf(outcome.output, step));
    console.log(lineOf(step, outcome, (performance.now() - start) / 1000).trimEnd());
  }
  console.log(`\n${sum.passed} passed, ${sum.failed} failed`);
  process.exitCode = sum.failed === 0 ? 0 : 1;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  console.error(`\n${usage}`);
  process.exitCode = 2;
}
