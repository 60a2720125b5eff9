import { ProtocolError } from "@cairn/shared/errors";
import type { Difference } from "@cairn/shared/files";
import { wirePath } from "../scan/paths.ts";
import type { ObjectStore, TreeEntry } from "../store/objects.ts";
import type { Content } from "./content.ts";
import type { Step } from "./journal.ts";

/** A present path that no scan captures and that was named: saved before it is replaced. */
export interface Named {
  path: Buffer;
  content: Content;
}

export interface Planned {
  steps: Step[];
  blocked: Difference[];
  /** Contents to be saved first, apart from the scan. */
  named: Named[];
  /** Everything that is changed although no scan captures it, whatever stands there now. */
  forced: Buffer[];
}

/** Steps of a plan as they are found; `planned` puts them into their order. */
export class Draft {
  /** Removals that a change between file and folder needs first. */
  readonly early: Step[] = [];
  readonly mkdirs: Step[] = [];
  readonly puts: Step[] = [];
  readonly late: Step[] = [];
  readonly chmods: Step[] = [];
  readonly named: Named[] = [];
  readonly forced: Buffer[] = [];
  readonly blocked: Difference[] = [];

  planned(): Planned {
    return {
      steps: [
        ...this.early,
        ...this.mkdirs,
        ...this.puts,
        ...this.late,
        // The deepest first: a folder that loses its permissions still hides nothing from us.
        ...this.chmods.toReversed(),
      ],
      blocked: this.blocked,
      named: this.named,
      forced: this.forced,
    };
  }

  block(path: Buffer, reason: Difference["reason"], detail: string): false {
    this.blocked.push({ ...wirePath(path), reason, detail });
    return false;
  }

  /** What `read` gives; null, and the path blocked, when the store's copy of it is damaged. */
  sound(path: Buffer, read: () => TreeEntry[]): TreeEntry[] | null {
    try {
      return read();
    } catch (error) {
      if (!isDamaged(error)) throw error;
      this.block(path, "damaged", "The store's copy of this folder is damaged, so it was left.");
      return null;
    }
  }
}

export function isDamaged(error: unknown): boolean {
  return error instanceof ProtocolError && error.code === "damaged";
}

/** Whether the store gives a content back whole: all of it is read, and its hash compared. */
export function isHeld(store: ObjectStore, hash: string, check?: () => void): boolean {
  try {
    for (const _piece of store.readBlob(hash)) check?.();
    return true;
  } catch (error) {
    if (isDamaged(error)) return false;
    throw error;
  }
}
