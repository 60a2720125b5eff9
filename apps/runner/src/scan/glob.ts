/**
 * One segment of a pattern: `*`, `?`, `[a-z]` and `\` as git reads them. Strings hold one byte a
 * character. No regular expression: a hostile pattern costs at most pattern × name steps.
 */
export type Glob = (name: string) => boolean;

type Token = "any" | "star" | number | ((code: number) => boolean);

const backslash = "\\";

/** Undefined when the pattern can never match, such as an open `[`. */
export function compileGlob(pattern: string): Glob | undefined {
  if (!/[*?[\\]/.test(pattern)) return (name) => name === pattern;
  const suffix = pattern.slice(1);
  if (pattern.startsWith("*") && suffix !== "" && !/[*?[\\]/.test(suffix)) {
    return (name) => name.endsWith(suffix);
  }
  const tokens = tokenize(pattern);
  return tokens && ((name) => matches(tokens, name));
}

function tokenize(pattern: string): Token[] | undefined {
  const tokens: Token[] = [];
  let at = 0;
  while (at < pattern.length) {
    const char = pattern.charAt(at);
    at += 1;
    if (char === "*") {
      if (tokens.at(-1) !== "star") tokens.push("star");
    } else if (char === "?") {
      tokens.push("any");
    } else if (char === "[") {
      const set = readSet(pattern, at);
      if (set === undefined) return undefined;
      tokens.push(set.has);
      at = set.end;
    } else if (char === backslash) {
      if (at === pattern.length) return undefined;
      tokens.push(pattern.charCodeAt(at));
      at += 1;
    } else {
      tokens.push(char.charCodeAt(0));
    }
  }
  return tokens;
}

/** Only the latest star is ever tried again: what an earlier one could take, it can take too. */
function matches(tokens: Token[], name: string): boolean {
  let token = 0;
  let at = 0;
  let star = -1;
  let starAt = 0;
  while (at < name.length) {
    const wanted = tokens[token];
    if (wanted === "star") {
      star = token;
      starAt = at;
      token += 1;
    } else if (wanted !== undefined && accepts(wanted, name.charCodeAt(at))) {
      token += 1;
      at += 1;
    } else if (star >= 0) {
      starAt += 1;
      at = starAt;
      token = star + 1;
    } else {
      return false;
    }
  }
  while (tokens[token] === "star") token += 1;
  return token === tokens.length;
}

function accepts(token: Exclude<Token, "star">, code: number): boolean {
  if (token === "any") return true;
  return typeof token === "number" ? token === code : token(code);
}

type Range = readonly [number, number];

const space: Range[] = [
  [9, 13],
  [32, 32],
];
const digit: Range[] = [[48, 57]];
const upper: Range[] = [[65, 90]];
const lower: Range[] = [[97, 122]];
const punct: Range[] = [
  [33, 47],
  [58, 64],
  [91, 96],
  [123, 126],
];

const named: Record<string, Range[]> = {
  alnum: [...digit, ...upper, ...lower],
  alpha: [...upper, ...lower],
  blank: [
    [9, 9],
    [32, 32],
  ],
  cntrl: [
    [0, 31],
    [127, 127],
  ],
  digit,
  graph: [[33, 126]],
  lower,
  print: [[32, 126]],
  punct,
  space,
  upper,
  xdigit: [...digit, [65, 70], [97, 102]],
};

/** A bracket expression whose first character stands at `start`. */
function readSet(
  pattern: string,
  start: number,
): { has: (code: number) => boolean; end: number } | undefined {
  let at = start;
  const negated = pattern[at] === "!" || pattern[at] === "^";
  if (negated) at += 1;
  const first = at;
  const ranges: Range[] = [];
  while (at < pattern.length && (pattern[at] !== "]" || at === first)) {
    if (pattern.startsWith("[:", at)) {
      const end = pattern.indexOf(":]", at + 2);
      if (end !== -1) {
        const known = named[pattern.slice(at + 2, end)];
        if (known === undefined) return undefined;
        ranges.push(...known);
        at = end + 2;
        continue;
      }
    }
    if (pattern[at] === backslash) at += 1;
    const from = pattern.charCodeAt(at);
    at += 1;
    let to = from;
    if (pattern[at] === "-" && at + 1 < pattern.length && pattern[at + 1] !== "]") {
      at += 1;
      if (pattern[at] === backslash) at += 1;
      to = pattern.charCodeAt(at);
      at += 1;
    }
    ranges.push([from, to]);
  }
  if (pattern[at] !== "]") return undefined;
  const has = (code: number) => ranges.some(([a, b]) => a <= code && code <= b) !== negated;
  return { has, end: at + 1 };
}
