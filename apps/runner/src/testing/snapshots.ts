import type { Snapshot } from "../runner.ts";
import type { Store } from "../store/store.ts";
import { noise } from "./store-site.ts";

/** What a snapshot holds: path of one name or `folder/name` → content. */
export type Files = Record<string, Buffer>;

/** `count` files of about `bytes` that no other seed has, in folders of twenty. */
export function filesOf(seed: string, count: number, bytes = 3000): Files {
  const files: Files = {};
  for (let i = 0; i < count; i += 1) {
    files[`d${Math.floor(i / 20)}/f${i}`] = noise(bytes + (i % 97), `${seed} ${i}`);
  }
  return files;
}

/** Stores the files as a snapshot, and commits it under the pin. */
export function keep(store: Store, pin: string, files: Files): Snapshot {
  const snapshot = put(store, files);
  store.commit({ pin, snapshot });
  return snapshot;
}

/** The same without the commit. */
export function put(store: Store, files: Files): Snapshot {
  const folders = new Map<string, Files>();
  for (const [path, content] of Object.entries(files)) {
    const [folder = "", name = ""] = path.includes("/") ? path.split("/") : ["", path];
    folders.set(folder, { ...folders.get(folder), [name]: content });
  }
  const tree = (inside: Files): Parameters<Store["putTree"]>[0] =>
    Object.entries(inside).map(([name, data]) => ({
      name: Buffer.from(name),
      kind: "file",
      mode: 0o644,
      size: data.length,
      hash: store.putBlob(data),
    }));
  const root = tree(folders.get("") ?? {});
  for (const [name, inside] of folders) {
    if (name === "") continue;
    const hash = store.putTree(tree(inside));
    root.push({ name: Buffer.from(name), kind: "directory", mode: 0o755, size: 0, hash });
  }
  const rules = store.putRecord("rules", Buffer.from("{}"));
  return { tree: store.putTree(root), rules, skipped: null };
}

/** Reads a snapshot back. */
export function readFiles(store: Store, { tree, rules }: Snapshot): Files {
  store.readRecord("rules", rules);
  const files: Files = {};
  const walk = (hash: string, above: string): void => {
    for (const { name, kind, hash: inside } of store.readTree(hash)) {
      const path = `${above}${name.toString()}`;
      if (kind === "directory") walk(inside, `${path}/`);
      else files[path] = Buffer.concat([...store.readBlob(inside)]);
    }
  };
  walk(tree, "");
  return files;
}

/** The snapshots that a store keeps, by pin. */
export function snapshotsIn(store: Store): Map<string, Snapshot> {
  const rows = store.index.database.prepare("SELECT pin, tree, rules FROM pins").all();
  const hex = (bytes: unknown): string => Buffer.from(bytes as Uint8Array).toString("hex");
  return new Map(
    rows.map(({ pin, tree, rules }) => [
      String(pin),
      { tree: hex(tree), rules: hex(rules), skipped: null },
    ]),
  );
}
