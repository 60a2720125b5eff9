import { ProtocolError } from "@cairn/shared/errors";
import type { WorkHooks } from "../cancelling.ts";
import type { Snapshot, ValidateRequest, ValidateResult } from "../runner.ts";
import { joinPath, wirePath } from "../scan/paths.ts";
import { distrust } from "../store/distrust.ts";
import type { TreeEntry } from "../store/objects.ts";
import type { Store } from "../store/store.ts";

type Problem = ValidateResult["problems"][number];

/** An object that does not read back, and the one to blame: itself, or a part of it. */
export interface Bad {
  object: string;
  problem: string;
}

/** A bad object below a folder, by its path from there. */
interface Found extends Bad {
  path: Buffer;
}

const maxProblems = 1000;
const progressObjects = 256;
const here = Buffer.alloc(0);

/**
 * Checks that every object of the snapshots is there and well formed; `deep` re-hashes contents
 * too. What several snapshots share is read once.
 */
export function validate(
  store: Store,
  request: ValidateRequest,
  hooks: WorkHooks = {},
): ValidateResult {
  const inspection = new Inspection(store, hooks);
  inspection.run(
    request.snapshots.map(({ snapshot }) => snapshot),
    request.deep,
  );
  inspection.remember();
  return { problems: inspection.problems(request.snapshots) };
}

/** What of some snapshots does not read back: first the structure, then the contents. */
export class Inspection {
  /** By the object that a folder, file or snapshot names. */
  readonly bad = new Map<string, Bad>();
  readonly #store: Store;
  readonly #hooks: WorkHooks;
  readonly #trees = new Set<string>();
  readonly #contents = new Set<string>();
  readonly #found = new Map<string, Found[]>();
  #deep = false;
  #done = 0;

  constructor(store: Store, hooks: WorkHooks) {
    this.#store = store;
    this.#hooks = hooks;
  }

  run(snapshots: Snapshot[], deep: boolean): void {
    this.#deep = deep;
    this.#store.readAnew();
    if (deep) this.#store.care.checkIndex();
    for (const { tree, rules, skipped } of snapshots) {
      this.#record("rules", rules);
      if (skipped !== null) this.#record("skipped", skipped);
      this.#walk(tree);
    }
    const total = this.#done + this.#contents.size;
    const check = deep ? this.#readContent() : this.#store.care.contentChecker();
    for (const hash of this.#contents) {
      this.#look(hash, () => check(hash));
      this.#step(total);
    }
  }

  /** The bad objects, and every folder above one of them. */
  #tainted(): Set<string> {
    const tainted = new Set<string>();
    for (const [hash, { object }] of this.bad) tainted.add(hash).add(object);
    for (const hash of this.#trees) if (this.#below(hash).length > 0) tainted.add(hash);
    return tainted;
  }

  /** What does not read back itself. */
  objects(): Set<string> {
    return new Set([...this.bad.values()].map(({ object }) => object));
  }

  /** From here on captures store what is tainted anew where they meet it. `sought`: `Suspects`. */
  remember(sought = false): void {
    const isWell = (hash: string): boolean =>
      this.#deep && (this.#trees.has(hash) || this.#contents.has(hash));
    const suspects = { bad: this.#tainted(), broken: this.objects(), sought };
    distrust(this.#store.index, suspects, isWell);
  }

  /** Each bad object of each snapshot, with the path of the file or folder that it breaks. */
  problems(snapshots: ValidateRequest["snapshots"]): Problem[] {
    if (this.bad.size === 0) return [];
    const problems: Problem[] = [];
    for (const { pin, snapshot } of snapshots) {
      const { rules, skipped, tree } = snapshot;
      const found = [
        ...this.#own(rules, "its ignore rules"),
        ...(skipped === null ? [] : this.#own(skipped, "its list of skipped paths")),
        ...this.#below(tree),
      ];
      for (const [i, { path, problem, object }] of found.entries()) {
        // Whatever is left out: each snapshot that is broken is named.
        if (problems.length >= maxProblems && i > 0) break;
        const at = path.length > 0 ? { path: wirePath(path).path } : {};
        problems.push({ pin, problem, ...at, object });
      }
    }
    return problems;
  }

  #record(kind: "rules" | "skipped", hash: string): void {
    this.#look(hash, () => this.#store.readRecord(kind, hash));
  }

  #walk(root: string): void {
    const todo = [root];
    for (let tree = todo.pop(); tree !== undefined; tree = todo.pop()) {
      if (this.#trees.has(tree)) continue;
      this.#trees.add(tree);
      for (const entry of this.#entries(tree)) {
        if (entry.kind === "directory") todo.push(entry.hash);
        else this.#contents.add(entry.hash);
      }
      this.#step(null);
    }
  }

  #entries(tree: string): TreeEntry[] {
    let entries: TreeEntry[] = [];
    this.#look(tree, () => {
      entries = this.#store.readTree(tree);
    });
    return entries;
  }

  #readContent(): (hash: string) => void {
    return (hash) => {
      for (const _ of this.#store.readBlob(hash)) this.#hooks.check?.();
    };
  }

  #look(hash: string, read: () => unknown): void {
    if (this.bad.has(hash)) return;
    try {
      read();
    } catch (error) {
      this.bad.set(hash, badOf(hash, error));
    }
  }

  #own(hash: string, what: string): Found[] {
    const bad = this.bad.get(hash);
    return bad === undefined ? [] : [{ ...bad, path: here, problem: `${what}: ${bad.problem}` }];
  }

  /** What is bad below a folder. */
  #below(tree: string): Found[] {
    const known = this.#found.get(tree);
    if (known !== undefined) return known;
    const entries = this.bad.has(tree) ? [] : this.#entries(tree);
    const bad = this.bad.get(tree);
    const found =
      bad === undefined ? entries.flatMap((e) => this.#in(e)) : [{ ...bad, path: here }];
    this.#found.set(tree, found);
    return found;
  }

  #in({ name, kind, hash }: TreeEntry): Found[] {
    if (kind === "directory") {
      return this.#below(hash).map(({ path, ...bad }) => ({
        ...bad,
        path: path.length === 0 ? name : joinPath(name, path),
      }));
    }
    const bad = this.bad.get(hash);
    return bad === undefined ? [] : [{ ...bad, path: name }];
  }

  #step(total: number | null): void {
    this.#hooks.check?.();
    this.#done += 1;
    if (this.#done % progressObjects !== 0) return;
    this.#hooks.onProgress?.({ phase: "read", done: this.#done, total });
  }
}

function badOf(hash: string, error: unknown): Bad {
  if (!(error instanceof ProtocolError) || error.code !== "damaged") throw error;
  const { why, hash: object } = error.details ?? {};
  return {
    object: typeof object === "string" ? object : hash,
    problem: typeof why === "string" ? why : error.message,
  };
}
