import { decodeTree, treeEntryEnd } from "../store/encoding.ts";
import type { TreeEntry } from "../store/objects.ts";
import { sameEnd, sameStart } from "./same-ends.ts";

/**
 * Of two encoded folders the entries between those that both begin and end with: in a folder of a
 * thousand files of which one was edited the others are not decoded.
 */
export function differingEntries(a: Buffer, b: Buffer): [TreeEntry[], TreeEntry[]] {
  const start = entriesEnd(a, 0, sameStart(a, b));
  const tail = sameEnd(a, b, Math.min(a.length, b.length) - start);
  const [endA, endB] = tailStarts(a, b, start, tail);
  return [decodeTree(a.subarray(start, endA)), decodeTree(b.subarray(start, endB))];
}

/** End of the last entry that ends at `most` or before. */
function entriesEnd(tree: Buffer, start: number, most: number): number {
  let at = start;
  while (at < most) {
    const end = treeEntryEnd(tree, at);
    if (end > most) break;
    at = end;
  }
  return at;
}

/** Where the entries begin that both end with; bytes that are the same may begin within one. */
function tailStarts(a: Buffer, b: Buffer, start: number, tail: number): [number, number] {
  let atA = start;
  let atB = start;
  while (atA < a.length - tail) atA = treeEntryEnd(a, atA);
  while (b.length - atB > a.length - atA) atB = treeEntryEnd(b, atB);
  return b.length - atB === a.length - atA ? [atA, atB] : [a.length, b.length];
}
