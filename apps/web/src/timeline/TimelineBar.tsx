import type { Session } from "@cairn/shared/session";
import { Ellipsis, Trash2 } from "lucide-react";
import { useNavigate } from "react-router";
import { commands } from "../commands.ts";
import { formatCount } from "../format.ts";
import { OperationsMenu } from "../operations/OperationsMenu.tsx";
import { AutoButton } from "../sessions/AutoLine.tsx";
import { DirtyButton } from "../sessions/DirtyBadge.tsx";
import { sessionMenu } from "../sessions/session-menu.tsx";
import { StatusBadge } from "../sessions/StatusBadge.tsx";
import { useOffline } from "../state/connection.ts";
import { useLive, useLiveState } from "../state/live.ts";
import { IconButton } from "../ui/Button.tsx";
import { Menu } from "../ui/Menu.tsx";
import { FollowBar } from "./FollowBar.tsx";
import type { OpenDialog } from "./SessionDialogs.tsx";

interface Props {
  session: Session;
  following: boolean;
  onToggleFollow: () => void;
  onLiveEdge: () => void;
  onDialog: (dialog: OpenDialog) => void;
}

/** Above the rows: following or paused, undo and redo, and what concerns the whole session. */
export function TimelineBar({ session, following, onToggleFollow, onLiveEdge, onDialog }: Props) {
  const { session_id } = session;
  const navigate = useNavigate();
  const reason = useOffline();
  const live = useLive(session_id);
  const waiting = useLiveState(session_id, ({ frozen }) =>
    frozen === null ? 0 : live.log.countNewer(frozen.at),
  );
  const menu = [
    ...sessionMenu(session, {
      reason,
      onRename: () => onDialog({ kind: "rename" }),
      onSettings: (tab) =>
        onDialog(tab === undefined ? { kind: "settings" } : { kind: "settings", tab }),
      onValidate: () => onDialog({ kind: "validate", checkpoint_id: null }),
      onDeleted: () => void navigate("/"),
    }),
    "separator" as const,
    {
      label: commands.trash.title,
      icon: <Trash2 size={14} aria-hidden="true" />,
      run: () => onDialog({ kind: "trash" }),
      reason,
    },
  ];
  return (
    <div className="@container relative flex min-h-10 items-center gap-2 border-b border-line px-3 py-1">
      <div className="flex min-w-0 flex-1 flex-wrap items-center gap-x-2 gap-y-1">
        <FollowBar
          following={following}
          waiting={waiting}
          onToggle={onToggleFollow}
          onLiveEdge={onLiveEdge}
        />
        {session.status !== "open" && <StatusBadge session={session} />}
        <DirtyButton session={session} onOpen={() => onDialog({ kind: "changes" })} />
        <AutoButton
          session_id={session_id}
          onOpen={() => onDialog({ kind: "settings", tab: "automatic" })}
        />
      </div>
      <span className="datum shrink-0 text-fg-3 @max-md:hidden" title="Checkpoints">
        {formatCount(session.checkpoints)}
        <span className="@max-xl:sr-only">
          {session.checkpoints === 1 ? " checkpoint" : " checkpoints"}
        </span>
      </span>
      <div className="flex shrink-0 items-center gap-1">
        <OperationsMenu session_id={session_id} />
        <Menu
          entries={menu}
          trigger={
            <IconButton label="Session actions">
              <Ellipsis size={16} aria-hidden="true" />
            </IconButton>
          }
        />
      </div>
    </div>
  );
}
