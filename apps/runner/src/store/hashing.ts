import { createHash, hash } from "node:crypto";

/** What an object is. The code stands in its hash, in packs and in the index: never renumber. */
export const kinds = { blob: 1, chunks: 2, tree: 3, rules: 4, skipped: 5 } as const;
export type Kind = keyof typeof kinds;
export type KindCode = (typeof kinds)[Kind];

/** Version of how objects are encoded; a change of encoding is another hash. */
const version = 1;

/** What is hashed before an object's bytes, so that a blob can never pass for a tree. */
export const prefixes: Record<Kind, Buffer> = {
  blob: prefix("blob"),
  chunks: prefix("chunks"),
  tree: prefix("tree"),
  rules: prefix("rules"),
  skipped: prefix("skipped"),
};

export const prefixBytes = 8;

function prefix(kind: Kind): Buffer {
  return Buffer.concat([Buffer.from("cairn\0"), Buffer.from([kinds[kind], version])]);
}

// One-shot hashing of a joined copy is twice as fast as two updates below about 16 KiB.
const joined = Buffer.alloc(prefixBytes + 16 * 1024);

/** Hex SHA-256 of an object. */
export function hashObject(kind: Kind, data: Uint8Array): string {
  if (data.length > joined.length - prefixBytes) {
    return createHash("sha256").update(prefixes[kind]).update(data).digest("hex");
  }
  joined.set(prefixes[kind], 0);
  joined.set(data, prefixBytes);
  return hash("sha256", joined.subarray(0, prefixBytes + data.length), "hex");
}

// Looked up for each object that is read.
const byCode = new Map<number, Kind>();
for (const kind of Object.keys(kinds) as Kind[]) byCode.set(kinds[kind], kind);

export function kindOf(code: number): Kind | undefined {
  return byCode.get(code);
}
