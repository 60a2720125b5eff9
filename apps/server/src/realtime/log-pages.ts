import type { EventLine, Store } from "../storage/store.ts";
import type { Selection } from "./selection.ts";

export type PageReads = Pick<Store, "eventLines" | "eventPaths" | "position">;

interface Query {
  session_id: string;
  /** Seq after which it begins, and the last that is looked at. */
  after: number;
  until: number;
  selection: Selection;
  /** Events that are looked at. */
  limit: number;
}

/** Some of what a selection takes, and the seq up to which that is all of it. */
interface Page {
  lines: EventLine[];
  to: number;
}

/** The log no longer has what was asked for. */
export class LogTrimmed extends Error {}

/** Reads the log for those whom no ring serves: one page at a time, and others in between. */
export class LogPages {
  readonly #store: PageReads;
  readonly #breathe: () => Promise<void>;
  #lane: Promise<unknown> = Promise.resolve();

  constructor(store: PageReads, breathe: () => Promise<void>) {
    this.#store = store;
    this.#breathe = breathe;
  }

  /** Rejects with `LogTrimmed` rather than leave a gap. */
  async read(query: Query): Promise<Page> {
    const page = this.#lane.then(async () => {
      await this.#breathe();
      return await this.#read(query);
    });
    this.#lane = page.catch(() => undefined);
    return await page;
  }

  async #read({ session_id, after, until, selection, limit }: Query): Promise<Page> {
    const types = [...selection.types];
    const found = await this.#store.eventLines({ session_id, after, until, types, limit });
    const last = found.at(-1);
    const to = found.length < limit || last === undefined ? until : last.seq;
    const paths =
      selection.byPath && last !== undefined
        ? await this.#store.eventPaths({ session_id, after, until: to })
        : null;
    // Looked at last: what was still there now was there when the page was read.
    const position = await this.#store.position(session_id);
    if (position !== null && position.oldest_seq > after + 1) {
      throw new LogTrimmed(`the log begins at ${position.oldest_seq}, not after ${after}`);
    }
    const lines = selection.filtered
      ? found.filter((line) => selection.matches(line, paths?.get(line.seq) ?? []))
      : found;
    return { lines, to };
  }
}
