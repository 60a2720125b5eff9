import type { SkippedPath } from "@cairn/shared/files";
import { ProtocolError } from "@cairn/shared/errors";
import { wirePath } from "./paths.ts";

/** Paths that should be captured and were not, or not surely as they were. Byte strings. */
export class Skipped {
  readonly #reasons = new Map<string, string>();

  add(path: string, reason: string): void {
    this.#reasons.set(path, reason);
  }

  reason(path: string): string | undefined {
    return this.#reasons.get(path);
  }

  /** Whether the path or a folder above it was skipped. */
  covers(path: Buffer): boolean {
    if (this.#reasons.size === 0) return false;
    let at = path.toString("latin1");
    for (;;) {
      if (this.#reasons.has(at)) return true;
      if (at === "") return false;
      at = at.slice(0, Math.max(at.lastIndexOf("/"), 0));
    }
  }

  list(): SkippedPath[] {
    return [...this.#reasons]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([path, reason]) => ({ ...wirePath(Buffer.from(path, "latin1")), reason }));
  }
}

export function encodeSkipped(paths: SkippedPath[]): Buffer {
  return Buffer.from(JSON.stringify({ version: 1, paths }));
}

export function decodeSkipped(data: Buffer): SkippedPath[] {
  const stored = JSON.parse(data.toString()) as { version: number; paths: SkippedPath[] };
  if (stored.version !== 1) {
    throw new ProtocolError("internal", "The list of skipped paths was written by a newer Cairn.");
  }
  return stored.paths;
}
