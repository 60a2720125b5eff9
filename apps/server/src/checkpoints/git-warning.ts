import type { GitPosition } from "@cairn/shared/checkpoint";

type Position = Pick<GitPosition, "commit" | "branch">;

/** Named one by one; of more only how many. */
const maxNamed = 3;

/** What to say of a restore to files that belong to other commits; null when HEAD is where it was. */
export function gitWarning(was: GitPosition | null, now: GitPosition | null): string | null {
  if (was === null || now === null) return null;
  const moved = was.commit === now.commit ? [] : [sentence("Git", was, now)];
  const there = new Map(now.nested?.map((position) => [position.path, position]));
  for (const before of was.nested ?? []) {
    const after = there.get(before.path);
    if (after === undefined || after.commit === before.commit) continue;
    moved.push(sentence(`Git in ${before.path}`, before, after));
  }
  if (moved.length === 0) return null;
  const more = moved.length - maxNamed;
  const rest = more > 0 ? [`${more} more repositories have moved.`] : [];
  const told = [...moved.slice(0, maxNamed), ...rest].join(" ");
  return `${told} Files are restored, git is not moved.`;
}

function sentence(what: string, was: Position, now: Position): string {
  return `${what} was at ${placed(was)} and is now at ${placed(now)}.`;
}

function placed({ commit, branch }: Position): string {
  const short = commit?.slice(0, 10) ?? "no commit";
  return branch === null ? short : `${branch} (${short})`;
}
