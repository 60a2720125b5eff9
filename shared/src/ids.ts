import * as z from "zod/mini";

/** A UUID in lower-case canonical form; upper case is accepted and folded. */
export const Id = z.uuid().check(z.toLowerCase());

/** RFC 3339 time in UTC with milliseconds, such as `2026-01-31T12:00:00.000Z`. */
export const Time = z.iso.datetime();

/** Hex SHA-256 of a stored object. */
export const Hash = z.string().check(z.regex(/^[0-9a-f]{64}$/));

/** A non-negative integer: a count, or a size in bytes. */
export const Count = z.int().check(z.nonnegative());

/** Where in its session's log an event stands: gapless, from 1; 0 is "before the first". */
export const Seq = Count;

/** Paging params of every list: at most 200 items, from the cursor that the previous page gave. */
export const page = {
  limit: z._default(z.int().check(z.minimum(1), z.maximum(200)), 50),
  cursor: z.optional(z.string().check(z.maxLength(4096))),
};

/** Result key of every paged list: absent on the last page. */
export const nextCursor = { next_cursor: z.optional(z.string()) };

/** Replaces half surrogate pairs, which no database or file keeps as they are. */
export const wellFormed = z.overwrite<string>((text) => text.toWellFormed());
