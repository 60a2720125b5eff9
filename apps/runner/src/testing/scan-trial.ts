import assert from "node:assert/strict";
import {
  chmodSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import type { Side } from "../diff/compare.ts";
import { compareTrees } from "../diff/compare.ts";
import { codeOf } from "../fs.ts";
import type { Rules } from "../runner.ts";
import { Ahead } from "../scan/ahead.ts";
import type { Scan } from "../scan/scan.ts";
import type { ScanFs } from "../scan/scan-fs.ts";
import { realScanFs } from "../scan/scan-fs.ts";
import { StatCache } from "../scan/stat-cache.ts";
import { RestoreSite } from "./restore-site.ts";
import { listStored, scanSite } from "./scanning.ts";
import { removeTree } from "./tree.ts";

// Few names, so that what is done meets.
const path = fc
  .array(fc.constantFrom("a", "b", "c", "x.log", "é"), { minLength: 1, maxLength: 3 })
  .map((names) => names.join("/"));
const text = fc.constantFrom("one", "two", "six", "longer", "");
const folder = fc.constantFrom(".", "a", "b", "a/b");
const movable = fc.constantFrom("a", "b", "d", "a/b");
const lines = fc
  .array(
    fc.constantFrom("a", "*.log", "/b/", "!x.log", "c/", "b/a", "/d/a/b", "/a/b/a/", "é", ".*"),
    { maxLength: 3 },
  )
  .map((patterns) => patterns.join("\n"));

const planted = ["a", "b", "c"].flatMap((outer) =>
  ["a/b", "a/c", "b/a", "b/x.log", "c"].map((inner) => `${outer}/${inner}`),
);

const edit = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constant("write" as const), path, text) },
  { weight: 3, arbitrary: fc.tuple(fc.constant("rewrite" as const), path, text) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("swap" as const), path, path) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("move" as const), path, path) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("move" as const), movable, movable) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("remove" as const), path, text) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("link" as const), path, text) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("hard link" as const), path, path) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("folder" as const), path, text) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constant("mode" as const), path, fc.constantFrom("755", "600")),
  },
  { weight: 2, arbitrary: fc.tuple(fc.constant(".gitignore" as const), folder, lines) },
  { weight: 1, arbitrary: fc.tuple(fc.constant(".cairnignore" as const), folder, lines) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("Cargo.toml" as const), folder, text) },
  { weight: 1, arbitrary: fc.tuple(fc.constant(".git" as const), folder, text) },
);
type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;

const settings = fc.record({
  ignore: fc.constantFrom<string[]>([], ["*.log"], ["/a/b/a", "/b/b/x.log", "/d/b/x.log"]),
  include: fc.constantFrom<string[]>([], ["/b/x.log"], ["a/b/", "x.log"]),
});

const round = fc.record({
  edits: fc.array(edit, { minLength: 1, maxLength: 3 }),
  back: fc.boolean(),
  // Null leaves them as they are.
  settings: fc.option(settings, { freq: 4 }),
  store: fc.boolean(),
  restart: fc.boolean(),
  ahead: fc.boolean(),
});

type Round = typeof round extends fc.Arbitrary<infer T> ? T : never;

/** Does what can be done: what a name stands in the way of is left undone. */
function apply(site: RestoreSite, [what, at, more]: Edit): void {
  const place = site.path(at);
  try {
    switch (what) {
      case "write":
        mkdirSync(dirname(place), { recursive: true });
        writeFileSync(place, more);
        break;
      case "rewrite":
        // The inode stays, and with a text of the same length the size.
        writeFileSync(place, more, { flag: "r+" });
        break;
      case "swap": {
        const aside = join(site.home, "aside");
        renameSync(place, aside);
        renameSync(site.path(more), place);
        renameSync(aside, site.path(more));
        break;
      }
      case "move":
        renameSync(place, site.path(more));
        break;
      case "remove":
        removeTree(place);
        break;
      case "link":
        removeTree(place);
        symlinkSync(more === "" ? "." : more, place);
        break;
      case "hard link":
        linkSync(place, site.path(more));
        break;
      case "folder":
        mkdirSync(place, { recursive: true });
        break;
      case "mode":
        if (!lstatSync(place).isSymbolicLink()) chmodSync(place, Number.parseInt(more, 8));
        break;
      case ".git":
        removeTree(join(place, what));
        if (more !== "") writeFileSync(join(place, what), more);
        break;
      default:
        writeFileSync(site.path(join(at, what)), more);
    }
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
  }
}

