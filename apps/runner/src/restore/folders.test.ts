import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { codeOf, realFs } from "../fs.ts";
import { watchedFs } from "../testing/faults.ts";
import { Folders } from "./folders.ts";

let home: string;
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), "cairn-folders-")));
});
afterEach(() => rmSync(home, { recursive: true }));

const bytes = (path: string): Buffer => Buffer.from(path);
const codes = (...code: string[]): unknown =>
  expect.objectContaining({ code: expect.stringMatching(new RegExp(code.join("|"))) });

// The second is what other systems than Linux do.
describe.each([true, false])("by descriptor: %s", (byDescriptor) => {
  test("a name is found at any depth, and a folder on the way that is none is refused", () => {
    const root = join(home, "root");
    mkdirSync(join(root, "a/b"), { recursive: true });
    writeFileSync(join(root, "a/b/c"), "deep");
    const folders = new Folders(realFs, bytes(root), byDescriptor);
    expect(readFileSync(folders.place(bytes("a/b/c")), "utf8")).toBe("deep");
    expect(() => folders.place(bytes("a/x/c"))).toThrow(codes("ENOENT"));
    expect(() => folders.place(bytes("a/b/c/d"))).toThrow(codes("ENOTDIR"));
    folders.release();
  });

  test("a link on the way is refused, also one that came after the folder was first used", () => {
    const root = join(home, "root");
    mkdirSync(join(root, "a"), { recursive: true });
    mkdirSync(join(root, "late"));
    mkdirSync(join(home, "outside"));
    symlinkSync(join(home, "outside"), join(root, "link"));
    const folders = new Folders(realFs, bytes(root), byDescriptor);
    expect(() => folders.place(bytes("link/x"))).toThrow(codes("ENOTDIR", "ELOOP"));
    folders.place(bytes("late/x"));
    renameSync(join(root, "late"), join(home, "moved"));
    symlinkSync(join(home, "outside"), join(root, "late"));
    let code: unknown;
    try {
      writeFileSync(folders.place(bytes("late/x")), "here");
    } catch (error) {
      code = codeOf(error);
    }
    // A descriptor still leads to the folder that was moved; a path must be refused.
    expect(code).toBe(byDescriptor ? undefined : "ENOTDIR");
    expect(realFs.readdir(bytes(join(home, "outside")))).toEqual([]);
    folders.release();
  });
});

test("however many folders are used, few stay open and all are closed", () => {
  const root = join(home, "root");
  const deep = Array.from({ length: 200 }, (_, i) => `d${i}`).join("/");
  mkdirSync(join(root, deep), { recursive: true });
  for (let i = 0; i < 200; i += 1) mkdirSync(join(root, `w${i}`));
  let open = 0;
  let most = 0;
  const fs = watchedFs(realFs, (_call, name) => {
    if (name === "open") open += 1;
    if (name === "close") open -= 1;
    most = Math.max(most, open);
  });
  const folders = new Folders(fs, bytes(root));
  writeFileSync(folders.place(bytes(`${deep}/x`)), "deep");
  for (let i = 0; i < 200; i += 1) writeFileSync(folders.place(bytes(`w${i}/x`)), "wide");
  folders.release();
  expect(most).toBeLessThan(70);
  expect(open).toBe(0);
  expect(readFileSync(join(root, deep, "x"), "utf8")).toBe("deep");
});
