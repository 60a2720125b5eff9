import { caps } from "@cairn/shared/session";

/** Adds what was typed to the tags, or says why it cannot be. */
export function addTag(
  tags: readonly string[],
  typed: string,
): { tags: string[] } | { error: string } {
  const added = typed
    .split(",")
    .map((tag) => tag.trim())
    .filter((tag) => tag !== "");
  const long = added.find((tag) => tag.length > caps.tag_chars);
  if (long !== undefined) return { error: `A tag has at most ${caps.tag_chars} characters.` };
  const next = [...new Set([...tags, ...added])];
  if (next.length > caps.tags) return { error: `A checkpoint has at most ${caps.tags} tags.` };
  return { tags: next };
}
