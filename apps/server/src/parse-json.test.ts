import { ProtocolError } from "@cairn/shared/errors";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseJson } from "./parse-json.ts";

const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);

test("64 levels are parsed, 65 are not", () => {
  expect(JSON.stringify(parseJson(nested(64)))).toBe(nested(64));
  expect(() => parseJson(nested(65))).toThrow(/64 levels/);
  expect(() => parseJson('{"a":'.repeat(65))).toThrow(/64 levels/);
});

test("depth is refused before anything is parsed", () => {
  expect(() => parseJson("[".repeat(2_000_000))).toThrow(/64 levels/);
});

test("brackets in strings do not count, whatever is escaped before them", () => {
  const text = JSON.stringify({ a: `\\"${"[{".repeat(100)}\\` });
  expect(parseJson(text)).toEqual(JSON.parse(text));
});

test("agrees with JSON.parse on every value that is flat enough", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 20 }), (text) => {
      expect(parseJson(text)).toEqual(JSON.parse(text));
    }),
  );
});

test("fails only with invalid_json, on any text", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...Array.from('[]{}",:\\1a\u0000')) }),
      (text) => {
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        let code: unknown = "parsed";
        try {
          parseJson(text);
        } catch (error) {
          code = error instanceof ProtocolError ? error.code : error;
        }
        expect(code).toBe(valid ? "parsed" : "invalid_json");
      },
    ),
    { numRuns: 2_000 },
  );
});

test("__proto__ is data", () => {
  const value = parseJson('{"__proto__": {"admin": true}}') as Record<string, unknown>;
  expect(Object.keys(value)).toEqual(["__proto__"]);
  expect(value["admin"]).toBeUndefined();
});
