import { ProtocolError } from "@cairn/shared/errors";
import type { Result } from "@cairn/shared/methods";

export type Problem = Result<"validate">["problems"][number];

/** Lists that are kept for their next pages. */
const kept = 8;
/** Problems that a list keeps; how many checkpoints are broken is counted beyond it. */
const listed = 10_000;

interface Finding<T> {
  facts: T;
  problems: Problem[];
}

/**
 * What checks of the store have found, so that the second page of a list does not check it all
 * again. In memory: after a restart a list has to be begun anew.
 */
export class Findings<T extends object> {
  readonly #found = new Map<string, Finding<T>>();
  readonly #newId: () => string;

  constructor(newId: () => string) {
    this.#newId = newId;
  }

  /** The first page of what was found, or the next of what was found before. */
  async page(
    { cursor, limit }: { cursor?: string | undefined; limit: number },
    find: () => Promise<Finding<T>>,
  ): Promise<T & { problems: Problem[]; next_cursor?: string }> {
    const [id, at] = cursor === undefined ? [this.#newId(), 0] : this.#placeOf(cursor);
    let finding = this.#found.get(id);
    if (finding === undefined) {
      if (cursor !== undefined) {
        throw new ProtocolError(
          "invalid_params",
          "This list is no longer kept. Ask for its first page again.",
        );
      }
      const { facts, problems } = await find();
      finding = { facts, problems: problems.slice(0, listed) };
      this.#keep(id, finding);
    }
    const end = at + limit;
    const more = end < finding.problems.length;
    if (!more) this.#found.delete(id);
    return {
      ...finding.facts,
      problems: finding.problems.slice(at, end),
      ...(more ? { next_cursor: `${id}.${end}` } : {}),
    };
  }

  #placeOf(cursor: string): [string, number] {
    const [, id, at] = /^([\w-]{1,64})\.(\d{1,9})$/.exec(cursor) ?? [];
    if (id === undefined) throw new ProtocolError("invalid_params", "cursor is malformed");
    return [id, Number(at)];
  }

  #keep(id: string, finding: Finding<T>): void {
    this.#found.set(id, finding);
    for (const oldest of this.#found.keys()) {
      if (this.#found.size <= kept) break;
      this.#found.delete(oldest);
    }
  }
}
