import type { CheckpointSummary } from "@cairn/shared/checkpoint";
import { deleteCheckpoint, setPinned, undelete } from "../actions.ts";
import { shortId } from "../format.ts";
import { origin } from "../server.ts";
import { copyText } from "../ui/copy.ts";
import { toast, toastError } from "../ui/toast.ts";
import { visibleString } from "../ui/visible.ts";

/** What a checkpoint is called in a sentence: its message's first line, else its short id. */
export function nameOf(row: CheckpointSummary): string {
  const line = visibleString(row.message.split("\n", 1)[0] ?? "");
  if (line === "") return shortId(row.checkpoint_id);
  return `“${line.length > 60 ? `${line.slice(0, 59)}…` : line}”`;
}

/** Pins a checkpoint, or takes the pin off. */
export async function togglePin(row: CheckpointSummary): Promise<void> {
  try {
    await setPinned(row.session_id, row.checkpoint_id, !row.pinned);
  } catch (error) {
    toastError(
      `${nameOf(row)} could not be ${row.pinned ? "unpinned" : "pinned"}`,
      error,
      () => void togglePin(row),
    );
  }
}

async function takeBack(row: CheckpointSummary): Promise<void> {
  try {
    await undelete(row.session_id, row.checkpoint_id);
  } catch (error) {
    toastError(
      `${nameOf(row)} could not be taken out of the trash`,
      error,
      () => void takeBack(row),
    );
  }
}

/** Puts a checkpoint into the trash, and offers to take it out again. */
export async function deleteWithUndo(row: CheckpointSummary): Promise<void> {
  try {
    await deleteCheckpoint(row.session_id, row.checkpoint_id);
    toast(`${nameOf(row)} is in the trash`, {
      description: "It stays there for seven days.",
      action: { label: "Undo", run: () => void takeBack(row) },
    });
  } catch (error) {
    toastError(`${nameOf(row)} could not be deleted`, error, () => void deleteWithUndo(row));
  }
}

/** Copies an address that opens the session with this checkpoint selected. */
export function copyLink(row: CheckpointSummary): void {
  void copyText(`${origin}/s/${row.session_id}?c=${row.checkpoint_id}`, "Link");
}
