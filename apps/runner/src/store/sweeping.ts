import type { StatementSync } from "node:sqlite";
import { ProtocolError } from "@cairn/shared/errors";
import { distrustedIn } from "./distrust.ts";
import { damagedIndex } from "./errors.ts";
import type { Gate, Pause } from "./gate.ts";
import { aloneMs } from "./gate.ts";
import { kinds } from "./hashing.ts";
import type { Marking } from "./marking.ts";
import type { StoreIndex } from "./store-index.ts";

const pageRows = 4000;
const holders = `kind IN (${kinds.tree}, ${kinds.chunks})`;

const unlikeSql = `
  SELECT 1 FROM blocks LEFT JOIN
    (SELECT block, count(*) AS refs, sum(length) AS live FROM objects GROUP BY block) AS used
    ON used.block = blocks.id
  WHERE blocks.refs <> coalesce(used.refs, 0) OR blocks.live <> coalesce(used.live, 0)`;

interface Place {
  block: number;
  length: number;
}

interface Row extends Place {
  hash: Uint8Array;
  kind: number;
}

interface Used {
  refs: number;
  live: number;
}

/** Takes the rows of objects that are not marked out of the index. */
export class Sweeping {
  removed = 0;
  readonly #index: StoreIndex;
  readonly #gate: Gate;
  readonly #marking: Marking;
  /** What each block holds that stays. */
  readonly #used = new Map<number, Used>();

  constructor(index: StoreIndex, gate: Gate, marking: Marking) {
    this.#index = index;
    this.#gate = gate;
    this.#marking = marking;
  }

  *run(): Generator<Pause, void> {
    const last = this.#lastBlock();
    const marked = this.#marking.size;
    // Whoever knows a folder or list takes all that it holds for stored: these go first, together,
    // or with the first of the contents.
    let dead: Row[] = [];
    let found = 0;
    for (const page of this.#pages("true")) {
      for (const row of page) {
        if (this.#marking.has(row.hash)) {
          found += 1;
          if (isHolder(row)) this.#keep(row);
        } else if (isHolder(row)) dead.push(row);
      }
      yield;
    }
    if (found < marked) this.#refuseMissing();
    for (const page of this.#pages(`NOT ${holders}`)) {
      // As few transactions as may be: each keeps captures waiting.
      if (dead.length >= pageRows) {
        yield* this.#remove(dead);
        dead = [];
      }
      dead.push(...this.#unmarked(page));
      yield;
    }
    yield* this.#remove(dead);
    this.#compare(last);
    this.#trust();
  }

  /**
   * What is needed and not in the index may stand there under a damaged hash, and would be taken
   * for dead. What repair has looked for in vain is gone for good.
   */
  #refuseMissing(): void {
    const known = distrustedIn(this.#index);
    for (const hash of this.#marking.hashes()) {
      const hex = hash.toString("hex");
      if (this.#index.has(hex) || known.has(hex)) continue;
      throw new ProtocolError(
        "damaged",
        "Nothing is collected while something that a checkpoint needs is missing from the index: it may still be in the packs. Run repair, then collect.",
        { details: { hash: hex } },
      );
    }
  }

  *#pages(where: string): Generator<Row[], void> {
    const select = this.#index.database.prepare(
      `SELECT hash, kind, block, length FROM objects WHERE hash > ? AND ${where}
       ORDER BY hash LIMIT ${pageRows}`,
    );
    let after: Uint8Array = Buffer.alloc(0);
    for (;;) {
      const page = select.all(after) as unknown as Row[];
      const end = page.at(-1);
      if (end === undefined) return;
      yield page;
      after = end.hash;
    }
  }

  #unmarked(page: Row[]): Row[] {
    return page.filter((row) => {
      if (!this.#marking.has(row.hash)) return true;
      this.#keep(row);
      return false;
    });
  }

  #keep({ block, length }: Place): void {
    const used = this.#used.get(block) ?? { refs: 0, live: 0 };
    used.refs += 1;
    used.live += length;
    this.#used.set(block, used);
  }

  /** Waits for captures at work, which may have seen what is to go. */
  *#remove(rows: Row[]): Generator<Pause, void> {
    if (rows.length === 0) return;
    for (;;) {
      // Most of what is new is marked before anyone has to wait for it.
      yield* this.#marking.run();
      if (this.#gate.alone(aloneMs, () => this.#removeNow(rows))) return;
      yield "busy";
    }
  }

  #removeNow(rows: Row[]): void {
    for (const _ of this.#marking.run()) continue;
    const { database } = this.#index;
    const dead = rows.filter((row) => !this.#marking.has(row.hash));
    for (const row of rows) if (this.#marking.has(row.hash)) this.#keep(row);
    let removed = 0;
    this.#index.writeUnsynced(() => {
      // Where it stands now: what is small is joined and moved meanwhile.
      const remove = database.prepare("DELETE FROM objects WHERE hash = ? RETURNING block, length");
      const unused: StatementSync = database.prepare(
        "UPDATE blocks SET refs = refs - ?, live = live - ? WHERE id = ?",
      );
      const gone = dead.flatMap(({ hash }) => remove.all(hash) as unknown as Place[]);
      for (const [block, { refs, live }] of sums(gone)) unused.run(refs, live, block);
      removed = gone.length;
    });
    this.#marking.wrote();
    this.removed += removed;
  }

  /** Objects that are gone are no concern any more. */
  #trust(): void {
    const { database } = this.#index;
    const rows = database.prepare("SELECT hash FROM distrusted").all() as { hash: Uint8Array }[];
    const gone = rows.filter(({ hash }) => !this.#marking.has(hash));
    if (gone.length === 0) return;
    this.#index.writeUnsynced(() => {
      const trust = database.prepare("DELETE FROM distrusted WHERE hash = ?");
      for (const { hash } of gone) trust.run(hash);
    });
    this.#marking.wrote();
  }

  #lastBlock(): number {
    const row = this.#index.database.prepare("SELECT max(id) AS id FROM blocks").get();
    return Number(row?.["id"] ?? 0);
  }

  /**
   * What blocks are said to hold must be what the rows say: one of them is damaged otherwise, and
   * with it blocks would be dropped that are needed.
   */
  #compare(last: number): void {
    const { database } = this.#index;
    const rows = database.prepare("SELECT id, refs, live FROM blocks WHERE id <= ?").all(last);
    const isSame = rows.every((row) => {
      const { refs, live } = this.#used.get(Number(row["id"])) ?? { refs: 0, live: 0 };
      return refs === row["refs"] && live === row["live"];
    });
    // Captures that stored anew what was damaged may have changed them meanwhile.
    if (!isSame && database.prepare(unlikeSql).get() !== undefined) throw damagedIndex();
  }
}

function isHolder({ kind }: Row): boolean {
  return kind === kinds.tree || kind === kinds.chunks;
}

function sums(rows: Place[]): Map<number, Used> {
  const sum = new Map<number, Used>();
  for (const { block, length } of rows) {
    const used = sum.get(block) ?? { refs: 0, live: 0 };
    used.refs += 1;
    used.live += length;
    sum.set(block, used);
  }
  return sum;
}
