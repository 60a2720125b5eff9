// Hunks of random texts against git itself: applied by `git apply` they must give the new text, and
// where they are the fewest lines there are, as many as git finds.
//   --runs N   pairs of texts (default 3,000)
//   --seed N   to repeat a run
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { hunksOf } from "../src/diff/hunks.ts";
import { compareTexts, countsOf } from "../src/diff/lines.ts";
import { randomOf } from "../src/testing/random.ts";

const { values } = parseArgs({
  options: { runs: { type: "string" }, seed: { type: "string" } },
  strict: false,
});
const runs = Number(values.runs ?? 3000);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
console.log(`diff: --runs ${runs} --seed ${seed}`);

const random = randomOf(seed);
/** Git is started once for so many. */
const batch = 100;

function textOf(most: number, kinds: number): string[] {
  return Array.from({ length: random(most) }, () => {
    const line = `${" ".repeat(random(3))}l${random(kinds)}`;
    return random(20) === 0 ? `${line}\r\n` : `${line}\n`;
  });
}

/** Lines taken out, put in, changed and moved. */
function edited(lines: string[], kinds: number): string[] {
  const result = [...lines];
  for (let n = random(30); n > 0; n -= 1) {
    const at = random(result.length + 1);
    const some = random(2) === 0 ? textOf(8, kinds) : [];
    const taken = result.splice(at, random(12), ...some);
    if (random(3) === 0) result.splice(random(result.length + 1), 0, ...taken);
  }
  return result;
}

function pair(): [string, string] {
  const kinds = [3, 30, 3000][random(3)] ?? 3;
  const old = textOf([5, 60, 1500][random(3)] ?? 5, kinds);
  const now = random(6) === 0 ? textOf(60, kinds) : edited(old, kinds);
  const end = (lines: string[]): string => lines.join("") + (random(4) === 0 ? "end" : "");
  return [end(old), end(now)];
}

interface Made {
  patch: string;
  counts: string;
}

/** Null where the texts differ too much to be told. */
function unified(name: string, old: string, now: string): Made | null {
  const effort = { left: Number.MAX_SAFE_INTEGER };
  const compared = compareTexts(Buffer.from(old), Buffer.from(now), effort);
  if (compared === null) return null;
  const plain = (line: string): string => line;
  const from = (start: number, lines: number): string =>
    `${lines === 0 ? start - 1 : start},${lines}`;
  const hunks = hunksOf(compared, { old: plain, now: plain }).map((hunk) =>
    [
      `@@ -${from(hunk.old_start, hunk.old_lines)} +${from(hunk.new_start, hunk.new_lines)} @@`,
      ...hunk.lines,
      "",
    ].join("\n"),
  );
  const { added, removed } = countsOf(compared);
  return {
    patch: hunks.length === 0 ? "" : `--- a/${name}\n+++ b/${name}\n${hunks.join("")}`,
    counts: `${added}\t${removed}`,
  };
}

function git(cwd: string, args: string[], input = ""): string {
  const { status, stdout, stderr } = spawnSync("git", args, {
    cwd,
    input,
    encoding: "latin1",
    maxBuffer: 2 ** 28,
  });
  // 1 is what `diff` ends with where there are differences.
  if (status !== 0 && !(args[0] === "diff" && status === 1)) throw new Error(stderr);
  return stdout;
}

const home = mkdtempSync(join(tmpdir(), "cairn-diff-"));
let wrong = 0;
let fewest = 0;
let told = 0;
try {
  for (let done = 0; done < runs; done += batch) {
    for (const folder of ["a", "b", "work"]) {
      rmSync(join(home, folder), { recursive: true, force: true });
      mkdirSync(join(home, folder));
    }
    const all = Array.from({ length: Math.min(batch, runs - done) }, (_, i) => ({
      name: `f${i}`,
      texts: pair(),
    }));
    const made = all.map(({ name, texts: [old, now] }) => {
      writeFileSync(join(home, "a", name), old);
      writeFileSync(join(home, "b", name), now);
      writeFileSync(join(home, "work", name), old);
      return unified(name, old, now);
    });
    git(
      join(home, "work"),
      ["apply", "--unidiff-zero", "-"],
      made.map((one) => one?.patch ?? "").join(""),
    );
    const options = ["--no-index", "--minimal", "--no-renames", "--numstat"];
    const stat = git(home, ["diff", ...options, "a", "b"]);
    const counts = new Map(
      stat.split("\n").map((line) => {
        const [added, removed, path] = line.split("\t");
        return [path?.split("/").at(-1)?.replace("}", ""), `${added}\t${removed}`] as const;
      }),
    );
    for (const [i, { name, texts }] of all.entries()) {
      const ours = made[i] ?? null;
      if (ours === null) continue;
      told += 1;
      if (ours.counts === (counts.get(name) ?? "0\t0")) fewest += 1;
      if (readFileSync(join(home, "work", name), "latin1") === texts[1]) continue;
      wrong += 1;
      console.log(`wrong, in run ${done + i}: ${JSON.stringify(texts).slice(0, 2000)}`);
    }
  }
} finally {
  rmSync(home, { recursive: true });
}
console.log(`${told} of ${runs} pairs told, ${wrong} wrong; ${fewest} in as few lines as can be`);
if (wrong > 0) process.exitCode = 1;
