const words: Readonly<Record<string, string>> = {
  head: "you are here",
  pinned: "pinned",
  tagged: "has a tag",
  critical_note: "has a critical note",
  recent: "among the newest",
  hourly: "newest of its hour",
  daily: "newest of its day",
  weekly: "newest of its week",
  within: "recent enough",
  tip: "end of a line",
  branch_point: "lines branch here",
  safety: "an undo may need it",
};

/** Why a compaction keeps a checkpoint, in words. */
export function keepWords(reason: string): string {
  return Object.hasOwn(words, reason) ? (words[reason] ?? reason) : reason.replaceAll("_", " ");
}
