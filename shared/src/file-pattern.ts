/**
 * Patterns that name changed files: `src/a.ts` that path, and everything below it where it is a
 * folder (`src/` too); with `*` (any part of one name) or `**` (any part of a path, `**` as a
 * whole name also none) the whole path.
 */
interface FilePattern {
  readonly matches: (path: string) => boolean;
  /** What every matching path begins with. */
  readonly prefix: string;
}

// A pattern is a row of tokens, each a character or one of these. The states in which a match
// can be are kept as a set, so the work is at most the length of path times pattern.
const star = -1;
const globstar = -2;
/** Any number of whole folders: entered at `folders`, left over a slash out of `inFolders`. */
const folders = -3;
const inFolders = -4;
const slash = 0x2f;

function tokensOf(pattern: string): number[] {
  const tokens: number[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    if (pattern[at] !== "*") {
      tokens.push(pattern.charCodeAt(at));
      continue;
    }
    const begin = at;
    while (pattern[at + 1] === "*") at += 1;
    const wholeName = begin === 0 || pattern[begin - 1] === "/";
    if (at === begin) tokens.push(star);
    else if (wholeName && pattern[at + 1] === "/") {
      tokens.push(folders, inFolders);
      at += 1;
    } else tokens.push(globstar);
  }
  return tokens;
}

/** Adds a state and those that it reaches without a character. */
function enter(states: Uint8Array, tokens: readonly number[], state: number): void {
  for (let at = state; states[at] === 0;) {
    states[at] = 1;
    const token = tokens[at];
    if (token === star || token === globstar) at += 1;
    else if (token === folders) {
      states[at + 1] = 1;
      at += 2;
    } else return;
  }
}

function matchesTokens(tokens: readonly number[], path: string): boolean {
  let states = new Uint8Array(tokens.length + 1);
  let next = new Uint8Array(tokens.length + 1);
  enter(states, tokens, 0);
  for (let index = 0; index < path.length; index += 1) {
    const char = path.charCodeAt(index);
    next.fill(0);
    for (let state = 0; state < tokens.length; state += 1) {
      if (states[state] === 0) continue;
      const token = tokens[state];
      if (token === globstar || (token === star && char !== slash)) enter(next, tokens, state);
      else if (token === inFolders) {
        next[state] = 1;
        if (char === slash) enter(next, tokens, state + 1);
      } else if (token === char) enter(next, tokens, state + 1);
    }
    [states, next] = [next, states];
  }
  return states[tokens.length] === 1;
}

/** Makes a matcher of what a person typed; a leading `/` or `./` is the workspace itself. */
export function filePattern(text: string): FilePattern {
  const pattern = text.replace(/^\.?\/+/, "");
  const wild = pattern.indexOf("*");
  if (wild === -1) {
    const path = pattern.replace(/\/+$/, "");
    if (path === "") return { prefix: "", matches: () => true };
    const below = `${path}/`;
    const exactToo = path === pattern;
    return {
      prefix: exactToo ? path : below,
      matches: (other) => (exactToo && other === path) || other.startsWith(below),
    };
  }
  const tokens = tokensOf(pattern.endsWith("/") ? `${pattern}**` : pattern);
  const prefix = pattern.slice(0, wild);
  return { prefix, matches: (path) => path.startsWith(prefix) && matchesTokens(tokens, path) };
}
