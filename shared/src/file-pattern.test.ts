import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { filePattern } from "./file-pattern.ts";

const matching: [pattern: string, paths: string[]][] = [
  ["src/a.ts", ["src/a.ts", "src/a.ts/below"]],
  ["src", ["src", "src/a.ts", "src/b/c.ts"]],
  ["src/", ["src/a.ts", "src/b/c.ts"]],
  ["/src", ["src", "src/a.ts"]],
  ["./src/a.ts", ["src/a.ts"]],
  ["", ["a", "a/b"]],
  ["/", ["a", "a/b"]],
  ["*", ["a", "a.ts", ".env"]],
  ["*.ts", ["a.ts", ".ts"]],
  ["src/*", ["src/a.ts"]],
  ["src/*/", ["src/b/c.ts", "src/b/c/d"]],
  ["src/*/c.ts", ["src/b/c.ts"]],
  ["s*c/a*s", ["src/a.ts"]],
  ["**", ["a", "a/b/c"]],
  ["**/a.ts", ["a.ts", "src/a.ts", "x/y/a.ts"]],
  ["src/**", ["src/a", "src/a/b"]],
  ["src/**/a.ts", ["src/a.ts", "src/x/a.ts", "src/x/y/a.ts"]],
  ["**/test/**", ["test/a", "x/test/a/b"]],
  ["src/**.ts", ["src/a.ts", "src/x/y.ts"]],
  ["**a", ["a", "xa", "x/ya"]],
  ["***/a", ["a", "x/a"]],
  ["[ab].ts", ["[ab].ts"]],
  ["a?(b)+.ts$", ["a?(b)+.ts$"]],
  ["a*b", ["ab", "a*b", "a💥b"]],
  ["ü/*.é", ["ü/x.é"]],
];

const failing: [pattern: string, paths: string[]][] = [
  ["src/a.ts", ["src/a.tsx", "src/a", "src", "x/src/a.ts", "src/A.ts"]],
  ["src", ["src-old/a", "srcs", "x/src", "Src"]],
  ["src/", ["src"]],
  ["*.ts", ["src/a.ts", "a.tsx", "ats"]],
  ["src/*", ["src/b/c.ts", "src"]],
  ["src/*/", ["src/a.ts"]],
  ["**/a.ts", ["xa.ts", "src/xa.ts", "a.ts/b"]],
  ["src/**/a.ts", ["src/xa.ts", "srca.ts", "src/x/ya.ts"]],
  ["src/**", ["src", "srcs/a"]],
  ["**/test/**", ["test", "latest/a", "test.ts"]],
  ["[ab].ts", ["a.ts", "b.ts"]],
  ["a.ts", ["abts"]],
  ["a*b", ["a/b", "abc"]],
];

describe("a file pattern", () => {
  test.each(matching)("%j matches %j", (pattern, paths) => {
    expect(paths.filter((path) => !filePattern(pattern).matches(path))).toEqual([]);
  });

  test.each(failing)("%j does not match %j", (pattern, paths) => {
    expect(paths.filter((path) => filePattern(pattern).matches(path))).toEqual([]);
  });

  /** What a pattern with `*` says, by trying everything: fit only for a handful of characters. */
  function tries(pattern: string, path: string): boolean {
    if (pattern === "") return path === "";
    const run = /^\*+/.exec(pattern)?.[0] ?? "";
    const rest = pattern.slice(run.length);
    if (run === "") return path[0] === pattern[0] && tries(pattern.slice(1), path.slice(1));
    const cuts = Array.from({ length: path.length + 1 }, (_, cut) => cut);
    return cuts.some(
      (cut) =>
        (run.length > 1 || !path.slice(0, cut).includes("/")) && tries(rest, path.slice(cut)),
    );
  }

  test("with stars agrees with trying every way to cut the path", () => {
    const chars = (from: string, maxLength: number) =>
      fc.string({ unit: fc.constantFrom(...from.split("")), maxLength });
    const wild = chars("ab/*", 7)
      .map((text) => `a${text}`)
      // A whole name `**` with a slash may also be none, and a slash at the end means below: the
      // tables above hold those.
      .filter((text) => text.includes("*") && !/\/\*\*+\//.test(text) && !text.endsWith("/"));
    fc.assert(
      fc.property(wild, chars("ab/", 9), (pattern, path) => {
        expect(filePattern(pattern).matches(path)).toBe(tries(pattern, path));
      }),
      { numRuns: 3_000 },
    );
  });

  test("says what every match begins with", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "/", "*"), maxLength: 6 });
    fc.assert(
      fc.property(text, text, (pattern, path) => {
        const { matches, prefix } = filePattern(pattern);
        expect(prefix).not.toContain("*");
        expect(matches(path) && !path.startsWith(prefix)).toBe(false);
      }),
    );
  });

  test("made to be slow is not: 500 stars against 4,096 characters", () => {
    // A matcher that backtracks from star to star would need more than 10^100 steps.
    for (const unit of ["*a", "**a", "**/*a"]) {
      const { matches } = filePattern(`${unit.repeat(Math.floor(1_000 / unit.length))}b`);
      expect(matches("a".repeat(4_096))).toBe(false);
      expect(matches("a/".repeat(2_048))).toBe(false);
    }
  });
});
