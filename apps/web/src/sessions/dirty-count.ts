import type { Session } from "@cairn/shared/session";

/** Files that differ from where a session is; null when that could not be found out. */
export function dirtyCount(
  { status, workspace, head }: Pick<Session, "status" | "workspace" | "head">,
  dirty_files: number | null | undefined,
): number | null | undefined {
  // Nobody looks at the folder of one that is closed; its own badge tells of a restore cut off.
  if (status !== "open") return undefined;
  // Without a folder or a checkpoint there is nothing to differ from.
  return workspace === null || head === null ? undefined : dirty_files;
}
