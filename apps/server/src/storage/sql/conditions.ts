import { sql } from "kysely";
import type { Expression, RawBuilder, SqlBool } from "kysely";
import { fold } from "./fold.ts";

/** Whether a folded column contains `text`. */
export function contains(column: Expression<string>, text: string): RawBuilder<SqlBool> {
  const pattern = `%${fold(text).replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
  return sql`${column} like ${pattern} escape '\\'`;
}

/** The only SQL that is SQLite's alone: a list of any length, which variables have no room for. */
export function numbersIn(numbers: readonly number[]): RawBuilder<number> {
  return sql`(select value from json_each(${JSON.stringify(numbers)}))`;
}

/** Strings below `prefix` in the order of bytes: `>= prefix` and `< endOfPrefix`. */
export function endOfPrefix(prefix: string): string {
  return `${prefix}\u{10ffff}`;
}
