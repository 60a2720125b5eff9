// Requests that no client should send: made from good ones by breaking them in places.
import { methodExamples } from "@cairn/shared/testing/examples";
import type { Random } from "../simulation/random.ts";

const nasty: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  1.5,
  2 ** 53,
  1e308,
  "",
  " ",
  "\u0000",
  "\ud800",
  "x".repeat(201),
  "x".repeat(9_000),
  "🦊",
  "../../etc",
  "*",
  "start",
  "workspace",
  "2026-01-31T12:00:00.000Z",
  "2026-13-99T99:99:99Z",
  "0b4f5a52-4f0a-4f4e-9d7a-00000000000g",
  "00000000-0000-4000-8000-000000000000",
  "%' or 1=1 --",
  [],
  {},
  [[]],
  [null],
];

const keys = ["__proto__", "constructor", "toString", "id", "limit", "cursor", "", "a.b"];

/** Any JSON value. */
export function anyValue(random: Random, depth = 0): unknown {
  const kind = depth > 3 ? 0 : random.below(8);
  if (kind === 1) {
    return Array.from({ length: random.below(5) }, () => anyValue(random, depth + 1));
  }
  if (kind === 2) {
    const entries = Array.from({ length: random.below(5) }, () => [
      random.pick(keys),
      anyValue(random, depth + 1),
    ]);
    return Object.fromEntries(entries) as unknown;
  }
  return random.pick(nasty);
}

type Params = Record<string, unknown>;

/** Left out: they work on files outside, or make more than they test. */
const leftOut = new Set(["start_demo", "list_folders"]);
const methods = Object.keys(methodExamples).filter((name) => !leftOut.has(name));
/** Never free text: what stands there is walked. */
const paths = ["/dev/null", "relative/path", "/nonexistent/folder", "", "/etc/hostname", "\u0000"];

function broken(random: Random, given: Params): Params {
  const params = { ...given };
  for (let times = random.below(3); times > 0; times -= 1) {
    const names = [...Object.keys(params), ...keys];
    const name = random.pick(names);
    if (random.chance(0.3)) delete params[name];
    else {
      const value = anyValue(random);
      // As JSON does it: an own property, whatever its name.
      Object.defineProperty(params, name, { value, enumerable: true, configurable: true });
    }
  }
  for (const name of ["path", "workspace", "into"]) {
    if (name in params && random.chance(0.9)) params[name] = random.pick(paths);
    if (typeof params[name] === "string")
      params[name] = paths.includes(params[name]) ? params[name] : "relative";
  }
  return params;
}

/** The text of one request, mostly near a good one, about one of these sessions. */
export function anyRequest(random: Random, id: string, sessions: readonly string[]): string {
  const method = random.pick(methods);
  const example: Params = methodExamples[method as keyof typeof methodExamples].params;
  const known = "session_id" in example && random.chance(0.8);
  const params = broken(random, {
    ...example,
    ...(known ? { session_id: random.pick(sessions) } : {}),
  });
  const request: Params = { id, method, params };
  const text = JSON.stringify(request);
  return random.weighted<() => string>([
    [20, () => text],
    [1, () => JSON.stringify({ ...request, params: anyValue(random) })],
    [1, () => JSON.stringify({ ...request, method: anyValue(random) })],
    [1, () => JSON.stringify({ ...request, id: anyValue(random) })],
    [1, () => JSON.stringify({ ...request, [random.pick(keys)]: anyValue(random) })],
    [1, () => JSON.stringify(anyValue(random))],
    [1, () => text.slice(0, random.below(text.length))],
    [1, () => flipped(random, text)],
    [1, () => "[".repeat(random.pick([10, 64, 100_000]))],
    [1, () => deep(random.pick([60, 64, 5_000]), id)],
    [1, () => text.replace("{", `{${'"a":1,'.repeat(random.below(50))}`)],
    [1, () => `${text}${random.pick([" ", "\n", "x", "}", "\u0000", "\ufeff"])}`],
    [1, () => `{"id":"${id}","id":"${id}","method":"${method}","params":{}}`],
  ])();
}

function deep(levels: number, id: string): string {
  const value = `${"[".repeat(levels)}${"]".repeat(levels)}`;
  return `{"id":"${id}","method":"health","params":{"deep":${value}}}`;
}

function flipped(random: Random, text: string): string {
  const at = random.below(text.length);
  return `${text.slice(0, at)}${random.pick(['"', "{", "}", ",", ":", "\\", "e", "-", "\u0007"])}${text.slice(at + 1)}`;
}
