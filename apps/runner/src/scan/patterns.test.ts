import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import ignore from "ignore";
import { expect, test } from "vitest";
import { patternLines, Patterns } from "./patterns.ts";

function ignores(lines: string[], path: string): boolean {
  const isDir = path.endsWith("/");
  const bare = isDir ? path.slice(0, -1) : path;
  const names = bare.split("/");
  const patterns = new Patterns(lines);
  // As the walk does: what stands in an ignored folder is never asked for.
  return names.some((name, i) => {
    const at = names.slice(0, i + 1).join("/");
    return patterns.test(at, name, isDir || i < names.length - 1)?.ignored === true;
  });
}

test.each([
  [["*.log"], "a/b.log", true],
  [["*.log", "!keep.log"], "keep.log", false],
  [["!keep.log", "*.log"], "keep.log", true],
  [["build/"], "build", false],
  [["build/"], "build/x", true],
  [["/build"], "a/build", false],
  [["a/b"], "x/a/b", false],
  [["**/b"], "x/y/b", true],
  [["a/**/b"], "a/b", true],
  [["a/**/b"], "a/x/y/b", true],
  [["a/**"], "a/x", true],
  [["a/**"], "a/", false],
  [["a*b"], "a/b", false],
  [["?"], "é", false],
  [[String.raw`\#x`], "#x", true],
  [[String.raw`\!x`], "!x", true],
  [["[a-c]x"], "bx", true],
  [["[!a-c]x"], "bx", false],
  [["[]-]"], "]", true],
  [["[[:digit:]]"], "7", true],
  [["[a"], "[a", false],
  [["trailing\\"], "trailing\\", false],
  [["ä.txt"], "ä.txt", true],
])("%j on %s: %s", (lines, path, ignored) => {
  expect(ignores(lines.map(bytes), bytes(path))).toBe(ignored);
});

function bytes(text: string): string {
  return Buffer.from(text).toString("latin1");
}

test("comments, blanks, trailing blanks and carriage returns are no part of a pattern", () => {
  const text = "\xef\xbb\xbf# note\n\n  \na  \nb\\ \r\n\\ \n c\n";
  expect(patternLines(text)).toEqual(["a", "b\\ ", "\\ ", " c"]);
});

test("a hostile pattern costs no more than its length allows", () => {
  const hostile = `${"*a".repeat(200)}b`;
  const name = "a".repeat(255);
  const started = performance.now();
  expect(ignores([hostile, `${"**/a/".repeat(100)}b`], `${"a/".repeat(500)}${name}`)).toBe(false);
  expect(performance.now() - started).toBeLessThan(5000);
});

const name = fc.string({ unit: fc.constantFrom("a", "b", ".", "-"), minLength: 1, maxLength: 3 });
const paths = fc
  .array(
    name.filter((text) => text !== "." && text !== ".." && text !== ".git"),
    { minLength: 1, maxLength: 4 },
  )
  .map((names) => names.join("/"));
const piece = fc.oneof(
  { weight: 4, arbitrary: name },
  fc.constantFrom("*", "**", "a*", "*b", "?", "[ab]", "[!a]", "*.a", "a?b"),
);
const pattern = fc
  .tuple(
    fc.constantFrom("", "", "", "!"),
    fc.constantFrom("", "", "/"),
    fc.array(piece, { minLength: 1, maxLength: 3 }),
    fc.constantFrom("", "", "/"),
  )
  .map(([negation, start, names, end]) => `${negation}${start}${names.join("/")}${end}`);

test("agrees with git on random patterns and paths", () => {
  const repository = mkdtempSync(join(tmpdir(), "cairn-patterns-"));
  try {
    execFileSync("git", ["init", "-q", repository]);
    fc.assert(
      fc.property(
        fc.array(pattern, { minLength: 1, maxLength: 4 }),
        fc.array(paths, { minLength: 1, maxLength: 20 }),
        (lines, asked) => {
          writeFileSync(join(repository, ".gitignore"), `${lines.join("\n")}\n`);
          const { stdout } = spawnSync(
            "git",
            ["-C", repository, "check-ignore", "-z", "--stdin", "--no-index"],
            { input: asked.join("\0") },
          );
          const byGit = new Set(stdout.toString().split("\0").filter(Boolean));
          for (const path of asked) {
            expect({ path, ignored: ignores(lines, path) }).toEqual({
              path,
              ignored: byGit.has(path),
            });
          }
        },
      ),
      { numRuns: 150 },
    );
  } finally {
    rmSync(repository, { recursive: true, force: true });
  }
});

test("agrees with the ignore package on random patterns and paths", () => {
  fc.assert(
    fc.property(fc.array(pattern, { minLength: 1, maxLength: 4 }), paths, (lines, path) => {
      const other = ignore({ ignorecase: false }).add(lines);
      expect(ignores(lines, path)).toBe(other.ignores(path));
    }),
    { numRuns: 2000 },
  );
});
