import { ProtocolError } from "@cairn/shared/errors";
import type { WorkHooks } from "../cancelling.ts";
import type { ValidateRequest, ValidateResult } from "../runner.ts";
import { joinPath, wirePath } from "../scan/paths.ts";
import type { Store } from "../store/store.ts";

type Problem = ValidateResult["problems"][number];
/** A problem below a folder or file, by its path from there. */
interface Found {
  path: Buffer;
  problem: string;
}

const maxProblems = 1000;
const progressObjects = 256;

/**
 * Checks that every object of the snapshots is there and well formed; `deep` re-hashes contents
 * too. What several snapshots share is read once.
 */
export function validate(
  store: Store,
  request: ValidateRequest,
  hooks: WorkHooks = {},
): ValidateResult {
  const check = new Check(store, request.deep, hooks);
  const problems: Problem[] = [];
  for (const { pin, snapshot } of request.snapshots) {
    const found = [
      ...check.record("rules", snapshot.rules, "its ignore rules"),
      ...(snapshot.skipped === null
        ? []
        : check.record("skipped", snapshot.skipped, "its list of skipped paths")),
      ...check.folder(snapshot.tree),
    ];
    for (const { path, problem } of found) {
      if (problems.length >= maxProblems) return { problems };
      problems.push({ pin, problem, ...(path.length > 0 ? { path: wirePath(path).path } : {}) });
    }
  }
  return { problems };
}

const here = Buffer.alloc(0);

class Check {
  readonly #store: Store;
  readonly #deep: boolean;
  readonly #hooks: WorkHooks;
  readonly #known = new Map<string, Found[]>();

  constructor(store: Store, deep: boolean, hooks: WorkHooks) {
    this.#store = store;
    this.#deep = deep;
    this.#hooks = hooks;
  }

  record(kind: "rules" | "skipped", hash: string, what: string): Found[] {
    return this.#once(`${kind} ${hash}`, () => {
      try {
        this.#store.readRecord(kind, hash);
        return [];
      } catch (error) {
        return [{ path: here, problem: `${what}: ${damage(error)}` }];
      }
    });
  }

  folder(hash: string): Found[] {
    return this.#once(`tree ${hash}`, () => {
      let entries;
      try {
        entries = this.#store.readTree(hash);
      } catch (error) {
        return [{ path: here, problem: damage(error) }];
      }
      return entries.flatMap((entry) => {
        const below =
          entry.kind === "directory" ? this.folder(entry.hash) : this.#content(entry.hash);
        return below.map(({ path, problem }) => ({
          path: path.length === 0 ? entry.name : joinPath(entry.name, path),
          problem,
        }));
      });
    });
  }

  #content(hash: string): Found[] {
    return this.#once(`blob ${hash}`, () => {
      try {
        if (this.#deep) for (const _ of this.#store.readBlob(hash)) continue;
        else this.#store.checkContent(hash);
        return [];
      } catch (error) {
        return [{ path: here, problem: damage(error) }];
      }
    });
  }

  #once(key: string, look: () => Found[]): Found[] {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#hooks.check?.();
    const found = look();
    this.#known.set(key, found);
    if (this.#known.size % progressObjects === 0) {
      this.#hooks.onProgress?.({ phase: "read", done: this.#known.size, total: null });
    }
    return found;
  }
}

function damage(error: unknown): string {
  if (!(error instanceof ProtocolError) || error.code !== "damaged") throw error;
  const why = error.details?.["why"];
  return typeof why === "string" ? why : error.message;
}
