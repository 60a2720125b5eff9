import type { BigIntStats } from "node:fs";
import { lstatSync } from "node:fs";
import type { LeftOut } from "@cairn/shared/files";
import type { WorkHooks } from "../cancelling.ts";
import { codeOf } from "../fs.ts";
import type { ScanReport, ScanRequest } from "../runner.ts";
import type { Name } from "./entry-names.ts";
import { namesIn } from "./entry-names.ts";
import { readFolderPatterns } from "./folder-patterns.ts";
import { wirePath } from "./paths.ts";
import type { Layer, Standing } from "./rules.ts";
import { isForbidden, RuleSet } from "./rules.ts";
import { isSensitive } from "./sensitive.ts";
import { Skipped } from "./skipped.ts";
import { Attempts } from "./unreadable.ts";
import { unavailable } from "./workspace.ts";

const maxLeftOut = 1000;
const maxSensitive = 200;
/** Entries of left-out folders that are looked at to tell their size. */
const measuredEntries = 20_000;
const progressFiles = 512;

/** What a capture of the folder would hold and leave out. Reads no content. */
export function surveyWorkspace(request: ScanRequest, hooks: WorkHooks = {}): ScanReport {
  const survey = new Survey(request, hooks);
  survey.folder(request.workspace, "", undefined, "captured");
  return survey.report();
}

class Survey {
  readonly #request: ScanRequest;
  readonly #rules: RuleSet;
  readonly #hooks: WorkHooks;
  readonly #leftOut: LeftOut[] = [];
  readonly #sensitive: string[] = [];
  #files = 0;
  #bytes = 0;
  #largest = 0;
  #toMeasure = measuredEntries;

  constructor(request: ScanRequest, hooks: WorkHooks) {
    this.#request = request;
    this.#hooks = hooks;
    this.#rules = new RuleSet(request.rules);
  }

  folder(abs: string | Buffer, path: string, outer: Layer | undefined, standing: Standing): void {
    let names: Name[];
    try {
      names = namesIn(abs);
    } catch (error) {
      // A capture notes what it cannot read; only the folder itself must be there.
      if (path === "") throw unavailable(abs.toString(), codeOf(error), error);
      return;
    }
    const own =
      standing === "captured"
        ? readFolderPatterns(path, names, Date.now, new Attempts(new Skipped())).patterns
        : undefined;
    const layer = own === undefined ? outer : this.#rules.add(own, outer);
    for (const name of names) {
      if (!isForbidden(name.key)) {
        this.#entry(name, path === "" ? name.key : `${path}/${name.key}`, layer, standing);
      }
    }
  }

  report(): ScanReport {
    const { files, bytes, file_bytes } = this.#request.rules.limits;
    const over: ScanReport["over"] = [];
    if (this.#files > files) over.push("files");
    if (this.#bytes > bytes) over.push("bytes");
    if (this.#largest > file_bytes) over.push("file_bytes");
    return {
      files: this.#files,
      bytes: this.#bytes,
      left_out: this.#leftOut,
      sensitive: this.#sensitive,
      over,
    };
  }

  #entry(name: Name, path: string, layer: Layer | undefined, parent: Standing): void {
    this.#hooks.check?.();
    const stat = statOf(name);
    if (stat === undefined) return;
    const isDir = stat.isDirectory();
    const { standing, why } = this.#rules.judge(parent, layer, path, name.key, isDir);
    if (standing === "ignored") {
      if (why !== undefined) this.#leaveOut(name, path, why, stat);
      if (!isDir || !this.#rules.mayInclude(path)) return;
    }
    if (isDir) this.folder(name.path, path, layer, standing);
    else if (stat.isFile() || stat.isSymbolicLink()) this.#count(name, path, Number(stat.size));
  }

  #count(name: Name, path: string, size: number): void {
    this.#files += 1;
    this.#bytes += size;
    this.#largest = Math.max(this.#largest, size);
    if (this.#files % progressFiles === 0) {
      this.#hooks.onProgress?.({ phase: "scan", done: this.#files, total: null });
    }
    if (this.#sensitive.length < maxSensitive && isSensitive(name.key)) {
      this.#sensitive.push(Buffer.from(path, "latin1").toString());
    }
  }

  #leaveOut(name: Name, path: string, why: string, stat: BigIntStats): void {
    if (this.#leftOut.length >= maxLeftOut) return;
    const bytes = stat.isDirectory() ? this.#measure(name.path) : Number(stat.size);
    this.#leftOut.push({ ...wirePath(Buffer.from(path, "latin1")), why, bytes });
  }

  /** Bytes below a folder; null when that is more than can be counted in a moment. */
  #measure(folder: string | Buffer): number | null {
    let bytes = 0;
    try {
      for (const name of namesIn(folder)) {
        this.#hooks.check?.();
        this.#toMeasure -= 1;
        if (this.#toMeasure < 0) return null;
        const stat = statOf(name);
        const below = stat?.isDirectory() ? this.#measure(name.path) : Number(stat?.size ?? 0);
        if (below === null) return null;
        bytes += below;
      }
    } catch {
      return null;
    }
    return bytes;
  }
}

function statOf(name: Name): BigIntStats | undefined {
  try {
    return lstatSync(name.path, { bigint: true });
  } catch {
    return undefined;
  }
}
