import type { StoreIndex } from "./store-index.ts";

/** Objects that do not read back, and what is above them: to be stored anew when they are met. */
export function distrustedIn({ database }: StoreIndex): Set<string> {
  const rows = database.prepare("SELECT hash FROM distrusted").all();
  return new Set(rows.map(({ hash }) => Buffer.from(hash as Uint8Array).toString("hex")));
}

/**
 * What lies in one block with something that does not read back. Most likely it was hit too, though
 * nobody met it: below a folder that cannot be read nothing is looked at.
 */
function besides({ database }: StoreIndex, broken: ReadonlySet<string>): string[] {
  const blockOf = database.prepare("SELECT block FROM objects WHERE hash = ?");
  const blocks = new Set<number>();
  for (const hash of broken) {
    const block = blockOf.get(Buffer.from(hash, "hex"))?.["block"];
    if (block !== undefined) blocks.add(Number(block));
  }
  const list = JSON.stringify([...blocks]);
  const within = "SELECT hash FROM objects WHERE block IN (SELECT value FROM json_each(?))";
  const rows = blocks.size === 0 ? [] : database.prepare(within).all(list);
  return rows.map(({ hash }) => Buffer.from(hash as Uint8Array).toString("hex"));
}

export interface Suspects {
  bad: ReadonlySet<string>;
  /** Those of the bad ones that do not read back themselves. */
  broken: ReadonlySet<string>;
  /** Whether those that the index lacks were looked for in all packs, in vain. */
  sought: boolean;
}

/**
 * Distrusts some, and trusts those of the others that were found to be well. Collecting takes what
 * is missing and distrusted for gone for good: it may be in the packs until it was sought there.
 */
export function distrust(
  index: StoreIndex,
  { bad, broken, sought }: Suspects,
  isWell: (hash: string) => boolean,
): void {
  const well = [...distrustedIn(index)].filter((hash) => !bad.has(hash) && isWell(hash));
  if (bad.size + well.length === 0) return;
  index.write(() => {
    const add = index.database.prepare("INSERT OR IGNORE INTO distrusted VALUES (?)");
    const remove = index.database.prepare("DELETE FROM distrusted WHERE hash = ?");
    for (const hash of bad) {
      if (sought || index.has(hash)) add.run(Buffer.from(hash, "hex"));
    }
    for (const hash of besides(index, broken)) {
      if (!isWell(hash)) add.run(Buffer.from(hash, "hex"));
    }
    for (const hash of well) remove.run(Buffer.from(hash, "hex"));
  });
}
