import type { DatabaseSync } from "node:sqlite";
import type { Snapshot } from "../runner.ts";

/** What of the store's index keeps pins. */
interface Index {
  readonly database: DatabaseSync;
  /** In a transaction. */
  write<T>(work: () => T): T;
  writeUnsynced<T>(work: () => T): T;
  pins(): string[];
  state(key: string): string | undefined;
}

export interface Pin {
  pin: string;
  snapshot: Snapshot;
}

/** Keeps a snapshot from collection. Inside a transaction. */
export function pinSnapshot({ database }: Pick<Index, "database">, { pin, snapshot }: Pin): void {
  database
    .prepare("INSERT OR REPLACE INTO pins (pin, tree, rules, skipped) VALUES (?, ?, ?, ?)")
    .run(
      pin,
      Buffer.from(snapshot.tree, "hex"),
      Buffer.from(snapshot.rules, "hex"),
      snapshot.skipped === null ? null : Buffer.from(snapshot.skipped, "hex"),
    );
}

export function unpinSnapshots(index: Index, pins: string[]): void {
  index.write(() => {
    const remove = index.database.prepare("DELETE FROM pins WHERE pin = ?");
    let removed = 0;
    for (const pin of pins) removed += Number(remove.run(pin).changes);
    if (removed > 0) count(index, removed);
  });
}

/** Pins what has no pin. Gives how many that were. */
export function pinMissing(index: Index, pins: Pin[]): number {
  const known = new Set(index.pins());
  const missing = pins.filter(({ pin }) => !known.has(pin));
  if (missing.length > 0) index.write(() => missing.forEach((pin) => pinSnapshot(index, pin)));
  return missing.length;
}

/** Pins that were let go and not collected for since. */
export function releasedPins(index: Index): number {
  return Number(index.state("released") ?? 0);
}

/** So many of them were collected for. */
export function settleReleased(index: Index, released: number): void {
  if (released > 0) index.writeUnsynced(() => count(index, -released));
}

function count({ database }: Pick<Index, "database">, pins: number): void {
  database
    .prepare(
      `INSERT INTO state VALUES ('released', ?1)
       ON CONFLICT (key) DO UPDATE SET value = CAST(max(value + ?1, 0) AS TEXT)`,
    )
    .run(String(pins));
}
