import { createHash } from "node:crypto";
import type { DiffHunk } from "@cairn/shared/files";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DiffSite, brief } from "../testing/diff-site.ts";

let site: DiffSite;

beforeEach(() => {
  site = new DiffSite();
});

afterEach(() => site[Symbol.dispose]());

test("one file: its hunks, with three lines around, and the marker of a missing newline", () => {
  const lines = Array.from({ length: 30 }, (_, i) => `line ${i}`);
  const from = site.state({ file: `${lines.join("\n")}\n`, other: "x" });
  lines[10] = "changed";
  const to = site.state({ file: lines.join("\n"), other: "y" });
  const result = site.between(from, to, { path: "file" });
  expect(result.files.map(brief)).toEqual([["file", "modified", 2, 2]]);
  expect(result.hunks).toEqual([
    {
      old_start: 8,
      old_lines: 7,
      new_start: 8,
      new_lines: 7,
      lines: [
        " line 7",
        " line 8",
        " line 9",
        "-line 10",
        "+changed",
        " line 11",
        " line 12",
        " line 13",
      ],
    },
    {
      old_start: 27,
      old_lines: 4,
      new_start: 27,
      new_lines: 4,
      lines: [
        " line 26",
        " line 27",
        " line 28",
        "-line 29",
        "+line 29",
        String.raw`\ No newline at end of file`,
      ],
    },
  ]);
  expect(site.between(from, to, { path: "same" })).toEqual({ files: [], hunks: [] });
});

test("hunks of what is new, gone, a link, binary, or only of another mode", () => {
  const from = site.state({ gone: "a\n", link: { link: "a" }, mode: "x", bin: Buffer.from([0]) });
  const to = site.state({
    new: "a\nb\n",
    link: { link: "b" },
    mode: { file: "x", mode: 0o755 },
    bin: Buffer.from([0, 0]),
  });
  const hunks = (path: string) => site.between(from, to, { path }).hunks?.map(({ lines }) => lines);
  expect(hunks("new")).toEqual([["+a", "+b"]]);
  expect(hunks("gone")).toEqual([["-a"]]);
  const marker = String.raw`\ No newline at end of file`;
  expect(hunks("link")).toEqual([["-a", marker, "+b", marker]]);
  expect(hunks("mode")).toEqual([]);
  expect(hunks("bin")).toEqual([]);
});

test("too large: by bytes, by lines, by how much lines that both have are mixed up", () => {
  const mixed = (seed: string) =>
    Array.from({ length: 9000 }, (_, i) =>
      createHash("sha1").update(`${seed}${i}`).digest().readUInt8(0).toString(4),
    ).join("\n");
  const from = site.state({ bytes: "x", lines: "x", mixed: mixed("a") });
  const to = site.state({
    bytes: "y".repeat(1024 * 1024 + 1),
    lines: "y\n".repeat(20_001),
    mixed: mixed("b"),
  });
  for (const path of ["bytes", "lines", "mixed"]) {
    const result = site.between(from, to, { path });
    expect(result).toMatchObject({ too_large: true, files: [{ added: null, removed: null }] });
    expect(result.hunks).toBeUndefined();
  }
});

test("a text of which every line was rewritten, or moved elsewhere, still has its hunks", () => {
  const lines = Array.from({ length: 10_000 }, (_, i) => `line ${i}`);
  const hash = (line: string) => createHash("sha1").update(line).digest("hex");
  const from = site.state({ rewritten: lines.join("\n"), moved: lines.join("\n") });
  const to = site.state({
    rewritten: lines.map((line) => hash(line)).join("\n"),
    moved: lines.toSorted((a, b) => (hash(a) < hash(b) ? -1 : 1)).join("\n"),
  });
  const rewritten = site.between(from, to, { path: "rewritten" });
  expect(rewritten.files.map(brief)).toEqual([["rewritten", "modified", 10_000, 10_000]]);
  expect(rewritten.hunks).toHaveLength(1);
  const moved = site.between(from, to, { path: "moved" });
  expect(moved.too_large).toBeUndefined();
  expect(patched(lines.join("\n"), moved.hunks ?? [])).toBe(site.text("moved"));
});

