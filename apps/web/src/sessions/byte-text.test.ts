import { expect, test } from "vitest";
import { readBytes, writeBytes } from "./byte-text.ts";

test("sizes are read as people write them, and nothing else is", () => {
  expect(readBytes("20 GB")).toBe(20_000_000_000);
  expect(readBytes(" 1,5mb ")).toBe(1_500_000);
  expect(readBytes("4096")).toBe(4096);
  expect(readBytes("12 b")).toBe(12);
  const bad = ["", "0", "-1", "lots", "5 PB", "1e9", "1.2.3 GB", "99999999999 TB"];
  expect(bad.filter((each) => readBytes(each) !== null)).toEqual([]);
});

test("what is written is read back as the same number", () => {
  expect(writeBytes(20_000_000_000)).toBe("20 GB");
  expect(writeBytes(1_500_000_000)).toBe("1.5 GB");
  for (const bytes of [1, 999, 1000, 1_234_567, 250_000, 4_000_000_000, 7_300_000_000_000]) {
    expect(readBytes(writeBytes(bytes))).toBe(bytes);
  }
});
