// Every call that a scan makes of the filesystem, failed with every error that a disk may give.
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { ProtocolError } from "@cairn/shared/errors";
import { afterEach, beforeEach, expect, test } from "vitest";
import { watchedFs } from "../testing/faults.ts";
import { RestoreSite } from "../testing/restore-site.ts";
import { scanSite } from "../testing/scanning.ts";
import type { Scan, ScanOptions } from "./scan.ts";
import type { ScanFs } from "./scan-fs.ts";
import { realScanFs } from "./scan-fs.ts";
import { StatCache } from "./stat-cache.ts";

let site: RestoreSite;

beforeEach(() => {
  site = new RestoreSite();
  site.write({
    ".gitignore": "*.log\n",
    "x.log": "ignored",
    file: "1",
    "folder/inside": "2",
    "folder/deep/below": "3",
    "folder/.gitignore": "secret\n",
    "folder/secret": "ignored",
    "other/one": "4",
    run: { file: "#!", mode: 0o755 },
    link: { link: "file" },
  });
});

afterEach(() => site[Symbol.dispose]());

const trusting = { now: () => Date.now() + 60_000, startedAt: Date.now() + 3_600_000 };
const exhausted = ["EMFILE", "ENFILE", "ENOMEM"];
// Node has no names for some.
const unnamed = "Unknown system error -133";
const codes = ["EIO", "EACCES", "ENOENT", "ESTALE", "ENOTCONN", "ELOOP", unnamed, ...exhausted];

function failing(at: number, code: string): ScanFs {
  return watchedFs(realScanFs, (call, name, args) => {
    if (call !== at) return;
    // A failed close has closed all the same.
    if (name === "close") realScanFs.close(args[0] as number);
    throw Object.assign(new Error(`${code}: injected, ${name}`), { code, syscall: name });
  });
}

function countCalls(options: Partial<ScanOptions>): number {
  let calls = 0;
  const fs = watchedFs(realScanFs, (call) => {
    calls = call;
  });
  scanSite(site, { ...options, fs });
  return calls;
}

/** What a scan found, one line an entry. */
function linesOf({ root, tree }: Scan): string[] {
  const lines: string[] = [];
  const walk = (hash: string, folder: string): void => {
    for (const { name, kind, mode, size, hash: id } of tree.readTree(hash)) {
      const path = `${folder}${name.toString()}`;
      const isFolder = kind === "directory";
      lines.push([path, kind, mode.toString(8), size, isFolder ? "" : id].join(" "));
      if (isFolder) walk(id, `${path}/`);
    }
  };
  walk(root, "");
  return lines;
}

function pathIn(line: string): string {
  return line.slice(0, line.indexOf(" "));
}

/** What is wrong with a scan's outcome; null when it is true to the folder. */
function wrong(scan: Scan, truth: string[]): string | null {
  const lines = linesOf(scan);
  const skipped = new Set(scan.skipped.map(({ path }) => path));
  const rulesUnread = [...skipped].some((path) => path.endsWith(".gitignore"));
  for (const line of truth) {
    if (!lines.includes(line) && !scan.isSkipped(Buffer.from(pathIn(line)))) return `lacks ${line}`;
  }
  for (const line of lines) {
    // Without its rules more is captured, never less, and the rules are said to be skipped.
    if (!truth.includes(line) && !rulesUnread) return `made up ${line}`;
  }
  return skipped.size === 0 && lines.length !== truth.length ? "differs" : null;
}

interface Outcome {
  at: string;
  /** Of the error that it threw. */
  code?: string;
  skipped: string[];
  problem: string | null;
}

/** Runs a scan with each of its calls failed by each code; `prepare` comes before each. */
function drill(
  prepare: () => Partial<ScanOptions>,
  after: (options: Partial<ScanOptions>) => void = () => undefined,
): Outcome[] {
  const calls = countCalls(prepare());
  const truth = linesOf(scanSite(site));
  return codes.flatMap((code) =>
    Array.from({ length: calls }, (_, i): Outcome => {
      const at = `${code} ${i + 1}`;
      const options = prepare();
      try {
        const scan = scanSite(site, { ...options, fs: failing(i + 1, code) });
        const skipped = scan.skipped.map(({ path }) => path);
        return { at, skipped, problem: wrong(scan, truth) };
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        return { at, code: error.code, skipped: [], problem: null };
      } finally {
        after(options);
      }
    }),
  );
}

function summed(outcomes: Outcome[]): unknown {
  const machine = outcomes.filter(({ at }) => exhausted.some((code) => at.startsWith(code)));
  const disk = outcomes.filter((outcome) => !machine.includes(outcome));
  const thrown = (some: Outcome[]): string[] => [
    ...new Set(some.flatMap(({ code }) => code ?? [])),
  ];
  return {
    problems: outcomes.filter(({ problem }) => problem !== null),
    // A machine that has run out of something must not make files look unreadable for good.
    blamed: machine.filter(({ skipped }) => skipped.length > 0),
    ofMachine: thrown(machine),
    ofDisk: thrown(disk),
    skips: disk.filter(({ skipped }) => skipped.length > 0).length > 10,
  };
}