/** The old text with its hunks applied; throws where they do not fit. */
function patched(old: string, hunks: DiffHunk[]): string {
  const lines = old.split(/(?<=\n)/);
  const result: string[] = [];
  let at = 0;
  const fits = (is: boolean): void => {
    if (!is) throw new Error(`the hunks do not fit at old line ${at}`);
  };
  for (const hunk of hunks) {
    fits(hunk.old_start - 1 >= at);
    result.push(...lines.slice(at, hunk.old_start - 1));
    at = hunk.old_start - 1;
    fits(hunk.new_start === result.length + 1);
    for (const [n, line] of hunk.lines.entries()) {
      const whole = line.slice(1) + (hunk.lines[n + 1]?.startsWith("\\") === true ? "" : "\n");
      if (/^[ +]/.test(line)) result.push(whole);
      if (!/^[ -]/.test(line)) continue;
      fits(lines[at] === whole);
      at += 1;
    }
    fits(at === hunk.old_start - 1 + hunk.old_lines);
    fits(result.length === hunk.new_start - 1 + hunk.new_lines);
  }
  return [...result, ...lines.slice(at)].join("");
}

const text = fc
  .array(fc.constantFrom("a\n", "b\n", "a b\n", "\n", "b\r\n", "é\n", "\\\n", "-a\n", "+\n"), {
    maxLength: 30,
  })
  .chain((lines) => fc.constantFrom("", "x", "a").map((end) => lines.join("") + end));

test("the hunks of any two texts, applied to the old one, give the new one", () => {
  fc.assert(
    fc.property(text, text, (old, now) => {
      const { files, hunks = [] } = site.between(site.state({ f: old }), site.state({ f: now }), {
        path: "f",
      });
      expect(patched(old, hunks)).toBe(now);
      const count = (mark: string) =>
        hunks.flatMap(({ lines }) => lines).filter((line) => line.startsWith(mark)).length;
      const counts = old === now ? [] : [["f", "modified", count("+"), count("-")]];
      expect(files.map(brief)).toEqual(counts);
    }),
    { numRuns: 150 },
  );
});

test("what differs in white space only can be left out, and shows as it is now", () => {
  const from = site.state({
    f: "if (a) {\nreturn\tb;\n}\nend",
    crlf: "a\r\nb\r\n",
    blank: "a\n",
  });
  const to = site.state({
    f: "if (a) {\n  return b;\n}\nfinish\n",
    crlf: "a\nb\n",
    blank: "a\n\n",
  });
  const options = { ignore_whitespace: true };
  expect(site.between(from, to, options).files.map(brief)).toEqual([
    ["blank", "modified", 1, 0],
    ["crlf", "modified", 0, 0],
    ["f", "modified", 1, 1],
  ]);
  const hunks = (path: string) =>
    site.between(from, to, { ...options, path }).hunks?.map(({ lines }) => lines);
  expect(hunks("crlf")).toEqual([]);
  const marker = String.raw`\ No newline at end of file`;
  expect(hunks("f")).toEqual([[" if (a) {", "   return b;", " }", "-end", marker, "+finish"]]);
  expect(site.between(from, to, { path: "crlf" }).files.map(brief)).toEqual([
    ["crlf", "modified", 2, 2],
  ]);
});

test("only the end of the last line differs, or how lines end", () => {
  const from = site.state({ end: "a\nb", crlf: "a\r\nb\r\n" });
  const to = site.state({ end: "a\nb\n", crlf: "a\r\nb\n" });
  const lines = (path: string) => site.between(from, to, { path }).hunks?.[0]?.lines;
  const marker = String.raw`\ No newline at end of file`;
  expect(lines("end")).toEqual([" a", "-b", marker, "+b"]);
  expect(lines("crlf")).toEqual([" a\r", "-b\r", "+b"]);
});

test("text that is no UTF-8 is compared by its bytes and shown as Latin-1", () => {
  const latin = (text: string) => Buffer.from(text, "latin1");
  const from = site.state({ latin: latin("caf\xe9\nx\n"), turned: latin("caf\xe9\n") });
  const to = site.state({ latin: latin("caf\xe8\nx\n"), turned: "café\n" });
  const lines = (path: string) => site.between(from, to, { path }).hunks?.[0]?.lines;
  expect(lines("latin")).toEqual(["-café", "+cafè", " x"]);
  expect(lines("turned")).toEqual(["-café", "+café"]);
});
