// What a page waits for: the hunks of one large file, a list in which few files of many were edited,
// and one in which many were moved; against git on the same contents in the same run, medians in
// ms. Of each round in a thread that has compared nothing yet, with no line counted before.
// `--rounds N`, `--only TEXT` for what has the text in its name.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { defaultSettings } from "@cairn/shared/session";
import type { DiffResult, Rules, Runner } from "../src/runner.ts";
import { startRunner } from "../src/worker-runner.ts";
import { gitEnv, gitVersion } from "./snapshot-git.ts";
import type { Row } from "./snapshot-report.ts";
import { printRow } from "./snapshot-report.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "9" },
    only: { type: "string", default: "" },
  },
});
const rounds = Math.max(1, Number(values.rounds));
const root = join(import.meta.dirname, "../../../.cache/bench");
const { ignore, include, limits } = defaultSettings;
const rules: Rules = { ignore, include, limits };
const hasGit = gitVersion() !== null;

type Files = Record<string, string>;
interface Case {
  what: string;
  old: Files;
  now: Files;
  /** Its hunks; without, the list of all that differs. */
  path?: string;
  ignore_whitespace?: boolean;
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 24);
}

const lines = Array.from({ length: 10_000 }, (_, i) => `    const value${i} = "${hash(`${i}`)}";`);
const text = (all: string[]): string => `${all.join("\n")}\n`;
const old = { f: text(lines) };
const few = lines.map((line, i) => (i % 7 === 0 ? hash(line).slice(0, 2) : line));

function one(what: string, now: string[], more: Partial<Case> = {}): Case {
  return { what: `hunks of 10,000 lines: ${what}`, old, now: { f: text(now) }, path: "f", ...more };
}

function source(i: number): string {
  return Array.from({ length: 80 }, (_, n) => `const ${hash(`${i} ${n}`)} = ${n};\n`).join("");
}

function moved(count: number, edit: string): Case {
  const numbers = Array.from({ length: count }, (_, i) => i);
  const files = (folder: string, more: string): Files =>
    Object.fromEntries(numbers.map((i) => [`${folder}/${i % 50}/f${i}.ts`, source(i) + more]));
  const what = edit === "" ? "moved" : "moved and edited";
  return { what: `list of ${count} files ${what}`, old: files("a", ""), now: files("b", edit) };
}

/** Ten of many, each with a line that is another one. */
function edited(count: number): Case {
  const numbers = Array.from({ length: count }, (_, i) => i);
  const files = (edit: string): Files =>
    Object.fromEntries(
      numbers.map((i) => [
        `${i % 7}/${i % 300}/f${i}.ts`,
        i % (count / 10) === 0 ? source(i).replace(" = 40", edit) : source(i),
      ]),
    );
  return { what: `list of 10 files edited of ${count}`, old: files(" = 40"), now: files(" = 41") };
}

/** Lines that tell where one is, and between them some that stand there twice, in any order. */
function sections(seed: string): string[] {
  return Array.from({ length: 40 }, (_, part) => {
    const twice = Array.from({ length: 249 }, (_, i) => `line ${i % 124}`);
    const mixed = twice.map((line, i) => ({ line, at: hash(`${seed} ${part} ${i}`) }));
    return [`part ${part}`, ...mixed.toSorted(byPlace).map(({ line }) => line)];
  }).flat();
}

function byPlace(a: { at: string }, b: { at: string }): number {
  return a.at < b.at ? -1 : 1;
}

