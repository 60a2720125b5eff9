import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeTree, decodeTree } from "../store/encoding.ts";
import type { TreeEntry } from "../store/objects.ts";
import { differingEntries } from "./differing-entries.ts";
import { sameEnd, sameStart } from "./same-ends.ts";

const short = fc.uint8Array({ maxLength: 3, max: 2 });

test("how much two texts begin and end with is found, whatever their lengths", () => {
  const common = fc.uint8Array({ maxLength: 400, max: 2 });
  fc.assert(
    fc.property(common, short, short, common, (head, a, b, tail) => {
      const [one, other] = [Buffer.concat([head, a, tail]), Buffer.concat([head, b, tail])];
      const least = Math.min(one.length, other.length);
      let start = 0;
      while (start < least && one[start] === other[start]) start += 1;
      expect(sameStart(one, other)).toBe(start);
      for (const limit of [least, Math.floor(least / 2)]) {
        let end = 0;
        while (end < limit && one.at(-end - 1) === other.at(-end - 1)) end += 1;
        expect(sameEnd(one, other, limit)).toBe(end);
      }
    }),
  );
});

/** Names, sizes and hashes that look like what stands around them. */
const folder = fc
  .uniqueArray(
    fc.record({
      name: fc.uint8Array({ minLength: 1, maxLength: 90, max: 2 }).map((name) => Buffer.from(name)),
      kind: fc.constantFrom("file", "directory"),
      mode: fc.constantFrom(0, 1),
      size: fc.constantFrom(0, 1, 0x1010101),
      hash: fc.constantFrom("00", "01").map((end) => "00".repeat(31) + end),
    }),
    { maxLength: 6, selector: ({ name }) => name.toString("hex") },
  )
  .map((entries): TreeEntry[] => entries);

const text = (entry: TreeEntry) => JSON.stringify({ ...entry, name: entry.name.toString("hex") });

test("of any two folders only entries that are the same in both are left out, as many of each", () => {
  fc.assert(
    fc.property(folder, folder, folder, (common, a, b) => {
      const without = (mine: TreeEntry[]) => {
        const taken = new Set(mine.map(({ name }) => name.toString("hex")));
        return [...mine, ...common.filter(({ name }) => !taken.has(name.toString("hex")))];
      };
      const [old, now] = [encodeTree(without(a)), encodeTree(without(b))];
      const [all, others] = [decodeTree(old).map(text), decodeTree(now).map(text)];
      const [left, right] = differingEntries(old, now).map((entries) => entries.map(text));
      expect(all.filter((entry) => !others.includes(entry) && !left?.includes(entry))).toEqual([]);
      expect(others.filter((entry) => !all.includes(entry) && !right?.includes(entry))).toEqual([]);
      const cutOff = all.filter((entry) => !left?.includes(entry));
      expect(others.filter((entry) => !right?.includes(entry))).toEqual(cutOff);
    }),
    { numRuns: 500 },
  );
});

test("of a folder in which one file was edited only that one is decoded", () => {
  const hash = "ab".repeat(32);
  const entries = Array.from({ length: 300 }, (_, i): TreeEntry => {
    return { name: Buffer.from(`${1000 + i}`), kind: "file", mode: 0o644, size: i, hash };
  });
  const now = entries.map((entry, i) => (i === 120 ? { ...entry, hash: "cd".repeat(32) } : entry));
  const [left, right] = differingEntries(encodeTree([...entries]), encodeTree(now));
  expect([left, right].map((list) => list?.map(({ name }) => name.toString()))).toEqual([
    ["1120"],
    ["1120"],
  ]);
});

test("an entry whose name ends as another entry begins is not taken for that one", () => {
  const entry = (name: Buffer, hash: string): TreeEntry => {
    return { name, kind: "file", mode: 0o644, size: 1, hash: hash.repeat(32) };
  };
  const last = entry(Buffer.from("y"), "aa");
  const start = encodeTree([last]).subarray(0, -32);
  const old = encodeTree([entry(Buffer.from("x"), "bb"), last]);
  const now = encodeTree([entry(Buffer.concat([Buffer.from("z"), start]), "aa")]);
  expect(differingEntries(old, now)).toEqual([decodeTree(old), decodeTree(now)]);
});
