import { describe, expect, test } from "vitest";
import { columns, diffRows, type DiffLine, type DiffRow } from "./diff-rows.ts";

function lines(rows: DiffRow[]): DiffLine[] {
  return rows.filter((row): row is DiffLine => row.kind !== "hunk" && row.kind !== "note");
}

describe("diff rows", () => {
  test("number both sides and count the unchanged lines between hunks", () => {
    const rows = diffRows([
      {
        old_start: 3,
        old_lines: 3,
        new_start: 3,
        new_lines: 4,
        lines: [" a", "-b", "+B", "+C", " d"],
      },
      { old_start: 20, old_lines: 1, new_start: 21, new_lines: 1, lines: ["-x", "+y"] },
    ]);
    expect(rows[0]).toEqual({ kind: "hunk", index: 0, header: "@@ -3,3 +3,4 @@", unchanged: 2 });
    expect(lines(rows).map((row) => [row.kind, row.old, row.new, row.text])).toEqual([
      ["context", 3, 3, "a"],
      ["removed", 4, null, "b"],
      ["added", null, 4, "B"],
      ["added", null, 5, "C"],
      ["context", 5, 6, "d"],
      ["removed", 20, null, "x"],
      ["added", null, 21, "y"],
    ]);
    expect(rows.filter((row) => row.kind === "hunk").map((row) => row.unchanged)).toEqual([2, 14]);
  });

  test("of a file that is new or gone count nothing, and head the empty side as line 0", () => {
    const added = diffRows([
      { old_start: 1, old_lines: 0, new_start: 1, new_lines: 2, lines: ["+a", "+b"] },
    ]);
    expect(added[0]).toEqual({ kind: "hunk", index: 0, header: "@@ -0,0 +1,2 @@", unchanged: 0 });
    expect(lines(added).map((row) => row.new)).toEqual([1, 2]);
    const gone = diffRows([
      { old_start: 1, old_lines: 1, new_start: 1, new_lines: 0, lines: ["-a"] },
    ]);
    expect(gone[0]).toMatchObject({ header: "@@ -1,1 +0,0 @@", unchanged: 0 });
  });

  test("of an insertion without context count the lines before and after it", () => {
    const rows = diffRows([
      { old_start: 6, old_lines: 0, new_start: 6, new_lines: 1, lines: ["+a"] },
      { old_start: 9, old_lines: 1, new_start: 11, new_lines: 0, lines: ["-z"] },
    ]);
    expect(rows.filter((row) => row.kind === "hunk").map((row) => row.unchanged)).toEqual([5, 3]);
  });

  test("keep the note about a missing newline and still pair the lines around it", () => {
    const rows = diffRows([
      {
        old_start: 1,
        old_lines: 1,
        new_start: 1,
        new_lines: 1,
        lines: ["-const a = 1;", "\\ No newline at end of file", "+const a = 2;"],
      },
    ]);
    expect(rows.map((row) => row.kind)).toEqual(["hunk", "removed", "note", "added"]);
    expect(rows[2]).toEqual({ kind: "note", text: "No newline at end of file" });
    expect(lines(rows).map((row) => row.mark)).toEqual([
      [10, 11],
      [10, 11],
    ]);
  });

  test("mark what changed within lines rewritten one for one, and only there", () => {
    const marks = (lines_: string[]): unknown[] =>
      lines(
        diffRows([{ old_start: 1, old_lines: 9, new_start: 1, new_lines: 9, lines: lines_ }]),
      ).map((row) => row.mark);
    expect(marks(["-say(hello);", "+say(good bye);"])).toEqual([
      [4, 9],
      [4, 12],
    ]);
    expect(marks(["-const one = 1;", "-const two = 2;", "+const one = 1, two = 2;"])).toEqual([
      null,
      null,
      null,
    ]);
    expect(marks(["-completely other", "+nothing alike at all"])).toEqual([null, null]);
    expect(marks(["-return rowCount;", "+return rawCount;"])).toEqual([
      [7, 15],
      [7, 15],
    ]);
    const long = "x = 1; ".repeat(2000);
    expect(marks([`-a = 1; ${long}`, `+a = 2; ${long}`])).toEqual([
      [4, 5],
      [4, 5],
    ]);
    expect(marks(["-smile 😀 done", "+smile 😁 done"])).toEqual([
      [6, 8],
      [6, 8],
    ]);
  });

  test("measure columns with tabs and wide characters", () => {
    expect(columns("abc")).toBe(3);
    expect(columns("\ta\tb")).toBe(9);
    expect(columns("日本")).toBe(4);
    expect(columns("é")).toBe(1);
    expect(columns("x".repeat(1_000_000))).toBe(2000);
  });
});
