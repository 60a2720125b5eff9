import { mkdirSync } from "node:fs";
import type { Snapshot } from "../runner.ts";
import { RestoreSite } from "./restore-site.ts";
import type { Planted } from "./tree.ts";
import { folder, listTree, removeTree } from "./tree.ts";

const bytes = (length: number, seed: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, i) => (i * seed + (i >> 8)) % 256));

/** What the target holds: every kind of step leads there from `edited`. */
const wanted: [string | Buffer, Planted][] = [
  ["same", "same in both"],
  ["changed", "as it was"],
  ["binary", bytes(3000, 7)],
  ["run.sh", { file: "#!/bin/sh\n", mode: 0o755 }],
  ["secret", { file: "token", mode: 0o600 }],
  ["link", { link: "nowhere" }],
  ["was-folder", "a file"],
  ["was-file/deep/file", "in a folder"],
  ["missing/one", "1"],
  ["missing/empty", folder(0o700)],
  ["closed", folder(0o500)],
  ["closed/inside", "then"],
  ["opened", folder(0o755)],
  [Buffer.from("caf\xe9", "latin1"), "bytes"],
];

const edited: [string | Buffer, Planted][] = [
  ["same", "same in both"],
  ["changed", "edited"],
  ["binary", bytes(2000, 11)],
  ["run.sh", "#!/bin/sh\n"],
  ["secret", { file: "token", mode: 0o644 }],
  ["link", { link: "same" }],
  ["was-folder/a", "in a folder"],
  ["was-folder/b/c", "in a folder"],
  ["was-file", "a file"],
  ["added/deep/one", "new"],
  ["added/deep/two", { file: "new", mode: 0o400 }],
  ["added/empty", folder(0o750)],
  ["closed", folder(0o555)],
  ["closed/inside", "now"],
  ["opened", folder(0o500)],
  ["opened/more", "new"],
  // Never touched.
  [".gitignore", "*.log\n"],
  [".git/HEAD", "ref: refs/heads/main\n"],
  [".git/objects/ab/cdef", { file: bytes(99, 3), mode: 0o444 }],
  ["added/nested/.git/HEAD", "ref: refs/heads/other\n"],
  ["added/deep/debug.log", "ignored"],
  ["changed.log", { file: "ignored", mode: 0o600 }],
];

/** A workspace in which a restore has something of everything to do, again and again. */
export class RestoreCase {
  readonly site = new RestoreSite();
  readonly target: Snapshot;
  /** Listings of the workspace before and after a restore. */
  readonly before: string[];
  readonly after: string[];

  constructor() {
    this.site.write(wanted);
    this.site.write([[".gitignore", "*.log\n"]]);
    this.target = this.site.capture();
    this.reset();
    this.before = this.site.list();
    this.site.restore(this.target);
    this.after = this.site.list();
  }

  [Symbol.dispose](): void {
    this.site[Symbol.dispose]();
  }

  /** Makes the workspace what it was edited to. */
  reset(): void {
    removeTree(this.site.workspace);
    mkdirSync(this.site.workspace);
    this.site.write(edited);
  }

  request() {
    return this.site.request(this.target);
  }

  /** Which of the two the workspace is exactly, or how it differs from the nearer one. */
  state(): "before" | "after" | { unlike: string[] } {
    const now = listTree(this.site.workspace);
    const isBefore = unlike(now, this.before);
    const isAfter = unlike(now, this.after);
    if (isBefore.length === 0) return "before";
    if (isAfter.length === 0) return "after";
    return { unlike: isBefore.length < isAfter.length ? isBefore : isAfter };
  }
}

/** Lines that only one of the listings has. */
export function unlike(a: string[], b: string[]): string[] {
  return [
    ...a.filter((line) => !b.includes(line)).map((line) => `+ ${line}`),
    ...b.filter((line) => !a.includes(line)).map((line) => `- ${line}`),
  ];
}
