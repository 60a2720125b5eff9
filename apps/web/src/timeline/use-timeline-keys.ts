import type { CheckpointSummary } from "@cairn/shared/checkpoint";
import { useEffect, useRef } from "react";
import { useCommand } from "../commands.ts";
import type { LiveSession } from "../state/live-session.ts";
import { toast } from "../ui/toast.ts";
import type { OpenDialog } from "./SessionDialogs.tsx";
import { copyLink, deleteWithUndo, togglePin } from "./checkpoint-actions.ts";

interface Options {
  live: LiveSession;
  /** The row that keys act on. */
  active: CheckpointSummary | undefined;
  selected: string | null;
  /** Why nothing can be changed now. */
  reason: string | null;
  onMove: (checkpoint_id: string) => void;
  onSelect: (checkpoint_id: string | null) => void;
  onRestore: (checkpoint_id: string) => void;
  onTags: (checkpoint_id: string) => void;
  onCreate: () => void;
  onDialog: (dialog: OpenDialog) => void;
  hasFolder: boolean;
  onToggleFollow: () => void;
  onLiveEdge: () => void;
}

/** Gives the keys of a session's page their effect. */
export function useTimelineKeys(options: Options): void {
  const { live, active, selected, reason } = options;
  const place = useRef<number | null>(null);
  useEffect(() => {
    if (active !== undefined) place.current = active.sequence_number;
  }, [active]);
  const move = (by: number) => {
    const { log } = live;
    const { frozen } = live.store.getState();
    const first = frozen === null ? 0 : log.countNewer(frozen.at);
    // Where the row was, if it is gone: the one below it has moved into its place.
    const gone = place.current === null ? first : log.countNewer(place.current) + Math.min(by, 0);
    const at = active === undefined ? gone : log.countNewer(active.sequence_number) + by;
    const row = log.at(Math.min(log.length - 1, Math.max(first, at)));
    if (row !== undefined) options.onMove(row.checkpoint_id);
  };
  const withActive = (run: (row: CheckpointSummary) => void) => () => {
    if (active === undefined)
      toast("No checkpoint is chosen", { description: "Move to one with j and k." });
    else run(active);
  };
  useCommand("next", () => move(1));
  useCommand("previous", () => move(-1));
  useCommand("first", () => {
    options.onLiveEdge();
    const newest = live.log.newest();
    if (newest !== undefined) options.onMove(newest.checkpoint_id);
  });
  useCommand(
    "details",
    withActive((row) => options.onSelect(row.checkpoint_id)),
  );
  useCommand("out", () => {
    if (selected !== null) options.onSelect(null);
  });
  useCommand("follow", options.onToggleFollow);
  useCommand("live_edge", options.onLiveEdge);
  useCommand("create", options.onCreate, reason);
  const { onDialog } = options;
  useCommand(
    "changes",
    () => onDialog({ kind: "changes" }),
    options.hasFolder ? null : "This session keeps only state, no folder",
  );
  useCommand("settings", () => onDialog({ kind: "settings" }), reason);
  useCommand("compact", () => onDialog({ kind: "settings", tab: "retention" }), reason);
  useCommand("limits", () => onDialog({ kind: "settings", tab: "limits" }), reason);
  useCommand("trash", () => onDialog({ kind: "trash" }));
  useCommand(
    "restore",
    withActive((row) => options.onRestore(row.checkpoint_id)),
    reason,
  );
  useCommand(
    "tags",
    withActive((row) => options.onTags(row.checkpoint_id)),
    reason,
  );
  useCommand(
    "pin",
    withActive((row) => void togglePin(row)),
    reason,
  );
  useCommand(
    "delete",
    withActive((row) => void deleteWithUndo(row)),
    reason,
  );
  useCommand("copy_link", withActive(copyLink));
}
