import { hash } from "node:crypto";
import type { Settings } from "@cairn/shared/session";
import type { Verdict } from "./patterns.ts";
import { Patterns } from "./patterns.ts";

/**
 * What is left out without anyone asking: what a tool makes again by itself. Not `bin`, `build`
 * or `dist`, which by name alone may be somebody's work.
 */
export const builtInPatterns = [
  "node_modules",
  ".venv/",
  "__pycache__/",
  ".pytest_cache/",
  ".mypy_cache/",
  ".ruff_cache/",
  ".tox/",
  ".nox/",
  ".gradle/",
  ".parcel-cache/",
  ".turbo/",
  ".cache/",
  ".DS_Store",
];

/** Patterns that stand in one folder. Strings hold one byte a character. */
export interface FolderPatterns {
  /** Relative path, "" for the root. */
  folder: string;
  gitignore?: string[];
  cairnignore?: string[];
  /** A `Cargo.toml` stands here: `target` beside it is what cargo builds. */
  cargo?: boolean;
}

/** The effective rules as they are stored with a checkpoint. */
export interface StoredRules {
  version: 1;
  built_in: string[];
  ignore: string[];
  include: string[];
  folders: FolderPatterns[];
}

/** How a path stands: `included` was forced in by the settings, and all below it with it. */
export type Standing = "captured" | "included" | "ignored";

/** The patterns that apply inside a folder, innermost first. */
export class Layer {
  readonly parent: Layer | undefined;
  readonly patterns: FolderPatterns;
  /** Equal for layers under which every path is judged alike. */
  readonly key: string;
  // Compiled when a path is first judged by them: most folders of most scans are not judged anew.
  readonly #compiled = new Map<"gitignore" | "cairnignore", Patterns | undefined>();

  constructor(parent: Layer | undefined, patterns: FolderPatterns, outerKey: string) {
    this.parent = parent;
    this.patterns = patterns;
    this.key = digest(outerKey, patterns);
  }

  of(file: "gitignore" | "cairnignore"): Patterns | undefined {
    const lines = this.patterns[file];
    if (lines === undefined) return undefined;
    let compiled = this.#compiled.get(file);
    if (compiled === undefined) {
      compiled = new Patterns(lines);
      this.#compiled.set(file, compiled);
    }
    return compiled;
  }
}

/**
 * Whether a name is never captured nor touched, whatever the rules say. In whatever case: on disks
 * that fold names `.GIT` is git's own, and git keeps no such name anywhere.
 */
export function isForbidden(name: string): boolean {
  if (!name.startsWith(".")) return false;
  const folded = name.toLowerCase();
  return folded === ".git" || folded.startsWith(".cairn-");
}

/** The rules of one workspace. Later sources win: built-in, .gitignore, .cairnignore, settings. */
export class RuleSet {
  readonly #builtIn: string[];
  readonly #ignore: string[];
  readonly #include: string[];
  readonly #builtInPatterns: Patterns;
  readonly #ignorePatterns: Patterns;
  readonly #includePatterns: Patterns | undefined;
  readonly #folders: FolderPatterns[] = [];
  readonly #layers = new Map<string, Layer>();
  readonly #key: string;

  constructor(settings: Pick<Settings, "ignore" | "include">, builtIn = builtInPatterns) {
    this.#builtIn = builtIn;
    this.#ignore = settings.ignore.map(byteString);
    this.#include = settings.include.map(byteString);
    this.#builtInPatterns = new Patterns(this.#builtIn);
    this.#ignorePatterns = new Patterns(this.#ignore);
    this.#includePatterns = this.#include.length === 0 ? undefined : new Patterns(this.#include);
    this.#key = digest(this.#builtIn, this.#ignore, this.#include);
  }

  static restore(stored: StoredRules): RuleSet {
    const { ignore, include } = stored;
    const rules = new RuleSet(
      { ignore: ignore.map(fromByteString), include: include.map(fromByteString) },
      stored.built_in,
    );
    for (const folder of stored.folders) rules.add(folder, rules.layerOf(folder.folder));
    return rules;
  }

