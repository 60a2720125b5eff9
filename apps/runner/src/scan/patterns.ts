import type { Glob } from "./glob.ts";
import { compileGlob } from "./glob.ts";

/** A line of an ignore file, ready to match. */
interface Pattern {
  /** As it was written. */
  text: string;
  negated: boolean;
  foldersOnly: boolean;
  /** Matches the last name of a path at any depth; otherwise `segments` match the whole path. */
  name: Glob | undefined;
  segments: (Glob | "**")[];
}

/** What the last matching pattern says of a path; null when none matches. */
export interface Verdict {
  ignored: boolean;
  pattern: string;
}

/**
 * An ordered list of patterns with the meaning that git gives them. Strings hold one byte a
 * character, as git matches bytes. A path is judged alone: what stands above it is the caller's.
 */
export class Patterns {
  readonly #patterns: Pattern[];

  constructor(lines: readonly string[]) {
    // Last first, since the last match counts.
    this.#patterns = lines
      .map(parse)
      .filter((pattern) => pattern !== undefined)
      .toReversed();
  }

  /** `path` is relative to where the patterns stand, `name` is its last segment. */
  test(path: string, name: string, isDir: boolean): Verdict | null {
    let segments: string[] | undefined;
    for (const pattern of this.#patterns) {
      if (pattern.foldersOnly && !isDir) continue;
      if (pattern.name === undefined) {
        segments ??= path.split("/");
        if (!matchSegments(pattern.segments, segments)) continue;
      } else if (!pattern.name(name)) continue;
      return { ignored: !pattern.negated, pattern: pattern.text };
    }
    return null;
  }

  /** Whether a pattern that names a place could match something below the folder `path`. */
  mayMatchBelow(path: string): boolean {
    const names = path.split("/");
    return this.#patterns.some(
      (pattern) => !pattern.negated && pattern.name === undefined && leads(pattern, names),
    );
  }
}

/** The lines of an ignore file that say something: no comments, no blank lines. */
export function patternLines(text: string): string[] {
  const lines: string[] = [];
  for (const raw of text.replace(/^\xef\xbb\xbf/, "").split("\n")) {
    const line = trimEnd(raw.endsWith("\r") ? raw.slice(0, -1) : raw);
    if (line !== "" && !line.startsWith("#")) lines.push(line);
  }
  return lines;
}

/** Without trailing spaces, but for one that a backslash keeps. */
function trimEnd(line: string): string {
  let end = 0;
  for (let at = 0; at < line.length; at += 1) {
    if (line[at] === "\\" && at + 1 < line.length) {
      at += 1;
      end = at + 1;
    } else if (line[at] !== " ") {
      end = at + 1;
    }
  }
  return line.slice(0, end);
}

function parse(text: string): Pattern | undefined {
  let body = text;
  const negated = body.startsWith("!");
  if (negated) body = body.slice(1);
  const foldersOnly = body.endsWith("/");
  if (foldersOnly) body = body.slice(0, -1);
  const anchored = body.includes("/");
  if (body.startsWith("/")) body = body.slice(1);
  if (body === "") return undefined;
  const rule = { text, negated, foldersOnly };
  if (!anchored) {
    const name = compileGlob(body);
    return name && { ...rule, name, segments: [] };
  }
  const segments: (Glob | "**")[] = [];
  for (const segment of body.split("/")) {
    if (segment === "**") {
      segments.push("**");
      continue;
    }
    const glob = compileGlob(segment);
    if (glob === undefined) return undefined;
    segments.push(glob);
  }
  return { ...rule, name: undefined, segments };
}

/** `**` stands for any number of names, at the end for at least one. */
function matchSegments(pattern: (Glob | "**")[], names: string[]): boolean {
  let step = 0;
  let at = 0;
  let star = -1;
  let starAt = 0;
  while (at < names.length) {
    const wanted = pattern[step];
    const name = names[at] ?? "";
    if (wanted === "**") {
      if (step === pattern.length - 1) return true;
      star = step;
      starAt = at;
      step += 1;
    } else if (wanted?.(name)) {
      step += 1;
      at += 1;
    } else if (star >= 0) {
      starAt += 1;
      at = starAt;
      step = star + 1;
    } else {
      return false;
    }
  }
  return step === pattern.length;
}

function leads(pattern: Pattern, names: string[]): boolean {
  if (pattern.segments[0] === "**") return false;
  for (const [i, name] of names.entries()) {
    const wanted = pattern.segments[i];
    if (wanted === "**") return true;
    if (!wanted?.(name)) return false;
  }
  return pattern.segments.length > names.length;
}
