import type { StoreIndex } from "./store-index.ts";

/**
 * Packs of the little that single commits add, until that is joined: see `Joining`. Their name
 * alone tells, so that an index that was made anew knows them too.
 */
export const youngEnding = ".young";

/** Which thread appends to which pack. */
export class Claims {
  readonly #index: StoreIndex;

  constructor(index: StoreIndex) {
    this.#index = index;
  }

  /** Takes a pack with room that nobody appends to, a young one or another. */
  take(writer: string, limit: number, young: boolean): { name: string; bytes: number } | undefined {
    // Of no meaning once the process has ended, however it does.
    const row = this.#index.writeUnsynced(() =>
      this.#index.database
        .prepare(
          `UPDATE packs SET writer = ? WHERE id =
             (SELECT id FROM packs
              WHERE writer IS NULL AND bytes < ? AND (name LIKE '%${youngEnding}') = ?
              ORDER BY id DESC LIMIT 1)
           RETURNING name, bytes`,
        )
        .get(writer, limit, young ? 1 : 0),
    );
    return row && { name: String(row["name"]), bytes: Number(row["bytes"]) };
  }

  /** Whether nobody took it away since. */
  holds(name: string, writer: string): boolean {
    const row = this.#index.database.prepare("SELECT writer FROM packs WHERE name = ?").get(name);
    return row?.["writer"] === writer;
  }

  release(writer: string): void {
    const { database } = this.#index;
    const owned = database.prepare("SELECT 1 FROM packs WHERE writer = ?").get(writer);
    if (owned === undefined) return;
    const release = database.prepare("UPDATE packs SET writer = NULL WHERE writer = ?");
    this.#index.writeUnsynced(() => release.run(writer));
  }

  /** At start, when no thread of this store runs: frees the packs of threads that crashed. */
  releaseAll(): void {
    this.#index.write(() =>
      this.#index.database.exec("UPDATE packs SET writer = NULL WHERE writer IS NOT NULL"),
    );
  }
}
