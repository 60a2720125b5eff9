import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createCipheriv, createHash, randomBytes } from "node:crypto";
import {
  appendFileSync,
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ProtocolError } from "@cairn/shared/errors";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lockStore } from "./lock.ts";
import type { TreeEntry } from "./objects.ts";
import type { Store } from "./store.ts";
import { openStore } from "./store.ts";

const MiB = 1024 * 1024;
let dir: string;
let store: Store;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "cairn-store-"));
  store = openStore(dir);
});

afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

function reopen(): void {
  store.close();
  store = openStore(dir);
}

function packs(): string[] {
  return readdirSync(join(dir, "packs")).map((name) => join(dir, "packs", name));
}

function onlyPack(): string {
  const [pack, ...more] = packs();
  expect(more).toEqual([]);
  return pack!;
}

function content(hash: string): Buffer {
  return Buffer.concat([...store.readBlob(hash)]);
}

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return error.code;
  }
  return "none";
}

/** Bytes that do not compress, the same for the same seed. */
function noise(length: number, seed = "a"): Buffer {
  const key = createHash("sha256").update(seed).digest();
  return createCipheriv("aes-256-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(length));
}

function fileOf(data: Buffer): { fd: number; [Symbol.dispose]: () => void } {
  const path = join(dir, "tmp", "content");
  writeFileSync(path, data);
  const fd = openSync(path, "r");
  return { fd, [Symbol.dispose]: () => closeSync(fd) };
}

test.each([0, 1, 256 * 1024 - 1, 256 * 1024, 4 * MiB, 4 * MiB + 1, 5 * MiB, 30 * MiB + 7])(
  "a content of %d bytes comes back, before and after commit and reopening",
  (length) => {
    const data = noise(length);
    using file = fileOf(data);
    const { hash, size } = store.putFile(file.fd, length);
    expect(size).toBe(length);
    expect(store.hashFile(file.fd, length)).toBe(hash);
    expect(store.hashBlob(data)).toBe(hash);
    expect(content(hash).equals(data)).toBe(true);
    store.commit();
    reopen();
    expect(content(hash).equals(data)).toBe(true);
    for (const piece of store.readBlob(hash)) expect(piece.length).toBeLessThanOrEqual(MiB);
    for (const [offset, wanted] of [
      [0, 10],
      [MiB - 3, 6],
      [Math.max(length - 5, 0), 100],
      [length + 1, 5],
    ] as const) {
      const range = data.subarray(offset, offset + wanted);
      expect(store.readRange(hash, offset, wanted).equals(range)).toBe(true);
    }
  },
);

test("a size that is wrong by then does not matter: what is read counts", () => {
  for (const length of [10, 4 * MiB + 10]) {
    const data = noise(length);
    using file = fileOf(data);
    for (const claimed of [0, 5, length + 5, 5 * MiB, 4 * MiB]) {
      const put = store.putFile(file.fd, claimed);
      const read = Math.min(length, claimed + MiB);
      expect(content(put.hash).length).toBe(put.size);
      expect(put.size).toBeGreaterThanOrEqual(read);
      expect(content(put.hash).equals(data.subarray(0, put.size))).toBe(true);
    }
  }
});

test("what is known is not stored again", () => {
  const data = noise(100_000);
  store.putBlob(data);
  store.commit();
  const before = store.facts();
  store.putBlob(data);
  store.commit();
  reopen();
  store.putBlob(data);
  store.commit();
  expect(store.facts()).toEqual(before);
});

test("chunks that two large files share are stored once", () => {
  const data = noise(6 * MiB);
  const a = store.putBlob(data);
  store.commit();
  const before = store.facts().stored_bytes;
  const longer = Buffer.concat([data, Buffer.from("more")]);
  const b = store.putBlob(longer);
  store.commit();
  expect(store.facts().stored_bytes - before).toBeLessThan(10_000);
  expect(content(a).equals(data)).toBe(true);
  expect(content(b).equals(longer)).toBe(true);
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
  const hash = store.putTree(entries);
  expect(store.putTree(entries.toReversed())).toBe(hash);
  store.commit();
  reopen();
  expect(store.readTree(hash).map(({ name }) => name.toString("latin1"))).toEqual([
    "a",
    "b",
    "\xff",
  ]);
  expect(store.readTree(hash)[0]).toEqual(entries[2]);
});

test("the same bytes as another kind are another object", () => {
  const empty = Buffer.alloc(0);
  const hashes = [store.putBlob(empty), store.putTree([]), store.putRecord("rules", empty)];
  hashes.push(store.putRecord("skipped", empty));
  expect(new Set(hashes).size).toBe(4);
  store.commit();
  expect(codeOf(() => store.readTree(hashes[0]!))).toBe("damaged");
  expect(codeOf(() => content(hashes[1]!))).toBe("damaged");
  expect(codeOf(() => store.readRecord("skipped", hashes[2]!))).toBe("damaged");
});

test("the format does not drift: these hashes are those of version 1", () => {
  const entry = { name: Buffer.from("a"), kind: "file", mode: 0o644, size: 1 } as const;
  const blob = store.hashBlob(Buffer.from("a"));
  expect([
    blob,
    store.hashBlob(Buffer.alloc(4 * MiB + 1)),
    store.hashTree([{ ...entry, hash: blob }]),
    store.hashRecord("rules", Buffer.from("{}")),
    store.hashRecord("skipped", Buffer.from("{}")),
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
  const kept = store.putBlob(Buffer.from("kept"));
  store.commit({ pin: "p", snapshot: { tree: kept, rules: kept, skipped: null } });
  const lost = store.putBlob(noise(300_000));
  expect(store.has(lost)).toBe(true);
  reopen();
  expect(store.has(kept)).toBe(true);
  expect(store.has(lost)).toBe(false);
  expect(store.index.pins()).toEqual(["p"]);
  store.unpin(["p", "unknown"]);
  expect(store.index.pins()).toEqual([]);
});

test("a torn tail of a pack is garbage: what is committed before and after it is read", () => {
  const before = store.putBlob(noise(50_000, "before"));
  store.commit();
  store.close();
  const pack = onlyPack();
  const block = readFileSync(pack).subarray(16);
  appendFileSync(pack, block.subarray(0, block.length / 2));
  store = openStore(dir);
  const after = store.putBlob(noise(50_000, "after"));
  store.commit();
  reopen();
  expect(onlyPack()).toBe(pack);
  expect(content(before).equals(noise(50_000, "before"))).toBe(true);
  expect(content(after).equals(noise(50_000, "after"))).toBe(true);
});

test.each([
  ["while it appends", "store.putBlob(big); die();"],
  [
    "between the pack and the index",
    "store.index.commit = die; store.putBlob(big); store.commit();",
  ],
])("a process killed %s loses only what was not acknowledged", (_when, work) => {
  store.close();
  const script = `
    const { openStore } = await import(${JSON.stringify(new URL("store.ts", import.meta.url).href)});
    const store = openStore(${JSON.stringify(dir)});
    store.putBlob(Buffer.from("acknowledged"));
    store.commit();
    const big = Buffer.alloc(300_000, "not acknowledged");
    const die = () => process.kill(process.pid, "SIGKILL");
    ${work}
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);`;
  const child = spawnSync(process.execPath, ["--input-type=module", "-e", script]);
  expect([child.signal, child.stderr.toString()]).toEqual(["SIGKILL", ""]);
  store = openStore(dir);
  const acknowledged = store.hashBlob(Buffer.from("acknowledged"));
  expect(content(acknowledged).toString()).toBe("acknowledged");
  const big = Buffer.alloc(300_000, "not acknowledged");
  expect(store.has(store.hashBlob(big))).toBe(false);
  const again = store.putBlob(big);
  store.commit();
  reopen();
  expect(content(again).equals(big)).toBe(true);
});

test("a write that fails keeps nothing, and the store works on", () => {
  const hidden = join(dir, "hidden");
  renameSync(join(dir, "packs"), hidden);
  const lost = store.putBlob(Buffer.from("lost"));
  expect(codeOf(() => store.commit())).toBe("internal");
  expect(store.has(lost)).toBe(false);
  renameSync(hidden, join(dir, "packs"));
  const kept = store.putBlob(Buffer.from("kept"));
  store.commit();
  reopen();
  expect(content(kept).toString()).toBe("kept");
  expect(store.has(lost)).toBe(false);
});

interface Filled {
  contents: Map<string, Buffer>;
  tree: string;
}

function fill(): Filled {
  const contents = new Map<string, Buffer>();
  const entries: TreeEntry[] = [];
  for (let i = 0; i < 40; i += 1) {
    const data = i % 3 === 0 ? noise(2000 + i, `${i}`) : Buffer.from(`line ${i}\n`.repeat(100 + i));
    const hash = store.putBlob(data);
    contents.set(hash, data);
    entries.push({
      name: Buffer.from(`f${i}`),
      kind: "file",
      mode: 0o644,
      size: data.length,
      hash,
    });
  }
  const large = noise(5 * MiB, "large");
  contents.set(store.putBlob(large), large);
  const tree = store.putTree(entries);
  store.commit();
  return { contents, tree };
}

/** Reads all: each comes back as it was put, or as `damaged`. Gives how many were damaged. */
function readAll({ contents, tree }: Filled): number {
  let damaged = 0;
  for (const [hash, data] of contents) {
    try {
      expect(content(hash).equals(data)).toBe(true);
    } catch (error) {
      if (!(error instanceof ProtocolError) || error.code !== "damaged") throw error;
      damaged += 1;
    }
  }
  const listed = codeOf(() => expect(store.readTree(tree)).toHaveLength(40));
  expect(["none", "damaged"]).toContain(listed);
  return damaged + (listed === "damaged" ? 1 : 0);
}

function flips(file: string, rounds: number, check: () => void): void {
  const seed = process.env["CAIRN_SEED"] ?? randomBytes(4).toString("hex");
  console.log(`seed ${seed}`);
  const sound = readFileSync(file);
  for (let round = 0; round < rounds; round += 1) {
    const random = createHash("sha256").update(`${seed} ${round}`).digest();
    const at = random.readUInt32LE(0) % sound.length;
    const bad = Buffer.from(sound);
    bad[at] = bad.readUInt8(at) ^ (1 << (random.readUInt8(4) % 8));
    writeFileSync(file, bad);
    check();
  }
  writeFileSync(file, sound);
}

test("a flipped bit of a pack is found, never passed on", () => {
  const filled = fill();
  store.close();
  let found = 0;
  flips(onlyPack(), 60, () => {
    store = openStore(dir);
    if (readAll(filled) > 0) found += 1;
    store.close();
  });
  store = openStore(dir);
  // Only the few bytes of headers and directories are read by nobody here.
  expect(found).toBeGreaterThan(55);
  expect(readAll(filled)).toBe(0);
});

test("a flipped bit of the index is found, never passed on", () => {
  const filled = fill();
  store.close();
  flips(join(dir, "index.db"), 150, () => {
    let opened = false;
    expect(["none", "damaged", "internal"]).toContain(
      codeOf(() => {
        store = openStore(dir);
        opened = true;
      }),
    );
    if (!opened) return;
    readAll(filled);
    // A claim on a pack, too, may meet the damage when it is given back.
    expect(["none", "damaged"]).toContain(codeOf(() => store.close()));
  });
  store = openStore(dir);
  expect(readAll(filled)).toBe(0);
});

test("a pack that was cut off or is gone damages what was in it, and takes no new blocks", () => {
  const filled = fill();
  store.close();
  const pack = onlyPack();
  truncateSync(pack, Math.floor(statSync(pack).size / 2));
  store = openStore(dir);
  expect(readAll(filled)).toBeGreaterThan(0);
  const fresh = store.putBlob(noise(1000, "fresh"));
  store.commit();
  expect(packs()).toHaveLength(2);
  rmSync(pack);
  reopen();
  expect(readAll(filled)).toBe(filled.contents.size + 1);
  expect(content(fresh).equals(noise(1000, "fresh"))).toBe(true);
});

test("a full pack is followed by a new one", () => {
  const hashes: string[] = [];
  for (let i = 0; i < 17; i += 1) hashes.push(store.putBlob(noise(4 * MiB, `pack ${i}`)));
  store.commit();
  expect(packs()).toHaveLength(2);
  reopen();
  hashes.forEach((hash, i) => expect(content(hash).equals(noise(4 * MiB, `pack ${i}`))).toBe(true));
});

test("two threads append to packs of their own, and read each other's objects", () => {
  const other = openStore(dir);
  try {
    const a = store.putBlob(noise(1000, "a"));
    const b = other.putBlob(noise(1000, "b"));
    const same = [store.putBlob(noise(1000, "c")), other.putBlob(noise(1000, "c"))];
    store.commit();
    other.commit();
    expect(packs()).toHaveLength(2);
    expect(content(b).equals(noise(1000, "b"))).toBe(true);
    expect(Buffer.concat([...other.readBlob(a)]).equals(noise(1000, "a"))).toBe(true);
    expect(content(same[0]!).equals(Buffer.concat([...other.readBlob(same[1]!)]))).toBe(true);
  } finally {
    other.close();
  }
});

test("journals are kept until they are deleted", () => {
  store.journals.put("a", "prepared", { steps: [1] });
  store.journals.put("b", "prepared", null);
  store.journals.put("a", "applying", { steps: [1, 2] });
  reopen();
  expect(store.journals.get("a")).toEqual({
    operation_id: "a",
    phase: "applying",
    data: { steps: [1, 2] },
  });
  store.journals.delete("a");
  expect(store.journals.list().map(({ operation_id }) => operation_id)).toEqual(["b"]);
  expect(store.journals.get("a")).toBeUndefined();
});

test("a store of a newer Cairn is refused", () => {
  store.index.database.exec("UPDATE schema_version SET version = 99");
  store.close();
  expect(() => openStore(dir)).toThrow(/newer Cairn/);
  rmSync(dir, { recursive: true, force: true });
  store = openStore(dir);
});

test("a store has one owner, until that one ends in whatever way", async () => {
  const script = `
    const { lockStore } = await import(${JSON.stringify(new URL("lock.ts", import.meta.url).href)});
    lockStore(${JSON.stringify(dir)});
    console.log("locked");
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
  try {
    await once(child.stdout, "data");
    let refused: unknown;
    try {
      lockStore(dir);
    } catch (error) {
      refused = error;
    }
    expect(refused).toMatchObject({ details: { reason: "already_owned" } });
    expect((refused as Error).message).toContain(`process ${child.pid}`);
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
    const mine = lockStore(dir);
    expect(() => lockStore(dir)).toThrow(/in use by another Cairn/);
    mine.release();
    lockStore(dir).release();
  } finally {
    child.kill("SIGKILL");
  }
});
