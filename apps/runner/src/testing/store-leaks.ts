import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/**
 * What a store holds that nobody asked it to keep, read beside a running server: pins other than
 * those wanted, journals, and packs that are gone; after a collection also packs without an index.
 */
export function leaksOf(dataDir: string, wanted: Iterable<string>, collected: boolean): string[] {
  const dir = join(dataDir, "store");
  const database = new DatabaseSync(join(dir, "index.db"), { readOnly: true });
  try {
    const column = (sql: string): string[] =>
      database
        .prepare(sql)
        .all()
        .map((row) => String(Object.values(row)[0]));
    const pins = new Set(column("SELECT pin FROM pins"));
    const packs = new Set(column("SELECT name FROM packs"));
    const files = new Set(readdirSync(join(dir, "packs")));
    const kept = new Set(wanted);
    return [
      ...[...pins.difference(kept)].map((pin) => `pin ${pin} without a checkpoint`),
      ...[...kept.difference(pins)].map((pin) => `checkpoint ${pin} without a pin`),
      ...column("SELECT operation_id FROM journals").map((id) => `journal of ${id}`),
      ...[...(collected ? files.difference(packs) : [])].map(
        (name) => `pack ${name} without an index`,
      ),
      ...[...packs.difference(files)].map((name) => `pack ${name} is gone`),
    ];
  } finally {
    database.close();
  }
}
