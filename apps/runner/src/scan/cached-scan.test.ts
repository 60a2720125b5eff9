// A scan that spares what stands still must find what one without a cache finds, whatever was done
// to the folder between. Fast-check prints the seed of a failure.
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
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import type { Side } from "../diff/compare.ts";
import { compareTrees } from "../diff/compare.ts";
import type { Rules } from "../runner.ts";
import { codeOf } from "../fs.ts";
import { RestoreSite } from "../testing/restore-site.ts";
import { listStored, scanSite } from "../testing/scanning.ts";
import { removeTree } from "../testing/tree.ts";
import { Ahead } from "./ahead.ts";
import type { Scan } from "./scan.ts";
import type { ScanFs } from "./scan-fs.ts";
import { realScanFs } from "./scan-fs.ts";
import { StatCache } from "./stat-cache.ts";

let site: RestoreSite;

beforeEach(() => {
  site = new RestoreSite();
});

afterEach(() => site[Symbol.dispose]());

// Few names, so that what is done meets.
const path = fc
  .array(fc.constantFrom("a", "b", "c", "x.log", "é"), { minLength: 1, maxLength: 3 })
  .map((names) => names.join("/"));
const text = fc.constantFrom("one", "two", "six", "longer", "");
const folder = fc.constantFrom(".", "a", "b", "a/b");
const lines = fc
  .array(fc.constantFrom("a", "*.log", "/b/", "!x.log", "c/", "b/a", "é", ".*"), { maxLength: 3 })
  .map((patterns) => patterns.join("\n"));

const planted = ["a", "b", "c"].flatMap((outer) =>
  ["a/b", "a/c", "b/a", "b/x.log", "c"].map((inner) => `${outer}/${inner}`),
);

const edit = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constant("write" as const), path, text) },
  { weight: 3, arbitrary: fc.tuple(fc.constant("rewrite" as const), path, text) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("swap" as const), path, path) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("move" as const), path, path) },
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
  ignore: fc.constantFrom<string[]>([], ["c"], ["*.log"]),
  include: fc.constantFrom<string[]>([], ["/b/x.log"], ["a/b/", "x.log"]),
});

const round = fc.record({
  edits: fc.array(edit, { minLength: 1, maxLength: 3 }),
  back: fc.boolean(),
  settings,
  store: fc.boolean(),
  restart: fc.boolean(),
  ahead: fc.boolean(),
});

/** Does what can be done: what a name stands in the way of is left undone. */
function apply([what, at, more]: Edit): void {
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
function putBack(edits: Edit[]): void {
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
function tick(): void {
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

test("a scan with a cache finds what one without finds, whatever was edited between", () => {
  // Everything is trusted at once, so that the racy rule hides nothing.
  const trusting = { now: () => Date.now() + 60_000, startedAt: Date.now() + 3_600_000 };
  const cachePath = join(site.home, "cache", "one");
  const calls = { cached: 0, fresh: 0 };
  const counted = (by: keyof typeof calls): ScanFs => ({
    ...realScanFs,
    open(path) {
      calls[by] += 1;
      return realScanFs.open(path);
    },
    readdir(path) {
      calls[by] += 1;
      return realScanFs.readdir(path);
    },
  });
  const ahead = new Ahead(site.workspace);
  onTestFinished(() => ahead.close());
  fc.assert(
    fc.property(fc.array(round, { minLength: 2, maxLength: 4 }), (rounds) => {
      removeTree(site.workspace);
      mkdirSync(site.workspace);
      const edits = planted.map((at): Edit => ["write", at, "one"]);
      for (const edit of edits) apply(edit);
      putBack(edits);
      let cache = new StatCache(cachePath);
      let last: Scan | undefined;
      for (const { edits, back, settings, store, restart, ...round } of rounds) {
        for (const edit of edits) apply(edit);
        if (back) putBack(edits);
        tick();
        const rules: Rules = { ...site.rules, ...settings };
        const fresh = scanSite(site, { rules, store: false, fs: counted("fresh") });
        if (restart) cache = new StatCache(cachePath);
        const cached = scanSite(site, {
          rules,
          store,
          cache,
          ...(round.ahead && { ahead }),
          fs: counted("cached"),
          ...trusting,
        });
        if (cache.root !== undefined) ahead.remember(cache.root);
        expect(told(cached)).toEqual(told(fresh));
        const since = cached.tree.since?.(last?.root ?? null);
        const before = last?.tree ?? { root: null, readTree: () => [] };
        expect(since && differences(since.from, since.to)).toEqual(differences(before, fresh.tree));
        last = fresh;
        if (store) {
          site.store.commit();
          // All of it is there, and is what it is called.
          listStored(site.store, cached.root);
        }
        tick();
      }
    }),
    { numRuns: 200 },
  );
  expect(calls.cached).toBeLessThan(calls.fresh * 0.8);
}, 60_000);
