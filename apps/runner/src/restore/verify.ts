import type { Difference } from "@cairn/shared/files";
import { joinPath, wirePath } from "../scan/paths.ts";
import type { IgnoredMatcher, Scan } from "../scan/scan.ts";
import type { TreeEntry } from "../store/objects.ts";
import { Choice } from "./choice.ts";
import { same } from "./content.ts";
import type { Site } from "./site.ts";
import { equal, pairs } from "./merge.ts";
import { unlessDamaged } from "./sides.ts";

interface Known {
  now: Scan;
  /** The rules of the safety checkpoint, and those of the target. */
  ignoredBefore: IgnoredMatcher;
  ignoredByTarget: IgnoredMatcher;
  /** What was reported already. */
  reported: Difference[];
}

/** Where the folder, as scanned after the restore, is not what the journal's target holds. */
export function findDifferences(site: Site, known: Known): Difference[] {
  const { tree } = site.journal.target;
  if (known.now.root === tree) return [];
  const verifier = new Verifier(site, known);
  const now = known.now.tree.readTree(known.now.root);
  verifier.within(Buffer.alloc(0), now, site.store.readTree(tree));
  return verifier.found;
}

class Verifier {
  readonly found: Difference[] = [];
  readonly #site: Site;
  readonly #known: Known;
  readonly #choice: Choice;
  readonly #reported: Choice;

  constructor(site: Site, known: Known) {
    this.#site = site;
    this.#known = known;
    this.#choice = new Choice(site.journal.paths);
    this.#reported = new Choice(known.reported.map(pathOf));
  }

  within(folder: Buffer, now: TreeEntry[], wanted: TreeEntry[]): void {
    for (const pair of pairs(now, wanted)) {
      this.#one(joinPath(folder, pair.name), pair.before, pair.after);
    }
  }

  #one(path: Buffer, now: TreeEntry | null, wanted: TreeEntry | null): void {
    if (equal(now, wanted)) return;
    const relation = this.#choice.relation(path);
    if (relation === "outside" || this.#reported.names(path)) return;
    if (now === null && wanted !== null && this.#ignores(path, wanted)) {
      this.#checkIgnored(path, wanted);
      return;
    }
    const isFolder = now?.kind === "directory";
    if (isFolder && wanted?.kind === "directory") {
      if (now.mode !== wanted.mode && relation === "inside") this.#report(path, now);
      this.within(path, this.#known.now.tree.readTree(now.hash), this.#wanted(path, wanted));
    } else if (isFolder && wanted === null) this.#extraFolder(path, now);
    else if (relation === "inside") this.#report(path, now);
    else if (wanted?.kind === "directory") {
      this.within(path, [], this.#wanted(path, wanted));
    }
  }

  #wanted(path: Buffer, { hash }: TreeEntry): TreeEntry[] {
    const entries = unlessDamaged(() => this.#site.store.readTree(hash));
    if (entries !== null) return entries;
    const detail = "The store's copy of this folder is damaged, so it cannot be verified.";
    this.found.push({ ...wirePath(path), reason: "damaged", detail });
    return [];
  }

  #ignores(path: Buffer, wanted: TreeEntry): boolean {
    return this.#known.now.ignoredMatcher(path, wanted.kind === "directory");
  }

  /** What no scan shows may stand there as wanted all the same. */
  #checkIgnored(path: Buffer, wanted: TreeEntry): void {
    if (this.#choice.relation(path) === "outside") return;
    const seen = this.#site.look(path);
    if (wanted.kind === "directory" && seen?.kind === "directory") {
      for (const entry of this.#wanted(path, wanted)) {
        this.#checkIgnored(joinPath(path, entry.name), entry);
      }
    } else if (!same(seen, wanted)) this.#report(path, null);
  }

  /** A folder that only ignored content keeps alive is no difference. */
  #extraFolder(path: Buffer, now: TreeEntry): void {
    const entries = this.#known.now.tree.readTree(now.hash);
    this.within(path, entries, []);
    if (entries.length > 0 || this.#choice.relation(path) !== "inside") return;
    const { fs, folders } = this.#site;
    if (fs.readdir(folders.contents(path)).length === 0) this.#report(path, now);
  }

  #report(path: Buffer, now: TreeEntry | null): void {
    // Something at or below it was reported with its own reason.
    if (this.#reported.relation(path) !== "outside") return;
    this.found.push({ ...wirePath(path), ...this.#reasonOf(path, now) });
  }

  #reasonOf(path: Buffer, now: TreeEntry | null): Pick<Difference, "reason" | "detail"> {
    const isFolder = now?.kind === "directory";
    if (this.#known.now.isSkipped(path)) {
      return { reason: "skipped", detail: "It could not be read to verify it." };
    }
    if (now !== null && this.#known.ignoredBefore(path, isFolder)) {
      const detail = "The ignore rules named it until now, so it was left as it was.";
      return { reason: "blocked_by_ignored", detail };
    }
    if (now !== null && this.#known.ignoredByTarget(path, isFolder)) {
      const detail = "It was ignored when the checkpoint was taken, so it was left as it is.";
      return { reason: "blocked_by_ignored", detail };
    }
    return { reason: "changed_meanwhile", detail: "It was changed while the restore was at work." };
  }
}

/** The same for a copy in another folder, which no rules are about: each path is read again. */
export function findCopyDifferences(site: Site): Difference[] {
  return site.journal.steps.flatMap((step): Difference[] => {
    const { path } = step;
    const stands =
      step.do === "mkdir"
        ? site.modeOf(path) === step.mode
        : step.do !== "put" || same(site.look(path), step.after);
    if (stands) return [];
    const detail = "It was changed while the restore was at work.";
    return [{ ...wirePath(path), reason: "changed_meanwhile", detail }];
  });
}

function pathOf({ path, path_b64 }: Difference): Buffer {
  return path_b64 === undefined ? Buffer.from(path) : Buffer.from(path_b64, "base64");
}
