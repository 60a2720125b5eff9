import {
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { ProtocolError } from "@cairn/shared/errors";
import { codeOf, realFs } from "../fs.ts";
import type { Store } from "../store/store.ts";
import { Crash, watchedFs } from "./faults.ts";
import { randomOf } from "./random.ts";
import { RestoreSite } from "./restore-site.ts";
import { listTree } from "./tree.ts";

/**
 * A restore amid whose filesystem calls another program does what harm it can: it writes, moves,
 * links and removes files, turns them into folders, and swaps folders for links to the outside.
 * Every third restore also crashes. Gives what is not as it must be.
 */
export function restoreAmidHarm(seed: number): string[] {
  const below = randomOf(seed);
  using site = new RestoreSite();
  const outside = join(site.home, "outside");
  mkdirSync(join(outside, "d0"), { recursive: true });
  for (const path of ["x", "d0/f0"]) writeFileSync(join(outside, path), `outside ${path}`);
  const untouched = listTree(outside);
  populate(site, "then", below);
  const target = site.capture();
  for (const name of readdirSync(site.workspace)) if (below(2) === 0) site.remove(name);
  populate(site, "now", below);
  const present = [...contents(site.workspace).keys()];

  const adversary = new Adversary(site, outside, below);
  const oneIn = [200, 50, 16, 7][below(4)] ?? 50;
  const crashAt = below(3) === 0 ? below(400) : Infinity;
  let calls = 0;
  let isAtWork = false;
  const fs = watchedFs(realFs, () => {
    if (!isAtWork) return;
    calls += 1;
    if (calls >= crashAt) throw new Crash("crashed");
    if (below(oneIn) === 0) adversary.harm();
  });
  const request = site.request(target);
  const restorer = site.restorer({ fs });
  const wrong: string[] = [];
  const attempt = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      const isTyped = error instanceof ProtocolError && error.code !== "internal";
      if (!isTyped && calls < crashAt) wrong.push(String(error));
    }
  };
  const { safety } = restorer.prepare(request);
  isAtWork = true;
  attempt(() => restorer.apply(request.operation_id));
  const end = site.store.journals.get(request.operation_id)?.phase;
  attempt(() => {
    if (end === "applied") restorer.settle(request.operation_id);
    else restorer.abandon(request.operation_id);
  });
  isAtWork = false;
  if (calls >= crashAt) for (let i = 0; i < 3; i += 1) adversary.harm();
  for (const { operation_id, outcome } of site.restorer().recover([])) {
    if (outcome === "after") site.restorer().settle(operation_id);
  }

  const kept = new Set(safety === null ? [] : stored(site.store, safety.tree));
  const here = contents(site.home);
  const written = [...present, ...adversary.written];
  const lost = written.filter((content) => !here.has(content) && !kept.has(content));
  wrong.push(...lost.map((content) => `lost: ${content}`));
  const left = site.list().filter((line) => line.includes(".cairn-"));
  // What goes with a folder that is moved again and again may never be met.
  if (!adversary.movedFolders) wrong.push(...left.map((line) => `left over: ${line}`));
  if (listTree(outside).join() !== untouched.join()) wrong.push("the outside was touched");
  if (site.store.journals.list().length > 0) wrong.push("a journal is left");
  return wrong.map((what) => `seed ${seed}: ${what}`);
}

/** The other program. `written` is what it wrote and has not itself removed since. */
class Adversary {
  readonly written = new Set<string>();
  movedFolders = false;
  readonly #workspace: string;
  readonly #home: string;
  readonly #outside: string;
  readonly #below: (bound: number) => number;
  #deeds = 0;
  #isAtWork = false;

  constructor(site: RestoreSite, outside: string, below: (bound: number) => number) {
    this.#workspace = site.workspace;
    this.#home = site.home;
    this.#outside = outside;
    this.#below = below;
  }

