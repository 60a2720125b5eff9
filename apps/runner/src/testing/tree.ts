import { createHash } from "node:crypto";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { isUtf8 } from "node:buffer";

/** What `writeTree` makes: text or bytes is a file of mode 0644. */
export type Planted =
  | string
  | Buffer
  | { file?: string | Buffer; link?: string | Buffer; mode?: number };

/** A folder: `{}` or with a mode. Its files may be named before or after it. */
export function folder(mode = 0o755): Planted {
  return { mode };
}

/**
 * Writes files, links and folders below a folder that exists. Paths are relative; those of names
 * that are not UTF-8 are buffers. Folders on the way are made; modes are set last.
 */
export function writeTree(
  root: string | Buffer,
  planted: Record<string, Planted> | [string | Buffer, Planted][],
): void {
  const list = Array.isArray(planted) ? planted : Object.entries(planted);
  const folders: [Buffer, number][] = [];
  for (const [path, node] of list) {
    const place = below(Buffer.from(root), Buffer.from(path));
    const item = typeof node === "string" || Buffer.isBuffer(node) ? { file: node } : node;
    if (item.link !== undefined) {
      mkdirSync(parentOf(place), { recursive: true });
      symlinkSync(item.link, place);
    } else if (item.file !== undefined) {
      mkdirSync(parentOf(place), { recursive: true });
      writeFileSync(place, item.file);
      chmodSync(place, item.mode ?? 0o644);
    } else {
      mkdirSync(place, { recursive: true });
      folders.push([place, item.mode ?? 0o755]);
    }
  }
  for (const [place, mode] of folders.toReversed()) chmodSync(place, mode);
}

/**
 * All that stands below a folder, one line an entry: path, kind, mode, and SHA-256 of the content
 * or target of the link. Two folders are byte-identical when their lists are equal. `.git` and
 * whatever else stands there is listed too unless `without` names it.
 */
export function listTree(
  root: string | Buffer,
  without: (path: string) => boolean = () => false,
): string[] {
  const lines: string[] = [];
  const walk = (place: Buffer, path: Buffer): void => {
    const shown = readable(path);
    if (path.length > 0 && without(shown)) return;
    const stat = lstatSync(place);
    const mode = (stat.mode & 0o7777).toString(8);
    if (stat.isSymbolicLink()) {
      lines.push(`${shown} link ${readable(readlinkSync(place, "buffer"))}`);
    } else if (stat.isFile()) {
      const hash = createHash("sha256").update(readFileSync(place)).digest("hex");
      lines.push(`${shown} file ${mode} ${hash}`);
    } else if (stat.isDirectory()) {
      lines.push(`${shown}/ ${mode}`);
      for (const name of readdirSync(place, "buffer").toSorted((a, b) => a.compare(b))) {
        walk(below(place, name), path.length === 0 ? name : below(path, name));
      }
    } else lines.push(`${shown} other ${mode}`);
  };
  walk(Buffer.from(root), Buffer.alloc(0));
  return lines;
}

/** Removes what stands at a path, folders without write permission too. */
export function removeTree(path: string | Buffer): void {
  const open = (place: Buffer): void => {
    if (lstatSync(place, { throwIfNoEntry: false })?.isDirectory() !== true) return;
    chmodSync(place, 0o700);
    for (const name of readdirSync(place, "buffer")) open(below(place, name));
  };
  open(Buffer.from(path));
  rmSync(path, { recursive: true, force: true });
}

/** A path as text: names that are no UTF-8 with those bytes as `\xff`. */
export function readable(path: Buffer): string {
  return path
    .toString("latin1")
    .split("/")
    .map((name) => {
      const bytes = Buffer.from(name, "latin1");
      if (isUtf8(bytes)) return bytes.toString();
      return name.replaceAll(/[\x80-\xff]/g, (char) => {
        return String.raw`\x${char.charCodeAt(0).toString(16)}`;
      });
    })
    .join("/");
}

function below(root: Buffer, path: Buffer): Buffer {
  return Buffer.concat([root, Buffer.from("/"), path]);
}

function parentOf(place: Buffer): Buffer {
  return place.subarray(0, place.lastIndexOf(0x2f));
}
