import { readFileSync, readdirSync } from "node:fs";
import type { DiffFile } from "@cairn/shared/files";
import type { DiffOptions } from "../diff/diff.ts";
import { diff } from "../diff/diff.ts";
import { storedSide } from "../diff/sides.ts";
import type { DiffResult, Snapshot } from "../runner.ts";
import { RestoreSite } from "./restore-site.ts";
import type { Planted } from "./tree.ts";

/** A workspace whose states are captured and compared. */
export class DiffSite extends RestoreSite {
  /** The folder as it is, with more files in it. */
  plant(planted: Record<string, Planted> | [string | Buffer, Planted][]): Snapshot {
    this.write(planted);
    return this.capture();
  }

  /** The folder emptied, filled anew and captured. */
  state(planted: Record<string, Planted>): Snapshot {
    this.remove(...readdirSync(this.workspace));
    return this.plant(planted);
  }

  text(path: string): string {
    return readFileSync(this.path(path), "utf8");
  }

  between(from: Snapshot | null, to: Snapshot, more: Partial<DiffOptions> = {}): DiffResult {
    return diff({
      from: storedSide(this.store, from?.tree ?? null),
      to: storedSide(this.store, to.tree),
      limit: 200,
      ...more,
    });
  }

  /** All pages, each of at most `limit` files. */
  pages(from: Snapshot | null, to: Snapshot, more: Partial<DiffOptions>): DiffFile[] {
    const files: DiffFile[] = [];
    let cursor: string | undefined;
    do {
      const page = this.between(from, to, { ...more, ...(cursor !== undefined && { cursor }) });
      if (page.files.length > (more.limit ?? 200)) throw new Error("a page is too long");
      files.push(...page.files);
      cursor = page.next_cursor;
    } while (cursor !== undefined);
    return files;
  }
}

export type Brief = [path: string, kind: string, ...lines: (number | string | null)[]];

export function brief({ path, kind, added, removed, binary }: DiffFile): Brief {
  return binary ? [path, kind, "binary"] : [path, kind, added, removed];
}
