import type { Snapshot } from "../runner.ts";
import type { Store } from "../store/store.ts";
import { noise } from "./store-site.ts";

/** The same contents in the golden store of every version: never change them. */
export function fillGolden(store: Store): { first: Snapshot; second: Snapshot } {
  const blob = (data: Buffer): { hash: string; size: number } => ({
    hash: store.putBlob(data),
    size: data.length,
  });
  const name = (text: string): Buffer => Buffer.from(text, "latin1");
  const script = blob(Buffer.from("#!/bin/sh\n"));
  const inner = store.putTree([
    { name: name("run.sh"), kind: "executable", mode: 0o755, ...script },
    { name: name("f\xff"), kind: "file", mode: 0o600, ...blob(noise(3000)) },
    { name: name("empty"), kind: "directory", mode: 0o700, size: 0, hash: store.putTree([]) },
  ]);
  const text = blob(Buffer.from("a line of text\n".repeat(40)));
  const large = blob(Buffer.alloc(5 * 1024 * 1024 + 7, "many chunks that are alike "));
  const tree = store.putTree([
    { name: name("text"), kind: "file", mode: 0o644, ...text },
    { name: name("large"), kind: "file", mode: 0o644, ...large },
    { name: name("link"), kind: "symlink", mode: 0, ...blob(Buffer.from("inner/run.sh")) },
    { name: name("inner"), kind: "directory", mode: 0o755, size: 0, hash: inner },
  ]);
  const rules = store.putRecord("rules", Buffer.from('{"version":1,"patterns":[]}'));
  const skipped = store.putRecord("skipped", Buffer.from('{"version":1,"paths":[]}'));
  const first = { tree, rules, skipped };
  store.commit({ pin: "first", snapshot: first });
  const changed = blob(Buffer.from("changed"));
  const later = store.putTree([{ name: name("text"), kind: "file", mode: 0o644, ...changed }]);
  const second = { tree: later, rules, skipped: null };
  store.commit({ pin: "second", snapshot: second });
  // What nothing refers to, as a deleted checkpoint leaves it.
  store.putBlob(Buffer.from("nobody wants this"));
  store.commit();
  store.journals.put("operation", "prepared", { version: 1, safety: second });
  store.index.setDevice("/work", "42");
  return { first, second };
}
