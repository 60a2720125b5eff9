import type { FileChange, FileFacts } from "@cairn/shared/files";
import { describe, expect, test } from "vitest";
import {
  chosenPaths,
  countChosen,
  everything,
  holdsTo,
  isChosen,
  nothing,
  toggle,
  wholeOnly,
} from "./choice.ts";

function file(hash: string): FileFacts {
  return { kind: "file", mode: 0o644, size: 1, hash: hash.repeat(64) };
}

function change(path: string, path_b64?: string): FileChange {
  return {
    path,
    ...(path_b64 === undefined ? {} : { path_b64 }),
    kind: "modified",
    before: file("a"),
    after: file("b"),
  };
}

const abc = [change("a"), change("b"), change("c")];

describe("the choice of what to restore", () => {
  test("is everything at first, which names no paths", () => {
    expect(countChosen(everything, 500)).toBe(500);
    expect(chosenPaths(everything, abc, 500)).toBeUndefined();
    expect(abc.every((path) => isChosen(everything, path))).toBe(true);
  });

  test("leaves out what is damaged, and what is below a damaged folder", () => {
    const changes = [change("a"), change("src/b"), change("src2/c")];
    const whole = wholeOnly(changes, ["a", "src"]);
    expect(changes.map((path) => isChosen(whole, path))).toEqual([false, false, true]);
    expect(chosenPaths(whole, changes, 3)).toEqual(["src2/c"]);
  });

  test("leaves out what is unticked, and is everything again when ticked again", () => {
    const less = toggle(everything, abc[1]!);
    expect(abc.map((path) => isChosen(less, path))).toEqual([true, false, true]);
    expect(countChosen(less, 3)).toBe(2);
    expect(chosenPaths(less, abc, 3)).toEqual(["a", "c"]);
    expect(chosenPaths(toggle(less, abc[1]!), abc, 3)).toBeUndefined();
  });

  test("waits for the pages of the plan that it includes and that are not loaded", () => {
    expect(chosenPaths(toggle(everything, abc[0]!), abc, 500)).toBe("incomplete");
    expect(chosenPaths(toggle(nothing, abc[0]!), abc, 500)).toEqual(["a"]);
  });

  test("tells two names apart that read the same and sends their bytes", () => {
    const names = [change("\ufffd", "/w=="), change("\ufffd", "/g==")];
    const one = toggle(nothing, names[0]!);
    expect(names.map((path) => isChosen(one, path))).toEqual([true, false]);
    expect(chosenPaths(one, names, 2)).toEqual([{ path_b64: "/w==" }]);
  });

  test("does not hold to a plan that does something else to a path, or to another path", () => {
    expect(holdsTo([change("a")], abc)).toBe(true);
    expect(holdsTo([{ ...change("a"), before: file("e") }], abc)).toBe(false);
    expect(holdsTo([{ ...change("a"), kind: "removed", after: null }], abc)).toBe(false);
    expect(holdsTo([change("d")], abc)).toBe(false);
    const folder: FileChange = {
      path: "d",
      kind: "added",
      before: null,
      after: { kind: "directory", mode: 0o755, size: 0, hash: null },
    };
    expect(holdsTo([folder, change("a")], abc)).toBe(true);
  });
});
