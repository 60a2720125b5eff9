import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  writeSync,
} from "node:fs";
import { expect, test } from "vitest";
import type { Fs } from "../fs.ts";
import { realFs } from "../fs.ts";
import { Crash, watchedFs } from "../testing/faults.ts";
import { newSeed } from "../testing/random.ts";
import { restoreMeanwhile } from "../testing/restore-meanwhile.ts";
import { RestoreSite } from "../testing/restore-site.ts";

const read = (site: RestoreSite, path: string): string => readFileSync(site.path(path), "utf8");

test("staged files go with a folder that is moved amid a restore, and are tidied there", () => {
  for (const ends of ["applied", "taken back", "crashed"]) {
    for (let at = 0; at < 8; at += 1) {
      using site = new RestoreSite();
      site.write({ "src/a": "then", "src/b": "then", "src/c/d": "then", other: "then" });
      const target = site.capture();
      site.write({
        "src/a": "now",
        "src/b": "now",
        "src/c/d": "now",
        "src/e": "now",
        other: "now",
      });
      let dead = false;
      const fs = watchedFs(realFs, () => {
        if (dead) throw new Crash("crashed");
      });
      const onPhase = (phase: string): void => {
        if (phase !== `applying:${at}`) return;
        renameSync(site.path("src"), site.path("moved"));
        dead = ends === "crashed";
      };
      const request = site.request(target);
      const restorer = site.restorer({ fs, onPhase });
      restorer.prepare(request);
      try {
        restorer.apply(request.operation_id);
        if (ends === "taken back") restorer.abandon(request.operation_id);
        else restorer.settle(request.operation_id);
      } catch {
        site.restorer().recover([]);
      }
      const what = `${ends}, ${at}: ${site.list().join()}`;
      const staged = site.list().filter((line) => line.includes(".cairn-"));
      expect([what, staged]).toEqual([what, []]);
      expect(site.store.journals.list()).toEqual([]);
      // Whichever version it is, each file stands where its folder went, or came back.
      for (const path of ["a", "b", "c/d"]) {
        const stands = ["src", "moved"].filter((top) => existsSync(site.path(`${top}/${path}`)));
        expect(stands.length, `${what}, ${path}`).toBeGreaterThan(0);
      }
    }
  }
});

test("edits of another process during restores are never lost", async () => {
  const seed = newSeed("edits during restores");
  const done = await restoreMeanwhile(16, seed);
  expect(done).toMatchObject({ lost: [], wrong: [], restores: 16 });
  expect(done.met).toBeGreaterThan(0);
  expect(done.edited).toBeGreaterThan(20);
}, 60_000);

test("content that stood aside through a crash is kept beside newer work in its place", () => {
  using site = new RestoreSite();
  site.write({ a: "then" });
  const target = site.capture();
  site.write({ a: "now" });
  let dead = false;
  let aside = false;
  const fs = watchedFs(realFs, (_call, name) => {
    // The first call after what stood there was set aside.
    if (aside) dead = true;
    if (dead) throw new Crash("crashed");
    if (name === "rename") aside = true;
  });
  const restorer = site.restorer({ fs });
  const request = site.request(target);
  restorer.prepare(request);
  site.write({ a: "newer" });
  expect(() => restorer.apply(request.operation_id)).toThrow(/does so when it starts next/);
  site.write({ a: "newest" });
  const [recovered, ...more] = site.restorer().recover([]);
  expect(more).toEqual([]);
  expect(recovered).toMatchObject({ operation_id: request.operation_id, outcome: "before" });
  expect(recovered?.differences.map(({ path }) => path)).toEqual(["a", "a.kept-by-cairn"]);
  expect(read(site, "a")).toBe("newest");
  expect(read(site, "a.kept-by-cairn")).toBe("newer");
  expect(site.list()).toHaveLength(3);
  // Nothing is held in the store that nobody could ask for.
  const pins = site.store.index.database.prepare("SELECT pin FROM pins").all();
  expect(pins).not.toContainEqual({ pin: request.operation_id });
});

