/** The patterns of a text, one a line, without the blanks around them that mean nothing. */
export function readPatterns(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trimStart().replace(/(?<!\\)\s+$/, ""))
    .filter((line) => line !== "");
}

/** A `.gitignore` pattern that means exactly this path. */
export function patternFor(path: string): string {
  return `/${path.replace(/[\\*?[\]!#]/g, String.raw`\$&`).replace(/ +$/, (blanks) => String.raw`\ `.repeat(blanks.length))}`;
}

/** The text with one more pattern, unless it has it. */
export function addPattern(text: string, pattern: string): string {
  const patterns = readPatterns(text);
  return patterns.includes(pattern) ? text : [...patterns, pattern].join("\n");
}
