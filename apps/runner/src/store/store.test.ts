import { closeSync, openSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { errorCode, noise, StoreSite } from "../testing/store-site.ts";
import type { TreeEntry } from "./objects.ts";
import { openStore } from "./store.ts";

const MiB = 1024 * 1024;
let site: StoreSite;

beforeEach(() => {
  site = new StoreSite();
});

afterEach(() => site[Symbol.dispose]());

function fileOf(data: Buffer): { fd: number; [Symbol.dispose]: () => void } {
  const path = join(site.dir, "content");
  writeFileSync(path, data);
  const fd = openSync(path, "r");
  return { fd, [Symbol.dispose]: () => closeSync(fd) };
}

test.each([0, 1, 256 * 1024 - 1, 256 * 1024, 4 * MiB, 4 * MiB + 1, 5 * MiB, 30 * MiB + 7])(
  "a content of %d bytes comes back, before and after commit and reopening",
  (length) => {
    const data = noise(length);
    using file = fileOf(data);
    const { hash, size } = site.store.putFile(file.fd, length);
    expect(size).toBe(length);
    expect(site.store.hashFile(file.fd, length)).toBe(hash);
    expect(site.store.hashBlob(data)).toBe(hash);
    expect(site.content(hash).equals(data)).toBe(true);
    site.store.commit();
    site.reopen();
    expect(site.content(hash).equals(data)).toBe(true);
    for (const piece of site.store.readBlob(hash)) expect(piece.length).toBeLessThanOrEqual(MiB);
    for (const [offset, wanted] of [
      [0, 10],
      [MiB - 3, 6],
      [Math.max(length - 5, 0), 100],
      [length + 1, 5],
    ] as const) {
      const range = data.subarray(offset, offset + wanted);
      expect(site.store.readRange(hash, offset, wanted).equals(range)).toBe(true);
    }
  },
);

test("a size that is wrong by then does not matter: what is read counts", () => {
  for (const length of [10, 4 * MiB + 10]) {
    const data = noise(length);
    using file = fileOf(data);
    for (const claimed of [0, 5, length + 5, 5 * MiB, 4 * MiB]) {
      const put = site.store.putFile(file.fd, claimed);
      const read = Math.min(length, claimed + MiB);
      expect(site.content(put.hash).length).toBe(put.size);
      expect(put.size).toBeGreaterThanOrEqual(read);
      expect(site.content(put.hash).equals(data.subarray(0, put.size))).toBe(true);
    }
  }
});

test("what is known is not stored again", () => {
  const data = noise(100_000);
  site.store.putBlob(data);
  site.store.commit();
  const before = site.store.facts();
  site.store.putBlob(data);
  site.store.commit();
  site.reopen();
  site.store.putBlob(data);
  site.store.commit();
  expect(site.store.facts()).toEqual(before);
});

test("chunks that two large files share are stored once", () => {
  const data = noise(6 * MiB);
  const a = site.store.putBlob(data);
  site.store.commit();
  const before = site.store.facts().stored_bytes;
  const longer = Buffer.concat([data, Buffer.from("more")]);
  const b = site.store.putBlob(longer);
  site.store.commit();
  expect(site.store.facts().stored_bytes - before).toBeLessThan(10_000);
  expect(site.content(a).equals(data)).toBe(true);
  expect(site.content(b).equals(longer)).toBe(true);
});

test("facts are true: distinct contents, their bytes, and the bytes of the packs", () => {
  const text = Buffer.from("the same line again\n".repeat(5000));
  const other = noise(50_000, "other");
  const large = noise(5 * MiB, "large");
  for (const data of [text, other, large, text, large]) site.store.putBlob(data);
  site.store.commit();
  // A second thread that stored the same at the same time: its copy is dead.
  const late = openStore(site.dir);
  late.putBlob(noise(80_000, "twice"));
  site.store.putBlob(noise(80_000, "twice"));
  site.store.commit();
  late.commit();
  late.close();
  const list = 6 + 5 * 32;
  const facts = site.store.facts();
  expect(facts).toMatchObject({
    // Two files, five chunks and their list, and the one that was stored twice.
    objects: 2 + 5 + 1 + 1,
    raw_bytes: text.length + other.length + large.length + list + 80_000,
    // The first one's, that of the little that it added, and the second thread's.
    packs: 3,
    limit_bytes: null,
  });
  expect(facts.stored_bytes).toBe(site.packs().reduce((sum, pack) => sum + statSync(pack).size, 0));
  expect(facts.dead_bytes).toBeGreaterThan(80_000);
  expect(facts.dead_bytes).toBeLessThan(81_000);
});

test("a folder's hash does not depend on the order its entries are given in", () => {
  const entries: TreeEntry[] = [
    { name: Buffer.from("b"), kind: "directory", mode: 0o700, size: 0, hash: "1".repeat(64) },
    { name: Buffer.from([0xff]), kind: "symlink", mode: 0, size: 3, hash: "2".repeat(64) },
    {
      name: Buffer.from("a"),
      kind: "executable",
      mode: 0o755,
      size: 2 ** 40,
      hash: "3".repeat(64),
    },
  ];
  const hash = site.store.putTree(entries);
  expect(site.store.putTree(entries.toReversed())).toBe(hash);
  site.store.commit();
  site.reopen();
  expect(site.store.readTree(hash).map(({ name }) => name.toString("latin1"))).toEqual([
    "a",
    "b",
    "\xff",
  ]);
  expect(site.store.readTree(hash)[0]).toEqual(entries[2]);
});

test("the same bytes as another kind are another object", () => {
  const empty = Buffer.alloc(0);
  const hashes = [
    site.store.putBlob(empty),
    site.store.putTree([]),
    site.store.putRecord("rules", empty),
  ];
  hashes.push(site.store.putRecord("skipped", empty));
  expect(new Set(hashes).size).toBe(4);
  site.store.commit();
  expect(errorCode(() => site.store.readTree(hashes[0]!))).toBe("damaged");
  expect(errorCode(() => site.content(hashes[1]!))).toBe("damaged");
  expect(errorCode(() => site.store.readRecord("skipped", hashes[2]!))).toBe("damaged");
});

test("the format does not drift: these hashes are those of version 1", () => {
  const entry = { name: Buffer.from("a"), kind: "file", mode: 0o644, size: 1 } as const;
  const blob = site.store.hashBlob(Buffer.from("a"));
  expect([
    blob,
    site.store.hashBlob(Buffer.alloc(4 * MiB + 1)),
    site.store.hashTree([{ ...entry, hash: blob }]),
    site.store.hashRecord("rules", Buffer.from("{}")),
    site.store.hashRecord("skipped", Buffer.from("{}")),
  ]).toMatchInlineSnapshot(`
    [
      "4f861111e75ad5897095f8c2b9233b42b5901a89e1e8cc0367bc51f9151f334a",
      "c9b49751eb542d6c58cbf768ea8e6a43823d8c67a76cfe40d16cbfe17f5e097b",
      "50510fafc04d8a5e43d07852622fbdd92ce75c7e32453c494561e615b9a109ca",
      "3abc3c0f3b54add6f7ff911ff9404ec2c921c7c9b2ed9adf94d592516f9f5198",
      "d8dedd3e7615c4e2821ac71393b97d8aaadaca60896e0ada02a6e490768548ec",
    ]
  `);
});

test("what is not committed is gone after reopening, what is stays", () => {
  const kept = site.store.putBlob(Buffer.from("kept"));
  site.store.commit({ pin: "p", snapshot: { tree: kept, rules: kept, skipped: null } });
  const lost = site.store.putBlob(noise(300_000));
  expect(site.store.has(lost)).toBe(true);
  site.reopen();
  expect(site.store.has(kept)).toBe(true);
  expect(site.store.has(lost)).toBe(false);
  expect(site.store.index.pins()).toEqual(["p"]);
  site.store.unpin(["p", "unknown"]);
  expect(site.store.index.pins()).toEqual([]);
});

test("a block that stands where one was taken back is read as it is", () => {
  site.store.putBlob(noise(MiB, "committed"));
  site.store.commit();
  // So large that it is a block of its own, which is written, and read, before the commit.
  const dropped = site.store.putBlob(noise(MiB, "dropped"));
  expect(site.content(dropped).length).toBe(MiB);
  site.store.discard();
  const kept = site.store.putBlob(noise(MiB, "kept"));
  site.store.commit();
  expect(site.content(kept).equals(noise(MiB, "kept"))).toBe(true);
});

test("a full pack is followed by a new one", () => {
  const hashes: string[] = [];
  for (let i = 0; i < 17; i += 1) hashes.push(site.store.putBlob(noise(4 * MiB, `pack ${i}`)));
  site.store.commit();
  expect(site.packs()).toHaveLength(2);
  site.reopen();
  hashes.forEach((hash, i) =>
    expect(site.content(hash).equals(noise(4 * MiB, `pack ${i}`))).toBe(true),
  );
});

test("two threads append to packs of their own, and read each other's objects", () => {
  const other = openStore(site.dir);
  try {
    const a = site.store.putBlob(noise(1000, "a"));
    const b = other.putBlob(noise(1000, "b"));
    const same = [site.store.putBlob(noise(1000, "c")), other.putBlob(noise(1000, "c"))];
    site.store.commit();
    other.commit();
    expect(site.packs()).toHaveLength(2);
    expect(site.content(b).equals(noise(1000, "b"))).toBe(true);
    expect(Buffer.concat([...other.readBlob(a)]).equals(noise(1000, "a"))).toBe(true);
    expect(site.content(same[0]!).equals(Buffer.concat([...other.readBlob(same[1]!)]))).toBe(true);
  } finally {
    other.close();
  }
});

test("journals are kept until they are deleted", () => {
  site.store.journals.put("a", "prepared", { steps: [1] });
  site.store.journals.put("b", "prepared", null);
  site.store.journals.put("a", "applying", { steps: [1, 2] });
  site.reopen();
  expect(site.store.journals.get("a")).toEqual({
    operation_id: "a",
    phase: "applying",
    data: { steps: [1, 2] },
  });
  site.store.journals.delete("a");
  expect(site.store.journals.list().map(({ operation_id }) => operation_id)).toEqual(["b"]);
  expect(site.store.journals.get("a")).toBeUndefined();
});

test("a store of a newer Cairn is refused", () => {
  site.store.index.database.exec("UPDATE schema_version SET version = 99");
  site.store.close();
  expect(() => openStore(site.dir)).toThrow(/newer Cairn/);
  rmSync(site.dir, { recursive: true, force: true });
  site.store = openStore(site.dir);
});
