import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { join } from "node:path";
import { ProtocolError } from "@cairn/shared/errors";
import { validate } from "../diff/validate.ts";
import type { Snapshot } from "../runner.ts";
import { noteDamage } from "../store/index-damage.ts";
import { prepareStore } from "../store/prepare.ts";
import type { Store } from "../store/store.ts";
import { openStore } from "../store/store.ts";
import { cutOff, flipBit } from "./corruption.ts";
import { randomOf } from "./random.ts";
import type { Files } from "./snapshots.ts";
import { filesOf, keep, readFiles, snapshotsIn } from "./snapshots.ts";
import { memoryDir } from "./store-site.ts";

interface Kept {
  pin: string;
  snapshot: Snapshot;
  files: Files;
}

/** A store with some snapshots, closed, that can be put back as it was. */
class Subject {
  readonly dir = mkdtempSync(join(memoryDir(), "cairn-flips-"));
  readonly kept: Kept[];
  readonly #base: string;

  /** `withDead`: with bytes that nothing refers to. */
  constructor(withDead: boolean) {
    const store = openStore(this.dir);
    const text = Object.fromEntries(
      Array.from({ length: 30 }, (_, i) => [`t/${i}`, Buffer.from(`line ${i}\n`.repeat(90 + i))]),
    );
    // Chunked, but small in a pack.
    const large = Buffer.alloc(4 * 1024 * 1024 + 1, "many chunks that are alike ");
    this.kept = ["a", "b"].map((pin) => {
      const files = { ...filesOf("shared", 20, 1000), ...filesOf(pin, 10, 1000), ...text, large };
      return { pin, files, snapshot: keep(store, pin, files) };
    });
    if (withDead) {
      keep(store, "gone", filesOf("gone", 20, 1000));
      store.unpin(["gone"]);
    }
    store.close();
    this.#base = `${this.dir}-base`;
    cpSync(this.dir, this.#base, { recursive: true });
  }

  get pack(): string {
    return join(this.dir, "packs", this.#packs()[0] ?? "");
  }

  reset(): void {
    rmSync(this.dir, { recursive: true });
    cpSync(this.#base, this.dir, { recursive: true });
  }

  [Symbol.dispose](): void {
    rmSync(this.dir, { recursive: true, force: true });
    rmSync(this.#base, { recursive: true, force: true });
  }

  #packs(): string[] {
    const store = openStore(this.dir);
    try {
      const rows = store.index.database.prepare("SELECT name FROM packs").all();
      return rows.map(({ name }) => String(name));
    } finally {
      store.close();
    }
  }
}

/**
 * Flips a bit of a pack, or cuts it off, again and again. `found` counts those that broke
 * something; `wrong` tells where validation did not name just what was broken.
 */
export function flipPacks(rounds: number, seed: number): { found: number; wrong: string[] } {
  using subject = new Subject(false);
  const random = randomOf(seed);
  const { pack, kept } = subject;
  const sound = readFileSync(pack);
  const wrong: string[] = [];
  let found = 0;
  for (let round = 0; round < rounds; round += 1) {
    writeFileSync(pack, sound);
    if (random(20) === 0) cutOff(pack, random(sound.length));
    else flipBit(pack, random);
    const store = openStore(subject.dir);
    const { problems } = validate(store, { snapshots: kept, deep: true });
    if (problems.length > 0) found += 1;
    for (const { pin, snapshot, files } of kept) {
      const named = new Set(
        problems.flatMap((problem) => (problem.pin === pin ? [problem.path ?? ""] : [])),
      );
      const broken = brokenIn(store, snapshot, files);
      if (!isDeepStrictEqual([...named].toSorted(), broken.toSorted())) {
        wrong.push(`round ${round}: named ${[...named].join()}, broken ${broken.join()}`);
      }
    }
    store.close();
  }
  return { found, wrong };
}

/** Paths that do not read back; the path of a folder for all below it, empty for the root. */
function brokenIn(store: Store, { tree, rules }: Snapshot, files: Files): string[] {
  const broken: string[] = [];
  const attempt = (path: string, work: () => void): void => {
    try {
      work();
    } catch (error) {
      if (!(error instanceof ProtocolError) || error.code !== "damaged") throw error;
      broken.push(path);
    }
  };
  attempt("", () => store.readRecord("rules", rules));
  const walk = (hash: string, above: string): void => {
    for (const { name, kind, hash: inside } of store.readTree(hash)) {
      const path = `${above}${name.toString()}`;
      if (kind === "directory") attempt(path, () => walk(inside, `${path}/`));
      else {
        attempt(path, () => {
          const content = Buffer.concat([...store.readBlob(inside)]);
          if (!content.equals(files[path] ?? Buffer.alloc(0)))
            throw new Error(`${path}: wrong bytes`);
        });
      }
    }
  };
  attempt("", () => walk(tree, ""));
  return [...new Set(broken)];
}

/**
 * Flips a bit of the index, or cuts it off, and uses it: reads, collects, captures. Gives where
 * that gave wrong bytes, an error of no table, or lost what an index made anew would have.
 */
export function damageIndex(rounds: number, seed: number): string[] {
  using subject = new Subject(true);
  const random = randomOf(seed);
  const wrong: string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    subject.reset();
    const path = join(subject.dir, "index.db");
    if (random(5) === 0) cutOff(path, random(statSync(path).size));
    else flipBit(path, random);
    const all = [...workWithDamaged(subject), ...restart(subject)];
    wrong.push(...all.map((what) => `round ${round}: ${what}`));
  }
  return wrong;
}

/** What is wrong with using the store as it is now. */
function workWithDamaged({ dir, kept }: Subject): string[] {
  const wrong: string[] = [];
  const attempt = (what: string, work: () => void): boolean => {
    try {
      work();
      return true;
    } catch (error) {
      if (!(error instanceof ProtocolError)) wrong.push(`${what}: ${String(error)}`);
      return false;
    }
  };
  let store: Store | undefined;
  attempt("open", () => {
    store = openStore(dir);
  });
  if (store === undefined) return wrong;
  const opened = store;
  for (const { snapshot, files } of kept) {
    attempt("read", () => {
      if (!isDeepStrictEqual(readFiles(opened, snapshot), files)) wrong.push("wrong bytes");
    });
  }
  attempt("collect", () => void opened.collect({}));
  attempt("capture", () => void keep(opened, "new", filesOf("new", 10)));
  attempt("close", () => opened.close());
  return wrong;
}

/** What is not there with an index made anew. */
function restart({ dir, kept }: Subject): string[] {
  noteDamage(dir);
  prepareStore(dir);
  const store = openStore(dir);
  try {
    store.care.repin(kept);
    const pins = snapshotsIn(store);
    return kept.flatMap(({ pin, snapshot, files }) => {
      if (!pins.has(pin)) return [`${pin} is not pinned`];
      const broken = brokenIn(store, snapshot, files);
      return broken.map((path) => `${pin} has lost ${path}`);
    });
  } finally {
    store.close();
  }
}
