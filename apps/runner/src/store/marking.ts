import { ProtocolError } from "@cairn/shared/errors";
import type { DatabaseSync } from "node:sqlite";
import { hashesIn } from "./encoding.ts";
import { kinds } from "./hashing.ts";
import type { Reading } from "./reading.ts";

const yieldEvery = 200;

/** An object's hash: 32 bytes as latin1 text, which takes half the memory of hex. */
type Key = string;

/**
 * What is reachable from the pins and journals. Reads every folder that is, and verifies it: a
 * folder that does not read back stops collecting, since what it holds cannot be known.
 */
export class Marking {
  readonly #database: DatabaseSync;
  readonly #reading: Reading;
  readonly #marked = new Set<Key>();
  readonly #todo: { key: Key; holds: "tree" | "chunks" }[] = [];
  #version = -1;
  #changes = -1;

  constructor(database: DatabaseSync, reading: Reading) {
    this.#database = database;
    this.#reading = reading;
  }

  has(hash: Uint8Array): boolean {
    return this.#marked.has(keyOf(hash));
  }

  /** Marks what is reachable and not marked yet. Yields now and then. */
  *run(): Generator<void, void> {
    // The one changes with each commit of another connection, the other with our own.
    const version = this.#ask("PRAGMA data_version", "data_version");
    const changes = this.#ask("SELECT total_changes() AS n", "n");
    if (version !== this.#version || changes !== this.#changes) this.#addRoots();
    let steps = 0;
    for (let next = this.#todo.pop(); next !== undefined; next = this.#todo.pop()) {
      try {
        this.#open(next);
      } catch (error) {
        throw stopped(error);
      }
      steps += 1;
      if (steps % yieldEvery === 0) yield;
    }
    this.#version = version;
    this.#changes = changes;
  }

  /** Call after a write of this connection that changed neither pins nor journals. */
  wrote(): void {
    this.#changes = this.#ask("SELECT total_changes() AS n", "n");
  }

  #ask(sql: string, column: string): number {
    return Number(this.#database.prepare(sql).get()?.[column]);
  }

  #open({ key, holds }: { key: Key; holds: "tree" | "chunks" }): void {
    const hash = hexOf(key);
    if (holds === "chunks") {
      for (const chunk of this.#reading.chunks(hash).hashes) this.#marked.add(keyOfHex(chunk));
      return;
    }
    for (const entry of hashesIn(this.#reading.load(hash, ["tree"]).data)) {
      this.#mark(entry.hash, entry.holds);
    }
  }

  #addRoots(): void {
    const pins = this.#database.prepare("SELECT DISTINCT tree, rules, skipped FROM pins").all();
    for (const { tree, rules, skipped } of pins) {
      this.#mark(keyOf(tree as Uint8Array), "tree");
      this.#mark(keyOf(rules as Uint8Array), null);
      if (skipped !== null) this.#mark(keyOf(skipped as Uint8Array), null);
    }
    const kindOf = this.#database.prepare("SELECT kind FROM objects WHERE hash = ?");
    for (const { data } of this.#database.prepare("SELECT data FROM journals").all()) {
      // Whatever form a journal has: each hash in it that is one of an object.
      for (const [hex] of String(data).matchAll(/\b[0-9a-f]{64}\b/g)) {
        const kind = kindOf.get(Buffer.from(hex, "hex"))?.["kind"];
        const holds = kind === kinds.tree ? "tree" : kind === kinds.chunks ? "chunks" : null;
        if (kind !== undefined) this.#mark(keyOfHex(hex), holds);
      }
    }
  }

  #mark(key: Key, holds: "tree" | "chunks" | null): void {
    if (this.#marked.has(key)) return;
    this.#marked.add(key);
    if (holds !== null) this.#todo.push({ key, holds });
  }
}

function keyOf(hash: Uint8Array): Key {
  return Buffer.from(hash.buffer, hash.byteOffset, hash.byteLength).toString("latin1");
}

function keyOfHex(hex: string): Key {
  return Buffer.from(hex, "hex").toString("latin1");
}

function hexOf(key: Key): string {
  return Buffer.from(key, "latin1").toString("hex");
}

function stopped(error: unknown): unknown {
  if (!(error instanceof ProtocolError) || error.code !== "damaged") return error;
  return new ProtocolError(
    "damaged",
    "Nothing is collected while a folder of a checkpoint is damaged, since what it holds cannot be known. Run repair; or delete the checkpoints that it names for good, then collect.",
    { details: error.details ?? {}, cause: error },
  );
}