const cases: Case[] = [
  edited(10_000),
  one(
    "10 edits",
    lines.map((line, i) => (i % 1000 === 5 ? `${line} // edited` : line)),
  ),
  one(
    "every fourth edited",
    lines.map((line, i) => (i % 4 === 0 ? `${line} // edited` : line)),
  ),
  one("all rewritten", lines.map(hash)),
  one(
    "all in another order",
    lines.toSorted((a, b) => (hash(a) < hash(b) ? -1 : 1)),
  ),
  one(
    "all indented otherwise, white space ignored",
    lines.map((line) => line.replace("    ", "\t")),
    { ignore_whitespace: true },
  ),
  {
    ...one(
      "many alike, mixed up (more than is told)",
      few.toSorted((a, b) => (hash(a) < hash(b) ? -1 : 1)).map((line) => line.slice(0, 1)),
    ),
    old: { f: text(few.map((line) => line.slice(-2, -1))) },
  },
  {
    ...one("forty parts, each mixed up", sections("now")),
    old: { f: text(sections("old")) },
  },
  moved(1000, "// edited\n"),
  moved(10_000, ""),
];

function write(folder: string, files: Files): void {
  rmSync(folder, { recursive: true, force: true });
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

async function time<T>(into: number[], work: () => T | Promise<T>): Promise<T> {
  const began = performance.now();
  const result = await work();
  into.push(performance.now() - began);
  return result;
}

function git(dir: string, folder: string, ...args: string[]): string {
  const env = { ...gitEnv, GIT_DIR: dir, GIT_WORK_TREE: folder };
  const { status, stdout, stderr } = spawnSync("git", args, {
    env,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(stderr);
  return stdout.trim();
}

function treeOf(dir: string, folder: string): string {
  git(dir, folder, "add", "-A");
  return git(dir, folder, "write-tree");
}

async function capture(runner: Runner, workspace: string, pin: string): Promise<string> {
  const { tree } = await runner.capture({ pin, workspace, rules, parent: null });
  return tree;
}

function sayOf({ files, hunks, too_large }: DiffResult): string {
  if (too_large === true) return "too large";
  if (hunks !== undefined) return `${hunks.length} hunks`;
  const renamed = files.filter(({ kind }) => kind === "renamed").length;
  return renamed === 0 ? `${files.length} files` : `${renamed} renamed on the first page`;
}

async function run({ what, path, ignore_whitespace = false, ...files }: Case): Promise<void> {
  const home = mkdtempSync(join(root, "diff-"));
  const [folder, dataDir, dir] = [join(home, "work"), join(home, "cairn"), join(home, "git")];
  let runner = await startRunner({ dataDir });
  const figures = { cairn: [] as number[], git: [] as number[] };
  let result: DiffResult = { files: [] };
  try {
    if (hasGit) git(dir, home, "init", "-q");
    write(folder, files.old);
    const from = await capture(runner, folder, "old");
    const gitFrom = hasGit ? treeOf(dir, folder) : "";
    write(folder, files.now);
    const to = await capture(runner, folder, "now");
    const gitTo = hasGit ? treeOf(dir, folder) : "";
    const view = path === undefined ? ["--numstat"] : ["-p"];
    const options = ["-r", "-M", "-l20000", ...(ignore_whitespace ? ["-w"] : [])];
    for (let round = 0; round < rounds; round += 1) {
      // A new one has looked at nothing yet.
      await runner.close();
      runner = await startRunner({ dataDir });
      await runner.facts();
      const request = {
        from,
        to,
        limit: 200,
        ignore_whitespace,
        ...(path !== undefined && { path }),
      };
      result = await time(figures.cairn, () => runner.diff(request));
      if (!hasGit) continue;
      await time(figures.git, () =>
        git(dir, folder, "diff-tree", ...view, ...options, gitFrom, gitTo),
      );
    }
  } finally {
    await runner.close();
    rmSync(home, { recursive: true });
  }
  const row: Row = {
    what: `${what} (${sayOf(result)})`,
    files: Object.keys(files.now).length,
    unit: "ms",
    figures: hasGit ? figures : { cairn: figures.cairn },
    goals: {},
  };
  printRow(row);
}

mkdirSync(root, { recursive: true });
console.log("goal: hunks of 10,000 lines within 300 ms, or `too_large`");
for (const each of cases) if (each.what.includes(values.only)) await run(each);
