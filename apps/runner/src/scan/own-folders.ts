import { statSync } from "node:fs";
import type { Stat } from "./scan-fs.ts";

type Identity = Pick<Stat, "dev" | "ino">;

/**
 * Cairn's own folders, known by what they are: a mount may show them inside a workspace under
 * another path, as where a container has a project and a data folder of it as two volumes.
 */
export class OwnFolders {
  readonly #known: Identity[];

  constructor(paths: string[]) {
    this.#known = paths.map((path) => statSync(path));
  }

  has({ dev, ino }: Identity): boolean {
    return this.#known.some((own) => own.ino === ino && own.dev === dev);
  }
}
