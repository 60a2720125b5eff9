// The folder that is captured: sources of the packages that this project has installed, as they are.
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, extname, join, relative } from "node:path";

const packages = join(import.meta.dirname, "../../../node_modules");
const sources = new Set([".ts", ".mts", ".cts", ".js", ".mjs", ".cjs", ".json", ".md"]);
const binaries = new Set([".woff2", ".wasm", ".ttf", ".png"]);
/** Larger ones are bundles, not sources. */
const maxSource = 512 * 1024;
/** So that one package of thousands of icons is not all of it. */
const maxShare = 1 / 8;
const hotFiles = 100;

interface Found {
  path: string;
  size: number;
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Installed packages, in an order that is mixed and always the same. */
function packageFolders(): string[] {
  const plain = readdirSync(packages, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && !entry.name.startsWith("."),
  );
  const names = plain.flatMap(({ name }) =>
    name.startsWith("@")
      ? readdirSync(join(packages, name), { withFileTypes: true })
          .filter((entry) => entry.isDirectory())
          .map((entry) => join(name, entry.name))
      : [name],
  );
  return names.toSorted((a, b) => (hash(a) < hash(b) ? -1 : 1));
}

/** Files below a package, without the packages that are nested in it. */
function filesOf(folder: string): Found[] {
  return readdirSync(folder, { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return entry.name === "node_modules" ? [] : filesOf(path);
      return entry.isFile() ? [{ path, size: statSync(path).size }] : [];
    });
}

/** What there is to copy: package by package, sources and binaries. */
class Library {
  readonly #sources: Found[][] = [];
  readonly binaries: Found[] = [];

  constructor() {
    for (const name of packageFolders()) {
      const files = filesOf(join(packages, name));
      const fit = ({ path, size }: Found): boolean =>
        sources.has(extname(path)) && size <= maxSource;
      this.#sources.push(files.filter(fit));
      this.binaries.push(...files.filter(({ path }) => binaries.has(extname(path))));
    }
  }

  choose(count: number): Found[] {
    const most = Math.ceil(count * maxShare);
    return this.#sources.flatMap((files) => files.slice(0, most)).slice(0, count);
  }
}

export class Tree {
  readonly folder: string;
  /** Files and links that a capture should find. */
  files = 0;
  bytes = 0;
  readonly #hot: string[] = [];

  /** Plants about `count` files; what is ignored comes on top. */
  constructor(folder: string, count: number) {
    this.folder = folder;
    const library = new Library();
    this.#plantOddities(library, Math.ceil(count / 100));
    this.#plantSources(library, count - this.files);
    this.#plantIgnored(library, Math.ceil(count / 5));
  }

  /** Edits ten of a hundred files, by a line each; the same round makes the same bytes. */
  edit(round: number): string[] {
    return Array.from({ length: 10 }, (_, i) => {
      const path = this.#hot[(round * 10 + i) % this.#hot.length] ?? "";
      const lines = readFileSync(path, "utf8").split("\n");
      lines[(round * 31 + i) % lines.length] = `// edited in round ${round}, file ${i}`;
      writeFileSync(path, lines.join("\n"));
      return path;
    });
  }

  /** What stands in the files that are edited. */
  contents(): Map<string, Buffer> {
    return new Map(this.#hot.map((path) => [path, readFileSync(path)]));
  }

  #copy({ path, size }: Found, to: string, mark = ""): void {
    mkdirSync(dirname(to), { recursive: true });
    if (mark === "") copyFileSync(path, to);
    else writeFileSync(to, Buffer.concat([readFileSync(path), Buffer.from(mark)]));
    this.files += 1;
    this.bytes += size + mark.length;
  }

  /** Where there are too few sources they come again, told apart by a line at the end. */
  #plantSources(library: Library, count: number): void {
    const chosen = library.choose(count);
    for (let i = 0; i < count; i += 1) {
      const copy = Math.floor(i / chosen.length);
      const source = chosen[i % chosen.length];
      if (source === undefined) throw new Error("no packages are installed");
      const to = join(this.folder, `packages-${copy}`, relative(packages, source.path));
      this.#copy(source, to, copy === 0 ? "" : `\n// copy ${copy}\n`);
      const wanted = Math.floor((this.#hot.length / hotFiles) * count);
      if (i >= wanted && source.size > 500 && source.size < 65_536) this.#hot.push(to);
    }
  }

  #plantOddities({ binaries }: Library, each: number): void {
    const at = (...names: string[]): string => join(this.folder, ...names);
    for (let i = 0; i < each; i += 1) {
      const source = binaries[i % binaries.length];
      if (source === undefined || i >= binaries.length) break;
      this.#copy(source, at("assets", `${i}${extname(source.path)}`));
    }
    mkdirSync(at("links"), { recursive: true });
    mkdirSync(at("Größe 日本 🙂"), { recursive: true });
    for (let i = 0; i < each; i += 1) {
      symlinkSync(`../assets/${i}`, at("links", `to ${i}`));
      const named = at("Größe 日本 🙂", `naïve-${i}-ファイル.txt`);
      writeFileSync(named, `${i}\n`);
      if (i % 2 === 0) chmodSync(named, 0o755);
      this.files += 2;
    }
    writeFileSync(at(".gitignore"), "node_modules\n");
    this.files += 1;
  }

  #plantIgnored(library: Library, count: number): void {
    const { files, bytes } = this;
    for (const source of library.choose(count)) {
      this.#copy(source, join(this.folder, "node_modules", relative(packages, source.path)));
    }
    this.files = files;
    this.bytes = bytes;
  }
}
