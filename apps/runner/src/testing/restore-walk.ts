import fc from "fast-check";
import { join } from "node:path";
import type { Difference } from "@cairn/shared/files";
import type { Snapshot } from "../runner.ts";
import type { Model } from "./random-tree.ts";
import { edit, plant, randomEdits, randomPath, randomTree } from "./random-tree.ts";
import { RestoreSite } from "./restore-site.ts";
import { listTree, readable, writeTree } from "./tree.ts";

// Never captured, never touched: at the root, and wherever a path leads through it.
const kept = [".git", "node_modules", ".gitignore"];

/** What must never change, whatever is restored. */
function untouched(site: RestoreSite): string[] {
  return kept.flatMap((name) => listTree(join(site.workspace, name)));
}

/** What Cairn promises to bring back: all but what it never captures. */
function captured(site: RestoreSite): string[] {
  return site.list((path) => kept.includes(path) || path.endsWith(".log"));
}

/** Every ignored file, wherever it stands, with all that is in it. */
function ignored(site: RestoreSite): string[] {
  return site.list().filter((line) => /\.log[ /]/.test(line));
}

/**
 * Random trees, edited between captures; then any of them restored, undone and redone. Each time
 * the folder must be what it was at that moment, byte for byte.
 */
export function checkRestores(options: { runs: number; seed: number }): void {
  const steps = fc.record({
    tree: randomTree,
    edits: randomEdits,
    last: randomEdits,
    to: fc.nat(1),
  });
  fc.assert(
    fc.property(steps, ({ tree, edits, last, to }) => {
      using site = new RestoreSite();
      writeTree(site.workspace, {
        ".gitignore": "*.log\n",
        ".git/HEAD": "ref: refs/heads/main\n",
        ".git/objects/ab/cd": { file: Buffer.from([1, 2, 3]), mode: 0o444 },
        "node_modules/x/index.js": { file: "x", mode: 0o600 },
      });
      const fixed = untouched(site);
      const moments: { snapshot: Snapshot; listing: string[] }[] = [];
      let model: Model = new Map();
      for (const change of [tree, edits]) {
        model = edit(model, change);
        plant(site.workspace, model, kept);
        moments.push({ snapshot: site.capture(), listing: captured(site) });
      }
      plant(site.workspace, edit(model, last), kept);
      const now = site.list();

      const target = moments[to];
      if (target === undefined) throw new Error("no such moment");
      const left = ignored(site);
      const there = site.restore(target.snapshot);
      same(ignored(site), left, "ignored");
      const rest = without(blocked(there.differences));
      const wanted = rest(target.listing);
      same(withoutKeptAlive(rest(captured(site)), wanted), wanted, "restore");
      const restored = site.list();
      const back = site.restore(there.safety);
      same(site.list(), now, "undo");
      site.restore(back.safety);
      same(site.list(), restored, "redo");
      same(untouched(site), fixed, "untouched");
    }),
    { numRuns: options.runs, seed: options.seed },
  );
}

const ignoreFiles = ["", "*.log\n", "*.log\na\n", "b/\n!b/c\n", "/a/*\n!/a/b\n", "*\n!A\n"];

/**
 * The same while the ignore rules change too: a restore then may have to leave things, yet undo
 * and redo are byte-identical.
 */
export function checkRestoresAcrossRules(options: { runs: number; seed: number }): void {
  const rule = fc.constantFrom(...ignoreFiles);
  const moments = fc.array(fc.tuple(randomEdits, rule), { minLength: 2, maxLength: 3 });
  fc.assert(
    fc.property(randomTree, moments, (tree, changes) => {
      using site = new RestoreSite();
      writeTree(site.workspace, { ".git/HEAD": "ref: refs/heads/main\n" });
      let model: Model = edit(new Map(), tree);
      const snapshots = changes.map(([edits, ignore]) => {
        model = edit(model, edits);
        plant(site.workspace, new Map([...model, [".gitignore", ignore]]), [".git"]);
        return site.capture();
      });
      const now = site.list();
      for (const target of snapshots) {
        const { safety } = site.restore(target);
        const restored = site.list();
        const back = site.restore(safety);
        same(site.list(), now, "undo");
        site.restore(back.safety);
        same(site.list(), restored, "redo");
        site.restore(safety);
        same(site.list(), now, "undo of redo");
      }
    }),
    { numRuns: options.runs, seed: options.seed },
  );
}

/**
 * Random choices of paths: what is chosen becomes what it was, what is not stays as it is, and
 * undo and redo are byte-identical.
 */
export function checkChoices(options: { runs: number; seed: number }): void {
  const choice = fc.array(randomPath, { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(randomTree, randomEdits, choice, (tree, edits, chosen) => {
      using site = new RestoreSite();
      const model = edit(new Map(), tree);
      plant(site.workspace, model);
      const target = site.capture();
      const then = site.list();
      plant(site.workspace, edit(model, edits));
      const now = site.list();
      const known = chosen.filter((path) => {
        const shown = readable(Buffer.from(path, "latin1"));
        return [...then, ...now].some((line) => isAbout(line, shown));
      });
      if (known.length === 0) return;
      const paths = known.map((path) => ({
        path_b64: Buffer.from(path, "latin1").toString("base64"),
      }));
      const there = site.restore(target, { paths });
      const names = known.map((path) => readable(Buffer.from(path, "latin1")));
      const isChosen = (line: string): boolean => names.some((name) => isAbout(line, name));
      const restored = site.list();
      // A folder that is a file in the other keeps what is chosen below it from being restored.
      if (there.differences.length === 0) {
        same(restored.filter(isChosen), then.filter(isChosen), "chosen");
        const rest = restored.filter((line) => !isChosen(line) && !isNewWay(line, now, then));
        same(
          rest,
          now.filter((line) => !isChosen(line)),
          "not chosen",
        );
      }
      const back = site.restore(there.safety);
      same(site.list(), now, "undo");
      site.restore(back.safety);
      same(site.list(), restored, "redo");
    }),
    { numRuns: options.runs, seed: options.seed },
  );
}

function isAbout(line: string, path: string): boolean {
  return line.startsWith(`${path} `) || line.startsWith(`${path}/`);
}

/** A folder that was made again because something below it was chosen. */
function isNewWay(line: string, now: string[], then: string[]): boolean {
  return /\/ \d+$/.test(line) && !now.includes(line) && then.includes(line);
}

/** Paths where a folder with ignored files stands in the way of a file: the only differences. */
function blocked(differences: Difference[]): string[] {
  return differences.map(({ path, path_b64, reason }) => {
    if (reason !== "blocked_by_ignored") throw new Error(`${reason}: ${path}`);
    return readable(path_b64 === undefined ? Buffer.from(path) : Buffer.from(path_b64, "base64"));
  });
}

function without(paths: string[]): (lines: string[]) => string[] {
  const isLeft = (line: string): boolean => paths.some((path) => isAbout(line, path));
  return (lines) => lines.filter((line) => !isLeft(line));
}

/** Folders that only ignored files keep alive are no difference: they hold nothing captured. */
function withoutKeptAlive(listing: string[], wanted: string[]): string[] {
  const known = new Set(wanted.map((line) => line.replace(/\/ \d+$/, "/")));
  return listing.filter((line) => !/\/ \d+$/.test(line) || known.has(line.replace(/\/ \d+$/, "/")));
}

function same(now: string[], wanted: string[], what: string): void {
  const lost = wanted.filter((line) => !now.includes(line));
  const extra = now.filter((line) => !wanted.includes(line));
  if (lost.length + extra.length === 0) return;
  throw new Error(`${what}: ${JSON.stringify({ lost, extra })}`);
}
