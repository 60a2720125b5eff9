import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { folderFacts, listFolders } from "./folders.ts";

let dir: string;

beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), "cairn-folders-")));
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

test("folders and links to folders, hidden ones last, no files", () => {
  for (const name of ["b", ".hidden", "a", "a/.git", "a/below"]) mkdirSync(join(dir, name));
  writeFileSync(join(dir, "file"), "x");
  symlinkSync("b", join(dir, "c link"));
  symlinkSync("nowhere", join(dir, "dangling"));
  mkdirSync(Buffer.concat([Buffer.from(`${dir}/`), Buffer.from([0xff])]));
  const entry = (name: string, repository = false) => ({ name, path: join(dir, name), repository });
  expect(listFolders(dir)).toEqual({
    path: dir,
    parent: dirname(dir),
    entries: [entry("a", true), entry("b"), entry("c link"), entry(".hidden")],
    truncated: false,
  });
});

test("without a path it is the home folder; the root has no parent", () => {
  expect(listFolders(undefined).path).toBe(realpathSync(homedir()));
  expect(listFolders("/").parent).toBeNull();
});

test("a listing ends at a thousand", () => {
  for (let i = 0; i < 1001; i += 1) mkdirSync(join(dir, `d${i}`));
  const listing = listFolders(dir);
  expect([listing.entries.length, listing.truncated]).toEqual([1000, true]);
});

test.each([
  ["relative", "invalid_params"],
  ["/nul\0", "invalid_params"],
  ["file", "invalid_params"],
  ["file/below", "invalid_params"],
  ["missing", "workspace_unavailable"],
])("%j is %s", (path, code) => {
  writeFileSync(join(dir, "file"), "x");
  const full = path === "relative" || path.startsWith("/") ? path : join(dir, path);
  expect(() => listFolders(full)).toThrow(expect.objectContaining({ code }));
});

test.runIf(process.getuid?.() === 0)("a folder that may not be read is a typed error", () => {
  mkdirSync(join(dir, "shut"), { mode: 0o700 });
  chmodSync(dir, 0o755);
  process.seteuid?.(65_534);
  try {
    expect(() => listFolders(join(dir, "shut"))).toThrow(
      expect.objectContaining({ code: "workspace_unavailable" }),
    );
    expect(listFolders(dir).entries).toHaveLength(1);
  } finally {
    process.seteuid?.(0);
  }
});

test("facts of a folder that is there, is not, or is only half", () => {
  mkdirSync(join(dir, "a"));
  symlinkSync("a", join(dir, "link"));
  expect(folderFacts(join(dir, "link"))).toEqual({
    real_path: join(dir, "a"),
    exists: true,
    empty: true,
  });
  writeFileSync(join(dir, "a", "x"), "");
  expect(folderFacts(join(dir, "a", ".")).empty).toBe(false);
  expect(folderFacts(join(dir, "link", "new", "deeper"))).toEqual({
    real_path: join(dir, "a", "new", "deeper"),
    exists: false,
    empty: true,
  });
  expect(() => folderFacts(join(dir, "a", "x"))).toThrow(
    expect.objectContaining({ code: "invalid_params" }),
  );
  expect(() => folderFacts("x")).toThrow(expect.objectContaining({ code: "invalid_params" }));
});
