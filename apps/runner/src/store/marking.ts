import { ProtocolError } from "@cairn/shared/errors";
import type { DatabaseSync } from "node:sqlite";
import type { Holder } from "./encoding.ts";
import { visitHashes } from "./encoding.ts";
import { HashSet } from "./hash-set.ts";
import { kinds } from "./hashing.ts";
import type { Reading } from "./reading.ts";

const yieldEvery = 200;

/**
 * What is reachable from the pins and journals. Reads every folder that is, and verifies it: a
 * folder that does not read back stops collecting, since what it holds cannot be known.
 */
export class Marking {
  readonly #database: DatabaseSync;
  readonly #reading: Reading;
  readonly #marked = new HashSet();
  readonly #todo: { hash: string; holds: Holder }[] = [];
  #version = -1;
  #changes = -1;

  constructor(database: DatabaseSync, reading: Reading) {
    this.#database = database;
    this.#reading = reading;
  }

  get size(): number {
    return this.#marked.size;
  }

  hashes(): Iterable<Buffer> {
    return this.#marked.all();
  }

  has(hash: Uint8Array): boolean {
    return this.#marked.has(hash);
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

  #open({ hash, holds }: { hash: string; holds: Holder }): void {
    if (holds === "chunks") {
      for (const chunk of this.#reading.chunks(hash).hashes) {
        this.#mark(Buffer.from(chunk, "hex"), 0, null);
      }
      return;
    }
    const { data } = this.#reading.load(hash, ["tree"]);
    visitHashes(data, (at, holds) => this.#mark(data, at, holds));
  }

  #addRoots(): void {
    const pins = this.#database.prepare("SELECT DISTINCT tree, rules, skipped FROM pins").all();
    for (const { tree, rules, skipped } of pins) {
      this.#mark(tree as Uint8Array, 0, "tree");
      this.#mark(rules as Uint8Array, 0, null);
      if (skipped !== null) this.#mark(skipped as Uint8Array, 0, null);
    }
    const kindOf = this.#database.prepare("SELECT kind FROM objects WHERE hash = ?");
    for (const { data } of this.#database.prepare("SELECT data FROM journals").all()) {
      // Whatever form a journal has: each hash in it that is one of an object.
      for (const [hex] of String(data).matchAll(/\b[0-9a-f]{64}\b/g)) {
        const hash = Buffer.from(hex, "hex");
        const kind = kindOf.get(hash)?.["kind"];
        const holds = kind === kinds.tree ? "tree" : kind === kinds.chunks ? "chunks" : null;
        if (kind !== undefined) this.#mark(hash, 0, holds);
      }
    }
  }

  #mark(bytes: Uint8Array, at: number, holds: Holder | null): void {
    if (!this.#marked.add(bytes, at) || holds === null) return;
    const hash = Buffer.from(bytes.buffer, bytes.byteOffset + at, 32).toString("hex");
    this.#todo.push({ hash, holds });
  }
}

function stopped(error: unknown): unknown {
  if (!(error instanceof ProtocolError) || error.code !== "damaged") return error;
  return new ProtocolError(
    "damaged",
    "Nothing is collected while a folder of a checkpoint is damaged, since what it holds cannot be known. Run repair; or delete the checkpoints that it names for good, then collect.",
    { details: error.details ?? {}, cause: error },
  );
}
