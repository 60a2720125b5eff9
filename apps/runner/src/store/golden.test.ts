import { cpSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fillGolden } from "../testing/golden-store.ts";
import { memoryDir, noise, StoreSite } from "../testing/store-site.ts";
import { keep } from "../testing/snapshots.ts";
import { prepareStore } from "./prepare.ts";
import { openStore } from "./store.ts";

// One store of every version of the index, each with the same in it: never written anew.
const golden = join(import.meta.dirname, "golden");
const versions = readdirSync(golden).toSorted();

const tree = "1d180b2a3d0de996df6783cd1e87b067921f37ef979ac70e39006db1c3dd6ed5";
const later = "74947a5eb24c5d46a47fab5faa9bf22ec5495bcabb4a475460a88998d0d089bc";
const rules = "eae1eced65aaf6ca358a0f0cad00ac441e74079b4f8fc0916dbc0402c5a68faf";
const skipped = "2dd26f0264d06e9b8fd5c765f0fc99415c513eb16f08549fa3d7e41b50d8af68";

let site: StoreSite;

beforeEach(() => {
  site = new StoreSite(memoryDir());
});

afterEach(() => site[Symbol.dispose]());

function open(version: string): void {
  site.store.close();
  rmSync(site.dir, { recursive: true });
  cpSync(join(golden, version), site.dir, { recursive: true });
  prepareStore(site.dir);
  site.store = openStore(site.dir);
}

function expectContents(): void {
  const { store } = site;
  const entries = store.readTree(tree);
  expect(entries.map(({ name, kind, mode }) => [name.toString(), kind, mode])).toEqual([
    ["inner", "directory", 0o755],
    ["large", "file", 0o644],
    ["link", "symlink", 0],
    ["text", "file", 0o644],
  ]);
  const [inner, large, link, text] = entries;
  const chunked = Buffer.alloc(5 * 1024 * 1024 + 7, "many chunks that are alike ");
  expect(site.content(large!.hash).equals(chunked)).toBe(true);
  expect(site.content(link!.hash).toString()).toBe("inner/run.sh");
  expect(site.content(text!.hash).toString()).toBe("a line of text\n".repeat(40));
  const below = store.readTree(inner!.hash);
  expect(below.map(({ name, kind, mode }) => [name.toString("latin1"), kind, mode])).toEqual([
    ["empty", "directory", 0o700],
    ["f\xff", "file", 0o600],
    ["run.sh", "executable", 0o755],
  ]);
  expect(store.readTree(below[0]!.hash)).toEqual([]);
  expect(site.content(below[1]!.hash).equals(noise(3000))).toBe(true);
  expect(store.readTree(later).map(({ name }) => name.toString())).toEqual(["text"]);
  expect(store.readRecord("rules", rules).toString()).toBe('{"version":1,"patterns":[]}');
  expect(store.readRecord("skipped", skipped).toString()).toBe('{"version":1,"paths":[]}');
}

test.each(versions)("a store of version %s opens, and reads back as it was", (version) => {
  open(version);
  expectContents();
  expect(site.store.index.pins()).toEqual(["first", "second"]);
  expect(site.store.index.device("/work")).toBe("42");
  const [journal] = site.store.journals.list();
  expect(journal).toMatchObject({ operation_id: "operation", phase: "prepared" });
  // Once opened it is of today: the next start finds it so, and it can be written.
  keep(site.store, "third", { new: Buffer.from("new") });
  site.reopen();
  expectContents();
});

test.each(versions)("a store of version %s is collected as one of today is", (version) => {
  open(version);
  const wanted = site.store.hashBlob(Buffer.from("nobody wants this"));
  expect(site.store.index.has(wanted)).toBe(true);
  expect(site.store.collect({})).toMatchObject({ done: true, removed_objects: 1 });
  expect(site.store.index.has(wanted)).toBe(false);
  expectContents();
  const { objects } = site.store.facts();
  const rows = site.store.index.database.prepare("SELECT count(*) AS n FROM objects").get();
  expect(rows?.["n"]).toBe(objects);
});

test("what is stored today has the ids that it always had", () => {
  const { first, second } = fillGolden(site.store);
  expect(first).toEqual({ tree, rules, skipped });
  expect(second).toEqual({ tree: later, rules, skipped: null });
  // For whoever changes the index: `CAIRN_GOLDEN=v3` keeps this store as the one of version 3.
  const name = process.env["CAIRN_GOLDEN"];
  if (name === undefined) return;
  site.store.close();
  for (const part of ["index.db", "packs"]) {
    cpSync(join(site.dir, part), join(golden, name, part), { recursive: true });
  }
  site.store = openStore(site.dir);
});

test("there is a golden store of today's version: whoever changes the index adds one", () => {
  const schema = (store: string): unknown[] => {
    open(store);
    const { database } = site.store.index;
    return database.prepare("SELECT name, sql FROM sqlite_master ORDER BY name").all();
  };
  const newest = versions.at(-1) ?? "";
  site.store.close();
  rmSync(site.dir, { recursive: true });
  site.store = openStore(site.dir);
  const { database } = site.store.index;
  const today = database.prepare("SELECT version FROM schema_version").get()?.["version"];
  expect(newest).toBe(`v${String(today)}`);
  // The oldest one becomes what it is.
  expect(schema(versions[0] ?? "")).toEqual(schema(newest));
});