  /** Adds a folder's own patterns; folders come before what is below them. */
  add(patterns: FolderPatterns, parent: Layer | undefined): Layer {
    const layer = new Layer(parent, patterns, parent?.key ?? this.#key);
    this.#folders.push(patterns);
    this.#layers.set(patterns.folder, layer);
    return layer;
  }

  /** The innermost patterns that apply to what stands in the folder. */
  layerOf(folder: string): Layer | undefined {
    let at = folder;
    for (;;) {
      const layer = this.#layers.get(at);
      if (layer !== undefined || at === "") return layer;
      at = at.slice(0, Math.max(at.lastIndexOf("/"), 0));
    }
  }

  /** How a path stands in a folder that stands as `parent`, and the rule that names it. */
  judge(
    parent: Standing,
    layer: Layer | undefined,
    path: string,
    name: string,
    isDir: boolean,
  ): { standing: Standing; why?: string } {
    if (parent === "included") return { standing: "included" };
    if (this.#includePatterns?.test(path, name, isDir)?.ignored) return { standing: "included" };
    if (parent === "ignored") return { standing: "ignored" };
    const why = this.#ignoredBy(layer, path, name, isDir);
    return why === undefined ? { standing: "captured" } : { standing: "ignored", why };
  }

  /** Equal keys judge what stands in a folder alike. */
  key(standing: Standing, layer: Layer | undefined): string {
    const key = layer?.key ?? this.#key;
    return standing === "captured" ? key : `${standing} ${key}`;
  }

  /** Whether the settings force in something below an ignored folder. */
  mayInclude(folder: string): boolean {
    return this.#includePatterns?.mayMatchBelow(folder) ?? false;
  }

  /** Whether the path, or a folder above it, is left out. */
  leavesOut(path: string, isDir: boolean): boolean {
    const names = path.split("/");
    let standing: Standing = "captured";
    let folder = "";
    let layer = this.#layers.get("");
    for (const [i, name] of names.entries()) {
      if (isForbidden(name)) return true;
      const at = folder === "" ? name : `${folder}/${name}`;
      const dir = isDir || i < names.length - 1;
      ({ standing } = this.judge(standing, layer, at, name, dir));
      if (standing === "ignored" && !(dir && this.mayInclude(at))) return true;
      folder = at;
      layer = this.#layers.get(at) ?? layer;
    }
    return false;
  }

  stored(): StoredRules {
    return {
      version: 1,
      built_in: this.#builtIn,
      ignore: this.#ignore,
      include: this.#include,
      folders: this.#folders,
    };
  }

  #ignoredBy(
    layer: Layer | undefined,
    path: string,
    name: string,
    isDir: boolean,
  ): string | undefined {
    const own = this.#ignorePatterns.test(path, name, isDir);
    if (own !== null) return reason(own, "settings");
    for (const file of ["cairnignore", "gitignore"] as const) {
      for (let at = layer; at !== undefined; at = at.parent) {
        const below = at.patterns.folder === "" ? 0 : at.patterns.folder.length + 1;
        const verdict = at.of(file)?.test(path.slice(below), name, isDir);
        if (verdict) return reason(verdict, `${path.slice(0, below)}.${file}`);
      }
    }
    const builtIn = this.#builtInPatterns.test(path, name, isDir);
    if (builtIn !== null) return builtIn.ignored ? `${name} (built-in)` : undefined;
    if (isDir && name === "target" && this.#besideCargo(layer, path)) return "target (built-in)";
    return undefined;
  }

  #besideCargo(layer: Layer | undefined, path: string): boolean {
    const folder = path.slice(0, Math.max(path.lastIndexOf("/"), 0));
    return layer?.patterns.cargo === true && layer.patterns.folder === folder;
  }
}

function digest(...what: unknown[]): string {
  return hash("sha256", JSON.stringify(what)).slice(0, 32);
}

function reason(verdict: Verdict, source: string): string | undefined {
  return verdict.ignored ? fromByteString(`${source}: ${verdict.pattern}`) : undefined;
}

/** Text as the bytes of its UTF-8, one a character. */
export function byteString(text: string): string {
  // oxlint-disable-next-line no-control-regex -- the range is what ASCII is
  return /^[\x00-\x7f]*$/.test(text) ? text : Buffer.from(text).toString("latin1");
}

/** The readable form of a byte string. */
export function fromByteString(bytes: string): string {
  // oxlint-disable-next-line no-control-regex -- the range is what ASCII is
  return /^[\x00-\x7f]*$/.test(bytes) ? bytes : Buffer.from(bytes, "latin1").toString();
}
