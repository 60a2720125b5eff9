import { expect, test } from "vitest";
import { visiblePieces, visibleString } from "./visible.ts";

test("plain text of any script is one untouched piece", () => {
  for (const text of ["", "src/app.ts", "naïve — 日本語 עברית", "👩‍💻 ok"]) {
    expect(visiblePieces(text)).toEqual([{ text }]);
  }
});

test("bidi overrides, controls, invisible characters and lone surrogates are named", () => {
  expect(visibleString("invoice\u202Egpj.exe")).toBe("invoice⟨RLO⟩gpj.exe");
  expect(visibleString("a\u0000\u001b[31m\u200b\ufeff\n")).toBe("a⟨NUL⟩⟨ESC⟩[31m⟨ZWSP⟩⟨BOM⟩⟨LF⟩");
  expect(visibleString("x\ud800y\u{e0041}")).toBe("x⟨U+D800⟩y⟨U+E0041⟩");
});

test("a caller that lays out lines keeps tab and newline", () => {
  expect(visiblePieces("a\tb\nc\r", "\t\n")).toEqual([{ text: "a\tb\nc" }, { hidden: "CR" }]);
});
