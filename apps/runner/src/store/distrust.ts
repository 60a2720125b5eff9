import type { StoreIndex } from "./store-index.ts";

/** Objects that do not read back, and what is above them: to be stored anew when they are met. */
export function distrustedIn({ database }: StoreIndex): Set<string> {
  const rows = database.prepare("SELECT hash FROM distrusted").all();
  return new Set(rows.map(({ hash }) => Buffer.from(hash as Uint8Array).toString("hex")));
}

/** Distrusts some, and trusts those of the others that were found to be well. */
export function distrust(
  index: StoreIndex,
  bad: ReadonlySet<string>,
  isWell: (hash: string) => boolean,
): void {
  const well = [...distrustedIn(index)].filter((hash) => !bad.has(hash) && isWell(hash));
  if (bad.size + well.length === 0) return;
  index.write(() => {
    const add = index.database.prepare("INSERT OR IGNORE INTO distrusted VALUES (?)");
    const remove = index.database.prepare("DELETE FROM distrusted WHERE hash = ?");
    for (const hash of bad) add.run(Buffer.from(hash, "hex"));
    for (const hash of well) remove.run(Buffer.from(hash, "hex"));
  });
}
