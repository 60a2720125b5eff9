import type { TreeEntry } from "../store/objects.ts";

export type ReadTree = (hash: string) => TreeEntry[];

/** Names of two folders side by side, by name bytes; null is no folder. */
export function* pairs(
  before: TreeEntry[],
  after: TreeEntry[],
): Generator<{ name: Buffer; before: TreeEntry | null; after: TreeEntry | null }> {
  let b = 0;
  let a = 0;
  for (;;) {
    const left = before[b];
    const right = after[a];
    if (left === undefined && right === undefined) return;
    const order = left === undefined ? 1 : right === undefined ? -1 : left.name.compare(right.name);
    if (order <= 0) b += 1;
    if (order >= 0) a += 1;
    const name = (order <= 0 ? left?.name : right?.name) ?? Buffer.alloc(0);
    yield {
      name,
      before: order <= 0 ? (left ?? null) : null,
      after: order >= 0 ? (right ?? null) : null,
    };
  }
}

/**
 * Names that go where a name comes that some disks take for the same, by case or by the form of
 * its characters: those must go first. Keys hold one byte a character.
 */
export function clashes(before: TreeEntry[], after: TreeEntry[]): Set<string> {
  const going: Buffer[] = [];
  const coming = new Set<string>();
  for (const pair of pairs(before, after)) {
    if (pair.after === null) going.push(pair.name);
    else if (pair.before === null) coming.add(folded(pair.name));
  }
  if (coming.size === 0) return coming;
  const found = going.filter((name) => coming.has(folded(name)));
  return new Set(found.map((name) => name.toString("latin1")));
}

/** The form in which names that a disk may take for one are equal; some that it does not are too. */
export function folded(name: Buffer): string {
  return name.toString().normalize("NFKD").toUpperCase().toLowerCase().normalize("NFKD");
}

/** Whether nothing at or below the two differs. */
export function equal(a: TreeEntry | null, b: TreeEntry | null): boolean {
  if (a === null || b === null) return a === b;
  return (
    a.hash === b.hash &&
    a.mode === b.mode &&
    (a.kind === "directory") === (b.kind === "directory") &&
    (a.kind === "symlink") === (b.kind === "symlink")
  );
}
