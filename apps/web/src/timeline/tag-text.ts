import { caps } from "@cairn/shared/session";

/** The tags of a text in which commas or line breaks separate them, each once. */
export function readTags(text: string): string[] {
  const tags = text.split(/[,\n]/).map((tag) => tag.trim());
  return [...new Set(tags.filter((tag) => tag !== ""))];
}

/** What is wrong with a text of tags, or null. */
export function tagsProblem(text: string): string | null {
  const tags = readTags(text);
  if (tags.length > caps.tags) return `At most ${caps.tags} tags; these are ${tags.length}`;
  const long = tags.find((tag) => tag.length > caps.tag_chars);
  return long === undefined ? null : `“${long.slice(0, 20)}…” is over ${caps.tag_chars} characters`;
}
