import fc from "fast-check";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Planted } from "./tree.ts";
import { folder, removeTree, writeTree } from "./tree.ts";

/** A tree as a map of paths to what stands there; paths hold one byte a character. */
export type Model = Map<string, Planted>;

// Few names, so that edits meet: a file becomes a folder, a link becomes a file.
const name = fc.constantFrom("a", "b", "c", "A", "e\xcc\x81", "\xff\xfe", "x.log", "new\nline");
export const randomPath = fc
  .array(name, { minLength: 1, maxLength: 3 })
  .map((names) => names.join("/"));
const content = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
);
const node: fc.Arbitrary<Planted> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ file: content, mode: fc.constantFrom(0o644, 0o600, 0o755, 0o444) }),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom("a", "nowhere", "/etc/hostname", "../..", "b/c")
      .map((link) => ({ link })),
  },
  { weight: 2, arbitrary: fc.constantFrom(0o755, 0o700, 0o500, 0o555).map((mode) => folder(mode)) },
);

/** Trees of up to about twenty entries. */
export const randomTree: fc.Arbitrary<[string, Planted][]> = fc.array(fc.tuple(randomPath, node), {
  maxLength: 20,
});

/** Edits: what to put at a path, or null to remove it. Names on the way are replaced by folders. */
export const randomEdits: fc.Arbitrary<[string, Planted | null][]> = fc.array(
  fc.tuple(
    randomPath,
    fc.oneof({ weight: 2, arbitrary: node }, { weight: 1, arbitrary: fc.constant(null) }),
  ),
  { maxLength: 12 },
);

/** The tree after the edits; folders on the way are entries of their own. */
export function edit(tree: Model, edits: [string, Planted | null][]): Model {
  const model = new Map(tree);
  const clear = (at: string): void => {
    for (const key of model.keys()) {
      if (key === at || key.startsWith(`${at}/`)) model.delete(key);
    }
  };
  for (const [at, planted] of edits) {
    const isKept = planted !== null && isFolder(planted) && isFolder(model.get(at));
    if (!isKept) clear(at);
    if (planted === null) continue;
    const names = at.split("/");
    for (let depth = 1; depth < names.length; depth += 1) {
      const above = names.slice(0, depth).join("/");
      if (isFolder(model.get(above))) continue;
      clear(above);
      model.set(above, folder());
    }
    model.set(at, planted);
  }
  return model;
}

function isFolder(planted: Planted | undefined): boolean {
  if (planted === undefined || typeof planted === "string" || Buffer.isBuffer(planted))
    return false;
  return planted.file === undefined && planted.link === undefined;
}

/** Makes the folder what the model says, except for names that are kept as they are. */
export function plant(root: string, model: Model, keep: string[] = []): void {
  for (const entry of readdirSync(Buffer.from(root), "buffer")) {
    if (keep.includes(entry.toString("latin1"))) continue;
    removeTree(Buffer.concat([Buffer.from(join(root, "/")), entry]));
  }
  const sorted = [...model].toSorted(([a], [b]) => (a < b ? -1 : 1));
  writeTree(
    root,
    sorted.map(([at, planted]): [Buffer, Planted] => [Buffer.from(at, "latin1"), planted]),
  );
}
