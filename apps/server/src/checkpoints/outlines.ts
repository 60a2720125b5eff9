import type { Outline, Reads } from "../storage/store.ts";
import { breathe } from "./breathe.ts";

/** Rows a page: a ms or two of the thread. */
const atOnce = 200;

/** Every checkpoint of those sessions, tombstones too: oldest first, page by page. */
export async function* outlinePages(
  reads: Pick<Reads, "outlines">,
  of: Parameters<Reads["outlines"]>[0]["of"],
): AsyncGenerator<Outline[], void> {
  let after = 0;
  for (;;) {
    const rows = await reads.outlines({ of, after, limit: atOnce });
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    if (rows.length < atOnce) return;
    after = last.sequence_number;
    await breathe();
  }
}