/** Puts the times of all that was touched back: what is left to tell of it is ctime. */
function putBack(site: RestoreSite, edits: Edit[]): void {
  for (const at of edits.flatMap(([, at, more]) => [at, more])) {
    const names = at.split("/");
    for (let depth = 0; depth <= names.length; depth += 1) {
      try {
        lutimesSync(site.path(names.slice(0, depth).join("/")), 1, 1);
      } catch (error) {
        if (codeOf(error) === undefined) throw error;
      }
    }
  }
}

/** Waits until the filesystem's clock has moved on: a change after this shows in its times. */
function tick(site: RestoreSite): void {
  const probe = join(site.home, "probe");
  writeFileSync(probe, "");
  const { ctimeMs } = statSync(probe);
  do writeFileSync(probe, "");
  while (statSync(probe).ctimeMs === ctimeMs);
}

/** What differs from an earlier scan, as the two whole trees tell. */
function differences(from: Side, to: Side): unknown[] {
  return [...compareTrees(from, to)].map((change) => {
    const [before, after] = [change.before, change.after].map((entry) =>
      entry?.kind === "directory" ? { ...entry, hash: "" } : entry,
    );
    return { ...change, before, after };
  });
}

function told({ root, rulesHash, skipped, repositories, files, bytes, tree }: Scan): unknown {
  const entries = tree.readTree(root);
  return { root, rulesHash, skipped, repositories, files, bytes, entries };
}

/** Calls that scans made of the filesystem to list folders and to open files. */
export interface Calls {
  cached: number;
  fresh: number;
}

class Trial {
  readonly calls: Calls = { cached: 0, fresh: 0 };
  readonly #site: RestoreSite;
  readonly #ahead: Ahead;
  readonly #cachePath: string;

  constructor(site: RestoreSite, ahead: Ahead) {
    this.#site = site;
    this.#ahead = ahead;
    this.#cachePath = join(site.home, "cache", "one");
  }

  run(settings: Partial<Rules>, rounds: Round[]): void {
    const site = this.#site;
    removeTree(site.workspace);
    mkdirSync(site.workspace);
    const edits = planted.map((at): Edit => ["write", at, "one"]);
    for (const edit of edits) apply(site, edit);
    putBack(site, edits);
    let cache = new StatCache(this.#cachePath);
    let rules: Rules = { ...site.rules, ...settings };
    let last: Scan | undefined;
    for (const round of rounds) {
      for (const edit of round.edits) apply(site, edit);
      if (round.back) putBack(site, round.edits);
      tick(site);
      rules = { ...rules, ...round.settings };
      if (round.restart) cache = new StatCache(this.#cachePath);
      last = this.#compare(rules, cache, round, last);
      tick(site);
    }
  }

  #compare(rules: Rules, cache: StatCache, round: Round, last: Scan | undefined): Scan {
    const site = this.#site;
    const fresh = scanSite(site, { rules, store: false, fs: this.#counted("fresh") });
    const cached = scanSite(site, {
      rules,
      store: round.store,
      cache,
      ...(round.ahead && { ahead: this.#ahead }),
      fs: this.#counted("cached"),
      // Everything is trusted at once, so that the racy rule hides nothing.
      now: () => Date.now() + 60_000,
      startedAt: Date.now() + 3_600_000,
    });
    if (cache.root !== undefined) this.#ahead.remember(cache.root);
    assert.deepEqual(told(cached), told(fresh));
    const since = cached.tree.since?.(last?.root ?? null);
    const before = last?.tree ?? { root: null, readTree: () => [] };
    assert.deepEqual(since && differences(since.from, since.to), differences(before, fresh.tree));
    if (round.store) {
      site.store.commit();
      // All of it is there, and is what it is called.
      listStored(site.store, cached.root);
    }
    return fresh;
  }

  #counted(by: keyof Calls): ScanFs {
    const { calls } = this;
    return {
      ...realScanFs,
      open(path) {
        calls[by] += 1;
        return realScanFs.open(path);
      },
      readdir(path) {
        calls[by] += 1;
        return realScanFs.readdir(path);
      },
    };
  }
}

/**
 * Edits a folder at random and scans it, with a cache and without: throws, with the seed, where
 * they differ in anything.
 */
export function checkCachedScans(options: { runs: number; seed?: number }): Calls {
  using site = new RestoreSite();
  const ahead = new Ahead(site.workspace);
  try {
    const trial = new Trial(site, ahead);
    const rounds = fc.array(round, { minLength: 2, maxLength: 4 });
    fc.assert(
      fc.property(settings, rounds, (first, rounds) => trial.run(first, rounds)),
      { numRuns: options.runs, ...(options.seed === undefined ? {} : { seed: options.seed }) },
    );
    return trial.calls;
  } finally {
    ahead.close();
  }
}
