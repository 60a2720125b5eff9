import { isUtf8 } from "node:buffer";
import { hash } from "node:crypto";
import { byteString } from "./rules.ts";
import type { ScanFs } from "./scan-fs.ts";
import { realScanFs } from "./scan-fs.ts";

/** A name found in a folder. */
export interface Name {
  bytes: Buffer;
  /** One byte a character: order and equality are those of the bytes. */
  key: string;
  /** Absolute path; bytes where it is not UTF-8. Strings are what Node is quick with. */
  path: string | Buffer;
}

/** The names in a folder, in the order of their bytes. */
export function namesIn(folder: string | Buffer, fs: ScanFs = realScanFs): Name[] {
  const names = textNames(folder, fs) ?? byteNames(folder, fs);
  return names.toSorted((a, b) => (a.key < b.key ? -1 : 1));
}

/** Equal where a folder holds the same names. */
export function listingOf(names: Name[]): string {
  return hash("sha256", names.map(({ key }) => key).join("/")).slice(0, 16);
}

/** Undefined when a name may be no UTF-8: its bytes would be lost. */
function textNames(folder: string | Buffer, fs: ScanFs): Name[] | undefined {
  if (typeof folder !== "string") return undefined;
  const names: Name[] = [];
  for (const text of fs.readdir(folder)) {
    if (text.includes("\uFFFD")) return undefined;
    names.push({ bytes: Buffer.from(text), key: byteString(text), path: `${folder}/${text}` });
  }
  return names;
}

function byteNames(folder: string | Buffer, fs: ScanFs): Name[] {
  return fs.readdirBytes(folder).map((bytes) => ({
    bytes,
    key: bytes.toString("latin1"),
    path:
      typeof folder === "string" && isUtf8(bytes)
        ? `${folder}/${bytes.toString()}`
        : Buffer.concat([Buffer.from(folder), Buffer.from("/"), bytes]),
  }));
}