  harm(): void {
    if (this.#isAtWork) return;
    this.#isAtWork = true;
    this.#deeds += 1;
    try {
      this.#deed();
    } catch (error) {
      if (codeOf(error) === undefined) throw error;
    } finally {
      this.#isAtWork = false;
    }
  }

  #deed(): void {
    const { files, folders } = namesIn(this.#workspace);
    const pick = (list: string[]): string | undefined => list[this.#below(list.length || 1)];
    const name = `${pick(["f", "d", "e", "l"])}${this.#below(4)}`;
    const place = join(pick([this.#workspace, ...folders]) ?? "", name);
    const file = pick(files) ?? place;
    const folder = pick(folders);
    const away = join(this.#home, `away${this.#deeds}`);
    switch (this.#below(10)) {
      case 0:
        return this.#write(place);
      case 1:
      case 2:
        return this.#write(file);
      case 3:
        this.#write(away);
        return this.#move(away, file);
      case 4:
        return this.#move(file, place);
      case 5:
        return this.#moveFolder(folder, place);
      case 6:
        if (folder === undefined) return undefined;
        this.#moveFolder(folder, away);
        return symlinkSync(pick([this.#outside, join(this.#outside, "d0")]) ?? "", folder);
      case 7:
        return this.#remove(file);
      case 8:
        if (this.#below(2) === 0) this.#remove(file);
        mkdirSync(file);
        return this.#write(join(file, "f0"));
      default:
        return linkSync(file, place);
    }
  }

  #write(path: string): void {
    // Never by a link into the outside, which only the restore must not touch.
    const kind = lstatSync(path, { throwIfNoEntry: false });
    if (kind !== undefined && !kind.isFile()) return;
    this.#forget(path);
    const content = `${this.#deeds} by the adversary`;
    writeFileSync(path, content);
    this.written.add(content);
  }

  #move(from: string, to: string): void {
    if (lstatSync(to, { throwIfNoEntry: false })?.ino === lstatSync(from).ino) return;
    this.#forget(to);
    renameSync(from, to);
  }

  #moveFolder(from: string | undefined, to: string): void {
    if (from === undefined) return;
    renameSync(from, to);
    this.movedFolders = true;
  }

  #remove(path: string): void {
    this.#forget(path);
    unlinkSync(path);
  }

  #forget(path: string): void {
    if (lstatSync(path, { throwIfNoEntry: false })?.isFile() === true)
      this.written.delete(readFileSync(path, "utf8"));
  }
}

function populate(site: RestoreSite, version: string, below: (bound: number) => number): void {
  const attempt = (path: string, planted: Parameters<RestoreSite["write"]>[0]): void => {
    try {
      site.write(planted);
    } catch (error) {
      // A file stands where a folder is to be, or the reverse.
      if (codeOf(error) === undefined) throw new Error(`cannot plant ${path}`, { cause: error });
    }
  };
  for (let i = 0; i < 7; i += 1) {
    const inner = below(2) === 0 ? `/e${below(2)}` : "";
    const path = `d${below(3)}${inner}/f${below(4)}`;
    attempt(path, { [path]: { file: `${version} ${i}`, mode: below(5) === 0 ? 0o600 : 0o644 } });
  }
  const path = `d${below(3)}`;
  if (below(2) === 0) attempt(path, { [path]: `${version}, a file` });
  if (below(3) === 0) attempt("l0", { l0: { link: site.home } });
}

function namesIn(folder: string): { files: string[]; folders: string[] } {
  const found = { files: [] as string[], folders: [] as string[] };
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.name.startsWith(".cairn-")) continue;
    if (entry.isFile()) found.files.push(path);
    if (!entry.isDirectory()) continue;
    const inner = namesIn(path);
    found.files.push(...inner.files);
    found.folders.push(path, ...inner.folders);
  }
  return found;
}

/** Contents of all files below a folder but the store's, and where they stand. */
function contents(folder: string, into = new Map<string, string>()): Map<string, string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== "data") contents(path, into);
    if (entry.isFile()) into.set(readFileSync(path, "utf8"), path);
  }
  return into;
}

function stored(store: Store, tree: string): string[] {
  return store.readTree(tree).flatMap(({ kind, hash }) => {
    if (kind === "directory") return stored(store, hash);
    return [Buffer.concat([...store.readBlob(hash)]).toString()];
  });
}
