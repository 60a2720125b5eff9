import { expect, test } from "vitest";
import { canonicalJson, checksumOf } from "./checksum.ts";

const row = {
  checkpoint_id: "5f0c1a2e-8f6a-4e3d-9b57-0b1f6b9d2c11",
  session_id: "1c2d3e4f-0000-4000-8000-000000000001",
  sequence_number: 7,
  parent_id: null,
  message: "first",
  tags: ["green"],
  trigger: { kind: "manual" as const },
  author: "admin",
  created_at: "2026-01-31T12:00:00.000Z",
  pinned: false,
  partial: false,
  tree: null,
  rules: null,
  skipped: null,
  files: 0,
  bytes: 0,
  changed_files: 0,
  changed_paths: [],
  added: 1,
  removed: 2,
  git: null,
  state: { b: [1, { d: 4, c: 3 }], a: "x" },
};

test("canonical JSON does not depend on the order of keys, and keeps __proto__ as data", () => {
  expect(canonicalJson({ b: 1, a: { d: 1, c: 2 } })).toBe('{"a":{"c":2,"d":1},"b":1}');
  expect(canonicalJson(JSON.parse('{"__proto__":{"x":1},"a":[]}'))).toBe(
    '{"__proto__":{"x":1},"a":[]}',
  );
});

test("tags, pin and line counts may change without breaking validation", () => {
  const checksum = checksumOf(row);
  expect(checksum).toMatch(/^[0-9a-f]{64}$/);
  expect(checksumOf({ ...row, tags: [], pinned: true, added: null, removed: null })).toBe(checksum);
});

test.each([
  { message: "second" },
  { parent_id: row.session_id },
  { state: { a: "x" } },
  { tree: "0".repeat(64) },
  { changed_paths: ["a"] },
  { author: "someone" },
])("a change of an immutable field shows: %o", (change) => {
  expect(checksumOf({ ...row, ...change })).not.toBe(checksumOf(row));
});