test("work that two programs write into one place during a restore is all kept", () => {
  using site = new RestoreSite();
  site.write({ "a.txt": "then", "new/b": "then" });
  const target = site.capture();
  site.write({ "a.txt": "now" });
  site.remove("new");
  site.write({ "gone.txt": "now" });
  const request = site.request(target);
  // Each time something is set aside, another program has written it newly in no time.
  const fs = watchedFs(realFs, (_call, name, args) => {
    if (name !== "link") return;
    const to = (args[1] as Buffer).toString();
    const path = ["a.txt", "gone.txt"].find((file) => to.endsWith(`/${file}`));
    if (path !== undefined) site.write({ [path]: "second program" });
  });
  const restorer = site.restorer({ fs });
  restorer.prepare(request);
  site.write({ "a.txt": "first program", "gone.txt": "first program" });
  const { differences } = restorer.apply(request.operation_id);
  restorer.settle(request.operation_id);
  const kept = ["a.txt", "a.kept-by-cairn.txt", "gone.txt", "gone.kept-by-cairn.txt"];
  expect(differences.map(({ path, reason }) => `${reason} ${path}`).toSorted()).toEqual(
    kept.map((path) => `changed_meanwhile ${path}`).toSorted(),
  );
  expect(kept.map((path) => read(site, path))).toEqual([
    "second program",
    "first program",
    "second program",
    "first program",
  ]);
  expect(read(site, "new/b")).toBe("then");
  expect(site.list().filter((line) => line.includes(".cairn-"))).toEqual([]);
});

test("what a program goes on writing into a file that it has open is kept when it is settled", () => {
  using site = new RestoreSite();
  site.write({ "app.txt": "then", keep: "k" });
  const target = site.capture();
  site.write({ "app.txt": "now", "new/notes": "now" });
  const open = ["app.txt", "new/notes"].map((path) => openSync(site.path(path), "a"));
  const request = site.request(target);
  site.restorer().prepare(request);
  expect(site.restorer().apply(request.operation_id).differences).toEqual([]);
  for (const fd of open) {
    writeSync(fd, " and more");
    closeSync(fd);
  }
  const [recovered] = site.restorer().recover([request.operation_id]);
  expect(recovered?.outcome).toBe("after");
  expect(recovered?.differences.map(({ path }) => path)).toEqual([
    "app.txt",
    "app.kept-by-cairn.txt",
    "new/notes",
    "notes.kept-by-cairn",
  ]);
  expect(read(site, "app.txt")).toBe("then");
  expect(read(site, "app.kept-by-cairn.txt")).toBe("now and more");
  // Its folder is gone, so it stands in the one above.
  expect(read(site, "notes.kept-by-cairn")).toBe("now and more");
  expect(site.store.journals.list()).toEqual([]);
});

/** A disk whose names have fewer bytes, such as one that encrypts them. */
function shortNamesFs(longest: number): Fs {
  return watchedFs(realFs, (_call, name, args) => {
    const to = args[1];
    if (name !== "link" || !Buffer.isBuffer(to)) return;
    if (to.length - to.lastIndexOf(0x2f) - 1 <= longest) return;
    throw Object.assign(new Error("ENAMETOOLONG"), { code: "ENAMETOOLONG" });
  });
}

test.each([255, 143])(
  "a name of the greatest length, %i bytes, is kept under one that its disk can hold",
  (longest) => {
    using site = new RestoreSite();
    const fs = shortNamesFs(longest);
    const name = `${"ä".repeat(Math.floor((longest - 4) / 2))}.txt`;
    site.write({ [name]: "then" });
    const target = site.capture();
    site.write({ [name]: "now" });
    const fd = openSync(site.path(name), "a");
    const request = site.request(target);
    site.restorer({ fs }).prepare(request);
    site.restorer({ fs }).apply(request.operation_id);
    writeSync(fd, " and more");
    closeSync(fd);
    site.restorer({ fs }).settle(request.operation_id);
    const names = readdirSync(site.workspace).toSorted();
    expect(names.map((kept) => kept.replaceAll("ä", ""))).toEqual([".kept-by-cairn.txt", ".txt"]);
    expect(read(site, names.find((kept) => kept !== name) ?? "")).toBe("now and more");
  },
);
