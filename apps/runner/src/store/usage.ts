import { ProtocolError } from "@cairn/shared/errors";
import type { WorkHooks } from "../cancelling.ts";
import type { UsageRequest, UsedBytes } from "../runner.ts";
import { hashesIn } from "./encoding.ts";
import type { Reading } from "./reading.ts";
import type { StoreIndex } from "./store-index.ts";

const checkEvery = 200;
/** In place of a group: more than one of them need the object. */
const shared = -1;

/** An object's hash: 32 bytes as latin1 text, which takes half the memory of hex. */
type Key = string;
type Holds = "tree" | "chunks" | null;

/** For each object the group that alone needs it. Each is looked at twice at most. */
class Owners {
  readonly #reading: Reading;
  readonly #check: () => void;
  readonly #owners = new Map<Key, number>();
  #steps = 0;

  constructor(reading: Reading, check: () => void) {
    this.#reading = reading;
    this.#check = check;
  }

  of(hash: Uint8Array): number | undefined {
    return this.#owners.get(keyOf(hash));
  }

  claim(group: number, root: Uint8Array, holds: Holds): void {
    const todo: { key: Key; holds: "tree" | "chunks" }[] = [];
    const take = (key: Key, below: Holds): void => {
      const owner = this.#owners.get(key);
      if (owner === group || owner === shared) return;
      this.#owners.set(key, owner === undefined ? group : shared);
      if (below !== null) todo.push({ key, holds: below });
    };
    take(keyOf(root), holds);
    for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
      this.#steps += 1;
      if (this.#steps % checkEvery === 0) this.#check();
      for (const child of this.#childrenOf(next)) take(child.hash, child.holds);
    }
  }

  #childrenOf({ key, holds }: { key: Key; holds: "tree" | "chunks" }) {
    const hash = Buffer.from(key, "latin1").toString("hex");
    try {
      if (holds === "tree") return [...hashesIn(this.#reading.load(hash, ["tree"]).data)];
      return this.#reading.chunks(hash).hashes.map((hex) => {
        return { hash: Buffer.from(hex, "hex").toString("latin1"), holds: null };
      });
    } catch (error) {
      // What it holds cannot be known: counted is what can.
      if (error instanceof ProtocolError && error.code === "damaged") return [];
      throw error;
    }
  }
}

/** Bytes of the packs that each group of pins needs and no other does. */
export function usageOf(
  { database }: StoreIndex,
  reading: Reading,
  { groups }: UsageRequest,
  { check }: WorkHooks,
): UsedBytes[] {
  const owners = new Owners(reading, check ?? (() => undefined));
  const find = database.prepare("SELECT tree, rules, skipped FROM pins WHERE pin = ?");
  for (const [group, { pins }] of groups.entries()) {
    for (const pin of pins) {
      const row = find.get(pin);
      if (row === undefined) continue;
      owners.claim(group, row["tree"] as Uint8Array, "tree");
      owners.claim(group, row["rules"] as Uint8Array, null);
      if (row["skipped"] !== null) owners.claim(group, row["skipped"] as Uint8Array, null);
    }
  }
  const bytes = groups.map(() => 0);
  const objects = database.prepare(
    "SELECT o.hash, o.length, b.raw, b.stored FROM objects o JOIN blocks b ON b.id = o.block",
  );
  let seen = 0;
  for (const { hash, length, raw, stored } of objects.iterate()) {
    seen += 1;
    if (seen % (100 * checkEvery) === 0) check?.();
    const owner = owners.of(hash as Uint8Array);
    if (owner === undefined || owner === shared) continue;
    // Objects are compressed together: each counts for its share of the block.
    const share = Number(raw) === 0 ? 0 : (Number(length) / Number(raw)) * Number(stored);
    bytes[owner] = (bytes[owner] ?? 0) + share;
  }
  return groups.map(({ id }, group) => ({ id, bytes: Math.round(bytes[group] ?? 0) }));
}

function keyOf(hash: Uint8Array): Key {
  return Buffer.from(hash.buffer, hash.byteOffset, hash.byteLength).toString("latin1");
}