const harmless = {
  problems: [],
  blamed: [],
  ofMachine: ["limit_reached"],
  ofDisk: ["workspace_unavailable"],
  skips: true,
};

test("every fault of a first scan is a typed error, a skipped path, or no harm at all", () => {
  expect(summed(drill(() => ({ store: true })))).toEqual(harmless);
});

test("no fault of a scan with a cache leaves something wrong in the cache", () => {
  const outcomes = drill(
    () => {
      const cache = new StatCache();
      scanSite(site, { cache, ...trusting });
      writeFileSync(site.path("folder/deep/below"), "edited");
      writeFileSync(site.path("file"), "edited");
      site.remove("fresh");
      site.write({ "fresh/file": "new" });
      return { cache, ...trusting };
    },
    ({ cache }) => {
      const again = scanSite(site, { cache: cache ?? null, ...trusting });
      expect(again.skipped).toEqual([]);
      expect(again.root).toBe(scanSite(site, { store: false }).root);
    },
  );
  expect(summed(outcomes)).toEqual(harmless);
});

test("a large file that cannot be read to its end is skipped, and nothing else", () => {
  site.write({ large: Buffer.alloc(5 * 1024 * 1024, 7) });
  let reads = 0;
  const fs: ScanFs = {
    ...realScanFs,
    read(...args) {
      if (args[4] >= 2 * 1024 * 1024) throw Object.assign(new Error("EIO"), { code: "EIO" });
      reads += 1;
      return realScanFs.read(...args);
    },
  };
  const scan = scanSite(site, { fs });
  expect(reads).toBeGreaterThan(2);
  expect(scan.skipped).toEqual([{ path: "large", reason: "io_error" }]);
  site.remove("large");
  expect(scan.root).toBe(scanSite(site).root);
});

function always(name: "open" | "readdir", path: string, code: string): ScanFs {
  return watchedFs(realScanFs, (_call, called, args) => {
    if (called !== name || args[0] !== site.path(path)) return;
    throw Object.assign(new Error(`${code}: injected`), { code });
  });
}

test("a file that stands there and is never found is skipped, not taken for removed", () => {
  const scan = scanSite(site, { fs: always("open", "folder/inside", "ENOENT") });
  expect(scan.skipped).toEqual([{ path: "folder/inside", reason: "changed_while_read" }]);
});

test("a folder that cannot be listed any more is said to be skipped each time", () => {
  const cache = new StatCache();
  scanSite(site, { cache, ...trusting });
  site.write({ "folder/deep/new": "x" });
  const fs = always("readdir", "folder/deep", "EIO");
  for (let round = 0; round < 3; round += 1) {
    const { skipped } = scanSite(site, { cache, fs, ...trusting });
    expect(skipped).toEqual([{ path: "folder/deep", reason: "io_error" }]);
  }
  expect(scanSite(site, { cache, ...trusting }).root).toBe(scanSite(site).root);
});

test("a file that is moved to another folder at any moment of a scan is in one of them", () => {
  const moves: [string, string][] = [
    ["folder/inside", "other/moved"],
    ["other/one", "folder/deep/moved"],
    ["other", "folder/deep/other"],
    ["folder/deep", "deep"],
  ];
  for (const [from, to] of moves) {
    const calls = countCalls({ store: true });
    for (let at = 1; at <= calls; at += 1) {
      const fs = watchedFs(realScanFs, (call) => {
        if (call === at) renameSync(site.path(from), site.path(to));
      });
      const scan = scanSite(site, { fs });
      const lines = linesOf(scan);
      const found = [from, to].filter((path) => lines.some((line) => pathIn(line) === path));
      expect([from, at, found.length, scan.skipped]).toEqual([from, at, 1, []]);
      renameSync(site.path(to), site.path(from));
    }
  }
});

test("a workspace that is replaced by another folder while it is read is unavailable", () => {
  const calls = countCalls({ store: true });
  const aside = `${site.workspace}-aside`;
  const outcomes = new Set<string>();
  for (let at = 1; at <= calls; at += 3) {
    site.write({ [`f${at}`]: "x" });
    const fs = watchedFs(realScanFs, (call) => {
      if (call !== at) return;
      renameSync(site.workspace, aside);
      renameSync(`${site.home}/new`, site.workspace);
    });
    mkdirSync(`${site.home}/new`, { recursive: true });
    try {
      outcomes.add(linesOf(scanSite(site, { fs })).length === 0 ? "the new one" : "a mixture");
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      outcomes.add(error.code);
    }
    renameSync(site.workspace, `${site.home}/new`);
    renameSync(aside, site.workspace);
    site.remove(`f${at}`);
  }
  expect([...outcomes].toSorted()).toEqual(["the new one", "workspace_unavailable"]);
});
