import { ProtocolError } from "@cairn/shared/errors";
import * as z from "zod/mini";
import type { Page } from "../store.ts";

/** Says where a page ended, as text that callers hand back and do not read. */
function encode(list: string, position: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify([list, ...position])).toString("base64url");
}

/** A keyset: the name of a list and the shape of a place in it. */
export class Keyset<
  P extends [z.ZodMiniType<string | number>, ...z.ZodMiniType<string | number>[]],
> {
  readonly #list: string;
  readonly #schema;

  constructor(list: string, position: P) {
    this.#list = list;
    this.#schema = z.tuple([z.literal(list), ...position]);
  }

  /** Where a cursor points to; null without one. A cursor of something else is refused. */
  read(cursor: string | undefined): { [K in keyof P]: z.output<P[K]> } | null {
    if (cursor === undefined) return null;
    try {
      const parsed: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString());
      const [, ...position] = z.parse(this.#schema, parsed);
      return position as { [K in keyof P]: z.output<P[K]> };
    } catch (cause) {
      throw new ProtocolError(
        "invalid_params",
        "This cursor is not one that this list gave. Ask for its first page again, without a cursor.",
        { cause },
      );
    }
  }

  /** The cursor after `limit` of these rows, when there are more. */
  next<R>(
    rows: readonly R[],
    limit: number,
    positionOf: (row: R) => { [K in keyof P]: z.output<P[K]> },
  ): { next_cursor?: string } {
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    return last === undefined ? {} : { next_cursor: encode(this.#list, positionOf(last)) };
  }

  /** A page of `limit` rows out of one more. */
  page<R, T>(
    rows: readonly R[],
    limit: number,
    positionOf: (row: R) => { [K in keyof P]: z.output<P[K]> },
    map: (row: R) => T,
  ): Page<T> {
    return { rows: rows.slice(0, limit).map(map), ...this.next(rows, limit, positionOf) };
  }
}
