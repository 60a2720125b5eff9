import { appendFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { RestoreSite } from "../testing/restore-site.ts";
import { listStored, scanSite } from "../testing/scanning.ts";
import type { Planted } from "../testing/tree.ts";
import { folder } from "../testing/tree.ts";

let site: RestoreSite;

beforeEach(() => {
  site = new RestoreSite();
});

afterEach(() => site[Symbol.dispose]());

const hardToKeep: [string | Buffer, Planted][] = [
  ["plain.txt", "text\n"],
  ["no newline at the end", "text"],
  ["empty", ""],
  ["binary", Buffer.from([0, 255, 1, 254, 13, 10])],
  ["crlf.txt", "a\r\nb\r\n"],
  ["run.sh", { file: "#!/bin/sh\n", mode: 0o755 }],
  ["secret", { file: "s", mode: 0o600 }],
  ["read only", { file: "r", mode: 0o444 }],
  ["closed/inside", "x"],
  ["closed", folder(0o700)],
  ["bare/empty/below", folder()],
  ["ünïcode/日本語 🪨", "x"],
  ["é composed", "1"],
  ["é decomposed", "2"],
  ["Case", "1"],
  ["case", "2"],
  ["new\nline", "x"],
  [`quote"s' and \\backslash`, "x"],
  [" leading and trailing ", "x"],
  ["-dash", "x"],
  ["*", "x"],
  ["replacement \uFFFD", "x"],
  [Buffer.from("not utf-8 \xff\xfe/\xe9t\xe9", "latin1"), "bytes"],
  [Buffer.from("link \xff", "latin1"), { link: Buffer.from("to \xfe", "latin1") }],
  ["link to file", { link: "plain.txt" }],
  ["link to folder", { link: "bare" }],
  ["dangling", { link: "nowhere/at all" }],
  ["absolute", { link: "/etc/hostname" }],
  ["outside", { link: "../../.." }],
  ["loop", { link: "loop" }],
  ["n".repeat(255), "long name"],
  [`${"deep/".repeat(120)}file`, "deep"],
  ["nested/repository/.git/HEAD", "ref: refs/heads/main\n"],
  ["nested/repository/file", "plain"],
  ["nested/worktree/.git", "gitdir: /elsewhere\n"],
  ["nested/worktree/file", "plain"],
  [".gitattributes", "* filter=evil\n"],
];

const isGit = (path: string): boolean => path.split("/").includes(".git");

test("a workspace of everything that is hard to keep is stored as it stands", () => {
  site.write(hardToKeep);
  const large = join(site.workspace, "30 MB");
  writeFileSync(large, "");
  for (let i = 0; i < 30; i += 1) appendFileSync(large, Buffer.alloc(1_000_000, i));
  const result = scanSite(site);
  site.store.commit();
  expect(result.skipped).toEqual([]);
  const [, ...onDisk] = site.list(isGit);
  expect(listStored(site.store, result.root)).toEqual(onDisk);
  const again = scanSite(site, { store: false });
  expect([again.root, again.rulesHash, again.files, again.bytes]).toEqual([
    result.root,
    result.rulesHash,
    result.files,
    result.bytes,
  ]);
});

test("a scan that only hashes stores nothing, and shows its tree all the same", () => {
  site.write(hardToKeep);
  const before = site.store.facts();
  const result = scanSite(site, { store: false });
  site.store.commit();
  expect(site.store.facts()).toEqual(before);
  expect(result.tree.lookup(Buffer.from("closed/inside"))).toMatchObject({ kind: "file", size: 1 });
  expect(result.tree.lookup(Buffer.from("closed"))).toMatchObject({
    kind: "directory",
    mode: 0o700,
  });
  const bytes = Buffer.from("not utf-8 \xff\xfe/\xe9t\xe9", "latin1");
  expect(result.tree.lookup(bytes)).toMatchObject({ size: 5 });
  expect(result.tree.lookup(Buffer.from("plain.txt/below"))).toBeUndefined();
  expect(result.tree.lookup(Buffer.from("nothing"))).toBeUndefined();
  expect(result.tree.lookup(Buffer.alloc(0))?.hash).toBe(result.root);
});

test("files, counts and hash are those of the content, whatever was there before", () => {
  const roots = new Set<string>();
  const state = (planted: Record<string, Planted>): void => {
    rmSync(site.workspace, { recursive: true });
    mkdirSync(site.workspace);
    site.write(planted);
    roots.add(scanSite(site).root);
  };
  const states: Record<string, Planted>[] = [
    {},
    { a: "x" },
    { a: "y" },
    { a: { file: "x", mode: 0o755 } },
    { a: { file: "x", mode: 0o600 } },
    { a: { link: "x" } },
    { a: folder() },
    { a: folder(0o700) },
    { "a/x": "" },
    { "a/x": folder() },
    { b: "x" },
  ];
  for (const planted of [...states, ...states.toReversed()]) state(planted);
  expect(roots.size).toBe(states.length);
});
test.each([
  ["files", { files: 1 }],
  ["bytes", { bytes: 3 }],
  ["file_bytes", { file_bytes: 3 }],
])("a capture over the limit of %s is refused", (limit, change) => {
  site.write({ a: "1234", b: "12" });
  site.rules = { ...site.rules, limits: { ...site.rules.limits, ...change } };
  expect(() => scanSite(site)).toThrow(
    expect.objectContaining({ code: "limit_reached", details: { limit } }),
  );
});
