import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmodSync } from "node:fs";
import { joinPath } from "../scan/paths.ts";
import type { Scan, ScanOptions } from "../scan/scan.ts";
import { scanWorkspace } from "../scan/scan.ts";
import type { ObjectStore } from "../store/objects.ts";
import type { RestoreSite } from "./restore-site.ts";
import { readable } from "./tree.ts";

/** A storing scan of the site's workspace, without a cache unless one is given. */
export function scanSite(site: RestoreSite, options: Partial<ScanOptions> = {}): Scan {
  const { workspace, rules, store } = site;
  const scan = scanWorkspace(store, { workspace, rules, store: true, cache: null, ...options });
  options.cache?.save();
  return scan;
}

/** A stored tree in the form of `listTree`, without the root's own line. */
export function listStored(store: ObjectStore, root: string): string[] {
  const lines: string[] = [];
  const walk = (hash: string, path: Buffer): void => {
    for (const entry of store.readTree(hash)) {
      const at = joinPath(path, entry.name);
      const mode = entry.mode.toString(8);
      if (entry.kind === "directory") {
        lines.push(`${readable(at)}/ ${mode}`);
        walk(entry.hash, at);
        continue;
      }
      const content = Buffer.concat([...store.readBlob(entry.hash)]);
      assert.equal(content.length, entry.size);
      if (entry.kind === "symlink") lines.push(`${readable(at)} link ${readable(content)}`);
      else {
        const kind = (entry.mode & 0o100) === 0 ? "file" : "executable";
        assert.equal(entry.kind, kind);
        const hash = createHash("sha256").update(content).digest("hex");
        lines.push(`${readable(at)} file ${mode} ${hash}`);
      }
    }
  };
  walk(root, Buffer.alloc(0));
  return lines;
}
/** The path in a line of `listTree`, folders with a slash at the end. */
export function pathIn(line: string): string {
  return line.replace(/\/ \d+$/, "/").replace(/ (file \d+ \w+|link .*)$/, "");
}

/** Runs `work` as somebody whom permissions bind. */
export function unprivileged(site: RestoreSite, work: () => void): void {
  if (process.getuid?.() !== 0) {
    work();
    return;
  }
  const nobody = 65_534;
  chmodSync(site.home, 0o755);
  process.seteuid?.(nobody);
  try {
    work();
  } finally {
    process.seteuid?.(0);
  }
}

/** Counts the files that a scan reads: `now` is asked once before each. */
export function counting(later = 60_000): { now: () => number; reads: () => number } {
  let reads = 0;
  return {
    now() {
      reads += 1;
      return Date.now() + later;
    },
    reads: () => reads,
  };
}
