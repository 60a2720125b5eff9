import { ProtocolError } from "@cairn/shared/errors";
import type { Limits } from "@cairn/shared/session";
import type { FileTable } from "./file-table.ts";
import { pathOf } from "./places.ts";
import { fromByteString } from "./rules.ts";
import { isLink } from "./scan-fs.ts";

/** Counts what a scan found and ends it when that is over the session's limits. */
export class Bounds {
  readonly #limits: Limits;
  files = 0;
  bytes = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  checkFile(path: string, size: number): void {
    if (size <= this.#limits.file_bytes) return;
    throw over(
      "file_bytes",
      `${fromByteString(path)} holds ${size.toLocaleString("en")} bytes, and this session's limit for a file is ${this.#limits.file_bytes.toLocaleString("en")}.`,
    );
  }

  add(path: string, size: number): void {
    this.#count(path, 1, size);
  }

  /** All files of a folder at once. */
  addAll(folder: string, files: FileTable): void {
    if (files.largest > this.#limits.file_bytes) {
      for (let i = 0; i < files.length; i += 1) {
        if (isLink({ mode: files.modeAt(i) })) continue;
        this.checkFile(pathOf(folder, files.names[i] ?? ""), files.sizeAt(i));
      }
    }
    this.#count(folder, files.length, files.bytes);
  }

  #count(path: string, files: number, bytes: number): void {
    this.files += files;
    this.bytes += bytes;
    if (this.files > this.#limits.files) {
      throw over(
        "files",
        `The folder holds more than ${this.#limits.files.toLocaleString("en")} files, which is this session's limit; the scan stopped at ${fromByteString(path)}.`,
      );
    }
    if (this.bytes > this.#limits.bytes) {
      throw over(
        "bytes",
        `The folder holds more than ${this.#limits.bytes.toLocaleString("en")} bytes, which is this session's limit; the scan stopped at ${fromByteString(path)}.`,
      );
    }
  }
}

function over(limit: string, sentence: string): ProtocolError {
  return new ProtocolError(
    "limit_reached",
    `${sentence} Leave out what need not be kept by the session's ignore list, or raise the limit.`,
    { details: { limit } },
  );
}
