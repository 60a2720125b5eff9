import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Snapshot } from "../runner.ts";
import { RestoreSite } from "../testing/restore-site.ts";

const read = (site: RestoreSite, path: string): string => readFileSync(site.path(path), "utf8");
const reasons = ({ differences }: { differences: { path: string; reason: string }[] }) =>
  differences.map(({ path, reason }) => `${path}: ${reason}`);

/** As if its row of the index were lost. */
function lose(site: RestoreSite, hash: string): void {
  const { database } = site.store.index;
  database.prepare("DELETE FROM objects WHERE hash = ?").run(Buffer.from(hash, "hex"));
}

function hashOf(site: RestoreSite, content: string): string {
  return site.store.hashBlob(Buffer.from(content));
}

/** Id of a folder of a stored tree. */
function folderOf(site: RestoreSite, tree: string, name: string): string {
  const entry = site.store.readTree(tree).find((other) => other.name.equals(Buffer.from(name)));
  if (entry === undefined) throw new Error(`no ${name}`);
  return entry.hash;
}

/** Flips a bit of every fifth byte in all packs, behind the store's back. */
function rot(site: RestoreSite): void {
  const packs = join(site.store.dir, "packs");
  for (const name of readdirSync(packs)) {
    const bytes = readFileSync(join(packs, name));
    for (let at = 40; at < bytes.length; at += 5) bytes[at] = (bytes[at] ?? 0) ^ 0x10;
    writeFileSync(join(packs, name), bytes);
  }
  site.reopen();
}

function damagedSite(): { site: RestoreSite; target: Snapshot; before: string[] } {
  const site = new RestoreSite();
  site.write({
    "broken/a": "then a",
    "broken/deep/b": "then b",
    "sound/c": "then c",
    "sound/d": "then d",
  });
  const target = site.capture();
  site.write({ "broken/a": "now a", "broken/new": "now", "sound/c": "now c", extra: "now" });
  return { site, target, before: site.list() };
}

test("a folder whose listing is damaged is left whole, and all else is restored", () => {
  const { site, target } = damagedSite();
  using _ = site;
  lose(site, folderOf(site, target.tree, "broken"));
  const { plan, ...done } = site.restore(target);
  expect(reasons({ differences: plan.blocked })).toEqual(["broken: damaged"]);
  expect(done.status).toBe("restored_with_differences");
  expect(reasons(done)).toEqual(["broken: damaged"]);
  expect(["broken/a", "broken/deep/b", "broken/new"].map((path) => read(site, path))).toEqual([
    "now a",
    "then b",
    "now",
  ]);
  expect(read(site, "sound/c")).toBe("then c");
  expect(site.list().some((line) => line.startsWith("extra "))).toBe(false);
});

test("sound paths of a damaged checkpoint are restored by name, and broken ones are refused", () => {
  const { site, target, before } = damagedSite();
  using _ = site;
  lose(site, folderOf(site, target.tree, "broken"));
  lose(site, hashOf(site, "then d"));
  site.write({ "sound/d": "now d" });
  const now = site.list();
  expect(now).not.toEqual(before);
  const pins = site.pins();
  for (const paths of [["broken"], ["broken/a"], ["sound/d"], ["broken", "sound/d"]]) {
    expect(() => site.restore(target, { paths })).toThrow(
      expect.objectContaining({ code: "damaged", details: { paths } }),
    );
  }
  expect(site.list()).toEqual(now);
  expect(site.pins()).toEqual(pins);
  expect(site.store.journals.list()).toEqual([]);
  expect(site.restore(target, { paths: ["sound/c"] }).status).toBe("restored");
  expect(read(site, "sound/c")).toBe("then c");
  expect(read(site, "sound/d")).toBe("now d");
});

test("a checkpoint whose root is damaged is refused, and nothing changes", () => {
  const { site, target, before } = damagedSite();
  using _ = site;
  lose(site, target.tree);
  expect(() => site.restorer().plan(site.request(target))).toThrow(
    expect.objectContaining({ code: "damaged", details: { paths: [""] } }),
  );
  expect(() => site.restore(target)).toThrow(expect.objectContaining({ code: "damaged" }));
  expect(site.list()).toEqual(before);
});

test("bytes that turn out to be damaged while they are written leave what stands there", () => {
  const { site, target, before } = damagedSite();
  using _ = site;
  site.capture();
  const restorer = site.restorer();
  const request = site.request(target);
  restorer.prepare(request);
  rot(site);
  expect(() => site.restorer().apply(request.operation_id)).toThrow(
    expect.objectContaining({ code: "damaged" }),
  );
  expect(site.list()).toEqual(before);
});

test("where the rules or skipped paths of a checkpoint are damaged, nothing is removed", () => {
  for (const lost of ["rules", "skipped"] as const) {
    const { site, target, before } = damagedSite();
    using _ = site;
    // An object of its own, so that the safety snapshot's is another.
    const record = site.store.putRecord(
      lost,
      Buffer.from(JSON.stringify({ version: 1, paths: [] })),
    );
    const then = { ...target, [lost]: record };
    site.store.commit({ pin: "then", snapshot: then });
    lose(site, record);
    const done = site.restore(then);
    expect(reasons(done)).toEqual(["broken/new: damaged", "extra: damaged"]);
    expect(read(site, "broken/a")).toBe("then a");
    expect(read(site, "sound/c")).toBe("then c");
    expect(read(site, "extra")).toBe("now");
    expect(site.restore(done.safety).status).toBe("restored");
    expect(site.list()).toEqual(before);
  }
});

test("a file goes only if the store gives its content back: else it is left, and said so", () => {
  using site = new RestoreSite();
  site.write({ changed: "then", turned: "a file", keep: "k" });
  const target = site.capture();
  site.remove("turned");
  site.write({ changed: "now", removed: "gone then", "turned/in": "a folder" });
  site.capture();
  // Known to the store, so that no capture stores them again, and not whole any more.
  for (const content of ["now", "gone then", "a folder"]) {
    const { database } = site.store.index;
    database
      .prepare("UPDATE objects SET offset = offset + 1 WHERE hash = ?")
      .run(Buffer.from(hashOf(site, content), "hex"));
  }
  site.reopen();
  const before = site.list();
  expect(() => site.restore(target)).toThrow(
    expect.objectContaining({
      code: "damaged",
      details: { paths: ["changed", "removed", "turned/in"] },
    }),
  );
  expect(site.list()).toEqual(before);
  site.write({ other: "new" });
  const done = site.restore(target);
  expect(reasons(done)).toEqual(["changed: damaged", "removed: damaged", "turned/in: damaged"]);
  expect(site.list()).toEqual(before);
});
