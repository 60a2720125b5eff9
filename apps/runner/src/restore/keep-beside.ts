import type { Difference } from "@cairn/shared/files";
import { codeOf } from "../fs.ts";
import { joinPath, wirePath } from "../scan/paths.ts";
import { nameOf, parentOf } from "./folders.ts";
import type { Site } from "./site.ts";

/** Bytes that a name may have on common disks, and on those that encrypt names. */
const longestName = 255;
const longestEncrypted = 140;

/**
 * Gives work that stands under a staged name, and that no checkpoint holds, a name that a person
 * sees: beside its place, which other work has taken. Gives what to report. May be repeated.
 */
export function keepBeside(site: Site, path: Buffer, aside: Buffer): Difference[] {
  try {
    return keep(site, path, aside, longestName);
  } catch (error) {
    if (codeOf(error) !== "ENAMETOOLONG") throw error;
    return keep(site, path, aside, longestEncrypted);
  }
}

function keep(site: Site, path: Buffer, aside: Buffer, longest: number): Difference[] {
  for (let n = 1; ; n += 1) {
    const kept = joinPath(parentOf(aside), keptName(nameOf(path), n, longest));
    // A crash may have left it under both names.
    const isKept = site.moveToFree(aside, kept) || site.isSameFile(aside, kept);
    if (!isKept) continue;
    site.drop(aside);
    const reason = "changed_meanwhile";
    return [
      {
        ...wirePath(path),
        reason,
        detail: `It was written while the restore was at work; what it held before that is in ${kept.toString()}.`,
      },
      {
        ...wirePath(kept),
        reason,
        detail: `${path.toString()} held this while the restore was at work. No checkpoint holds it, so it was kept here.`,
      },
    ];
  }
}

/** `notes.txt` is kept as `notes.kept-by-cairn.txt`, then as `notes.kept-by-cairn-2.txt`. */
function keptName(name: Buffer, n: number, longest: number): Buffer {
  const dot = name.lastIndexOf(0x2e);
  const cut = dot > 0 && name.length - dot <= 20 ? dot : name.length;
  const mark = Buffer.from(`.kept-by-cairn${n === 1 ? "" : `-${n}`}`);
  const room = longest - mark.length - (name.length - cut);
  let end = Math.min(cut, room);
  // Not amid a character.
  while (end < cut && end > 0 && ((name[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return Buffer.concat([name.subarray(0, end), mark, name.subarray(cut)]);
}
