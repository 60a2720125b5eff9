import { expect, test } from "vitest";
import { addPattern, patternFor, readPatterns } from "./patterns.ts";

test("a path becomes a pattern for itself alone", () => {
  expect(patternFor(".env")).toBe("/.env");
  expect(patternFor("a[1]*/b?.txt")).toBe(String.raw`/a\[1\]\*/b\?.txt`);
  expect(patternFor("ends ")).toBe(String.raw`/ends\ `);
});

test("patterns are added once, and blank lines are none", () => {
  expect(readPatterns("\n *.log \n\n/dist\n")).toEqual(["*.log", "/dist"]);
  expect(addPattern("/a\n", "/b")).toBe("/a\n/b");
  expect(addPattern("/a", "/a")).toBe("/a");
});

test("a blank that is part of a name stays when the patterns are read", () => {
  expect(readPatterns(addPattern("", patternFor("ends ")))).toEqual([patternFor("ends ")]);
  expect(readPatterns(String.raw`/a\   `)).toEqual([String.raw`/a\ `]);
});
