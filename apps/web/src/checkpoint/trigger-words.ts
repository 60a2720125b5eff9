import type { Trigger } from "@cairn/shared/checkpoint";

const kinds = { manual: "Manual", automatic: "Automatic", scheduled: "Scheduled" } as const;

const reasons: Readonly<Record<string, string>> = {
  tool_call: "after a tool call",
  file_change: "after files changed",
  interval: "at its interval",
  quiet: "after changes came to rest",
  before_restore: "before a restore, so that it can be undone",
  error: "after an error",
  verification_complete: "after a verification",
  context_compaction: "before the context was compacted",
};

/** What took a checkpoint, in words: `Automatic, after a tool call`. */
export function triggerWords({ kind, reason }: Trigger): string {
  if (reason === undefined) return kinds[kind];
  const words = Object.hasOwn(reasons, reason) ? reasons[reason] : reason.replaceAll("_", " ");
  return `${kinds[kind]}, ${words}`;
}
