import type { FileFacts, FileKind } from "@cairn/shared/files";
import { describe, expect, test } from "vitest";
import { changeSentences, changeWords, movedNote, sizeChange } from "./change-words.ts";

function facts(kind: FileKind, mode: number, size = 1200): FileFacts {
  return { kind, mode, size, hash: "a".repeat(64) };
}

const plain = facts("file", 0o644);
const none = { hunks: 0, tooLarge: false };

describe("words of a change", () => {
  test("are silent about an ordinary edit", () => {
    const edit = { kind: "modified", before: plain, after: { ...plain, size: 1400 } } as const;
    expect(changeWords(edit)).toBe("");
    expect(sizeChange(edit)).toBe("1.2 KB → 1.4 KB");
    expect(changeSentences(edit, { hunks: 1, tooLarge: false })).toEqual([]);
  });

  test("say where a moved file stood, and when only white space differs", () => {
    const moved = { kind: "renamed", before: plain, after: plain, renamed_from: "a/b" } as const;
    expect(changeSentences(moved, none)).toEqual(["Renamed from a/b.", "The content is the same."]);
    const other = { ...moved, after: { ...plain, hash: "b".repeat(64) } };
    expect(changeSentences(other, { ...none, hunks: 1 })).toEqual(["Renamed from a/b."]);
    const edit = { kind: "modified", before: plain, after: plain } as const;
    expect(changeSentences(edit, { ...none, ignored: true })).toEqual([
      "Only white space differs.",
    ]);
  });

  test("say why a list with moved files is shorter than the count", () => {
    const moved = { kind: "renamed" } as const;
    const edited = { kind: "modified" } as const;
    expect(movedNote([edited])).toBe("");
    expect(movedNote([edited, moved])).toContain("listed once and counts as two");
    expect(movedNote([moved, edited, moved])).toContain("The 2 moved files are listed once");
  });

  test("name what is damaged", () => {
    const edit = { kind: "modified", before: plain, after: plain, damaged: true } as const;
    expect(changeWords(edit)).toBe("damaged in the store");
    expect(changeSentences(edit, none)).toEqual([
      "The store's copy of it is damaged: what changed in it cannot be told.",
    ]);
  });

  test("name permissions in octal, and whether a file became executable", () => {
    const mode = { kind: "mode", before: plain, after: facts("executable", 0o755) } as const;
    expect(changeWords(mode)).toBe("644 → 755");
    expect(changeSentences(mode, none)).toEqual([
      "Permissions changed: 644 → 755, now executable. The content is the same.",
    ]);
    const folder = {
      kind: "mode",
      before: facts("directory", 0o755, 0),
      after: facts("directory", 0o700, 0),
    } as const;
    expect(changeSentences(folder, none)).toEqual([
      "Permissions changed: 755 → 700. The content is the same.",
    ]);
  });

  test("say both when an edit also changed permissions", () => {
    const both = { kind: "modified", before: plain, after: facts("file", 0o600) } as const;
    expect(changeSentences(both, { hunks: 2, tooLarge: false })).toEqual([
      "Permissions changed: 644 → 600.",
    ]);
  });

  test("explain what has no lines", () => {
    const binary = { kind: "modified", before: plain, after: plain, binary: true } as const;
    expect(changeSentences(binary, none)).toEqual([
      "Binary file, 1.2 KB. It has no lines to compare.",
    ]);
    const large = { kind: "modified", before: plain, after: facts("file", 0o644, 9e6) } as const;
    expect(changeSentences(large, { hunks: 0, tooLarge: true })).toEqual([
      "Too large to compare line by line (1.2 KB → 9.0 MB).",
    ]);
    const empty = { kind: "added", before: null, after: facts("file", 0o644, 0) } as const;
    expect(changeSentences(empty, none)).toEqual(["The file is empty."]);
  });

  test("name links, folders and what turned into another kind", () => {
    const link = facts("symlink", 0, 7);
    expect(changeWords({ kind: "added", before: null, after: link })).toBe("symbolic link");
    expect(changeSentences({ kind: "added", before: null, after: link }, none)).toEqual([
      "New symbolic link.",
    ]);
    const moved = { kind: "modified", before: link, after: link } as const;
    expect(changeSentences(moved, { hunks: 1, tooLarge: false })).toEqual([
      "The symbolic link points elsewhere.",
    ]);
    const turned = { kind: "type", before: plain, after: link } as const;
    expect(changeWords(turned)).toBe("file → symbolic link");
    expect(changeSentences(turned, none)).toEqual(["The file became a symbolic link."]);
    expect(sizeChange(turned)).toBe("1.2 KB");
  });
});
