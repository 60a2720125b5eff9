import { Worker } from "node:worker_threads";
import type { News, Remembered, Round } from "./ahead-look.ts";
import { lookAtParts, partFiles, standing } from "./ahead-look.ts";
import { placeOf } from "./places.ts";
import type { Folder, Looked } from "./remembered.ts";
import { realScanFs } from "./scan-fs.ts";

/**
 * Looks with a second thread whether what was remembered of a large workspace stands, ahead of the
 * walk. The threads share the parts among them; neither ever waits for the other, so that one that
 * is slow or has ended costs nothing but time.
 */
export class Ahead {
  readonly #workspace: string;
  readonly #worker: Worker;
  #root: Folder | undefined;
  #numbers = new Map<Folder, number>();
  #folders: (Remembered | undefined)[] = [];
  #parts = new Int32Array();
  /** Where the parts of a folder begin. */
  #partsAt = new Map<Folder, number>();

  constructor(workspace: string) {
    this.#workspace = workspace;
    this.#worker = new Worker(new URL("ahead-thread.ts", import.meta.url), { execArgv: [] });
    this.#worker.unref();
    // Then this thread does all the work.
    this.#worker.on("error", () => undefined);
  }

  /** Call with what a scan found, once nobody waits for it: the other thread is told. */
  remember(root: Folder): void {
    if (root === this.#root) return;
    this.#root = root;
    const numbers = new Map<Folder, number>();
    const fresh: [Folder, string | Buffer][] = [];
    const order: Folder[] = [];
    const visit = (folder: Folder, place: string | Buffer): void => {
      if (folder.trusted) {
        const number = this.#numbers.get(folder);
        if (number === undefined) fresh.push([folder, place]);
        else numbers.set(folder, number);
        order.push(folder);
      }
      for (const inner of folder.folders) visit(inner, placeOf(place, inner.name));
    };
    visit(root, this.#workspace);
    const gone = [...this.#numbers].flatMap(([folder, number]) =>
      numbers.has(folder) ? [] : [number],
    );
    this.#tell(numbers, fresh, gone);
    this.#numbers = numbers;
    const parts: number[] = [];
    this.#partsAt = new Map();
    for (const folder of order) {
      this.#partsAt.set(folder, parts.length / 2);
      for (let i = 0; i < partCount(folder); i += 1) {
        parts.push(numbers.get(folder) ?? 0, i * partFiles);
      }
    }
    this.#parts = Int32Array.from(parts);
  }

  look(check?: () => void): Looked {
    const round: Round = {
      parts: new Int32Array(new SharedArrayBuffer(this.#parts.byteLength)),
      results: new Uint8Array(new SharedArrayBuffer(this.#parts.length / 2)),
      next: new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)),
    };
    round.parts.set(this.#parts);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- this is no window
    this.#worker.postMessage(round);
    lookAtParts(realScanFs, round, (number) => this.#folders[number], check);
    const partsAt = this.#partsAt;
    // What the other thread has not come to the end of does not count: the walk looks itself.
    const partStands = (folder: Folder, from: number): boolean => {
      const at = partsAt.get(folder);
      return at !== undefined && Atomics.load(round.results, at + from / partFiles) === standing;
    };
    const stands = (folder: Folder): boolean => {
      for (let i = 0; i < partCount(folder); i += 1) {
        if (!partStands(folder, i * partFiles)) return false;
      }
      return true;
    };
    return { stands, partStands };
  }

  close(): void {
    void this.#worker.terminate();
  }

  #tell(numbers: Map<Folder, number>, fresh: [Folder, string | Buffer][], gone: number[]): void {
    const free = gone.slice();
    const known: News["known"] = [];
    for (const number of gone) this.#folders[number] = undefined;
    for (const [folder, place] of fresh) {
      const number = free.pop() ?? this.#folders.length;
      const { stat, sources, files } = folder;
      const { names, areAscii, stamps } = files;
      const remembered = { place, stat, sources, names, areAscii, stamps };
      this.#folders[number] = remembered;
      numbers.set(folder, number);
      known.push([number, remembered]);
    }
    const news: News = { known, gone };
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- this is no window
    this.#worker.postMessage(news);
  }
}

function partCount({ files }: Folder): number {
  return Math.max(1, Math.ceil(files.length / partFiles));
}
