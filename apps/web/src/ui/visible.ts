const names: Record<number, string> = {
  0x00: "NUL",
  0x07: "BEL",
  0x08: "BS",
  0x09: "TAB",
  0x0a: "LF",
  0x0d: "CR",
  0x1b: "ESC",
  0x7f: "DEL",
  0xad: "SHY",
  0x61c: "ALM",
  0x200b: "ZWSP",
  0x200e: "LRM",
  0x200f: "RLM",
  0x202a: "LRE",
  0x202b: "RLE",
  0x202c: "PDF",
  0x202d: "LRO",
  0x202e: "RLO",
  0x2066: "LRI",
  0x2067: "RLI",
  0x2068: "FSI",
  0x2069: "PDI",
  0x2028: "LS",
  0x2029: "PS",
  0x2060: "WJ",
  0xfeff: "BOM",
  0xfffd: "�",
};

// Controls, formats that are drawn as nothing or reorder text, lone surrogates. ZWJ and ZWNJ stay:
// emoji and several scripts need them.
const hidden =
  // oxlint-disable-next-line no-control-regex -- finding them is its purpose
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}\p{Surrogate}]/gu;

/** A piece of a string: plain text, or the name of one character that would not be seen. */
export type Piece = { text: string } | { hidden: string };

/** Splits a string so that bidi and control characters can be shown by name. */
export function visiblePieces(value: string, keep = ""): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const match of value.matchAll(hidden)) {
    if (keep.includes(match[0])) continue;
    if (match.index > from) pieces.push({ text: value.slice(from, match.index) });
    const code = match[0].codePointAt(0) ?? 0;
    pieces.push({ hidden: names[code] ?? `U+${code.toString(16).toUpperCase().padStart(4, "0")}` });
    from = match.index + match[0].length;
  }
  if (from < value.length || pieces.length === 0) pieces.push({ text: value.slice(from) });
  return pieces;
}

/** The same as one plain string, for titles and labels: `a⟨RLO⟩b`. */
export function visibleString(value: string): string {
  return visiblePieces(value)
    .map((piece) => ("text" in piece ? piece.text : `⟨${piece.hidden}⟩`))
    .join("");
}
