import path from "node:path";
import { ProtocolError } from "@cairn/shared/errors";
import type { Reads } from "../storage/store.ts";

/** Whether `inner` is `outer` or lies below it. Both are real paths. */
export function contains(outer: string, inner: string): boolean {
  const relative = path.relative(outer, inner);
  return (
    relative === "" ||
    (!relative.startsWith(`..${path.sep}`) && relative !== ".." && !path.isAbsolute(relative))
  );
}

export function overlaps(a: string, b: string): boolean {
  return contains(a, b) || contains(b, a);
}

/** Two open sessions may not write into one folder: the other one is named in the details. */
export async function refuseOverlap(
  reads: Reads,
  workspace: string,
  except?: string,
): Promise<void> {
  for (const other of await reads.openWorkspaces()) {
    if (other.session_id === except || !overlaps(other.workspace, workspace)) continue;
    const how =
      other.workspace === workspace
        ? "is already kept"
        : contains(other.workspace, workspace)
          ? `lies inside ${other.workspace}, which is already kept`
          : `contains ${other.workspace}, which is already kept`;
    throw new ProtocolError(
      "workspace_overlaps",
      `${workspace} ${how} by the open session "${other.name}". Use or close that one, or choose ` +
        "another folder.",
      { details: { session_id: other.session_id, name: other.name, workspace: other.workspace } },
    );
  }
}
