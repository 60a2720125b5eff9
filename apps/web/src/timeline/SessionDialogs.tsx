import type { Session } from "@cairn/shared/session";
import type { SettingsTab } from "../sessions/SettingsDialog.tsx";
import { useCheckpoint } from "../state/live.ts";
import { later } from "../ui/later.ts";

const CreateCheckpointDialog = later(() =>
  import("../checkpoint/CreateCheckpointDialog.tsx").then((m) => ({
    default: m.CreateCheckpointDialog,
  })),
);
const RestoreDialog = later(() =>
  import("../restore/RestoreDialog.tsx").then((m) => ({ default: m.RestoreDialog })),
);
const TrashDialog = later(() =>
  import("../trash/TrashDialog.tsx").then((m) => ({ default: m.TrashDialog })),
);
const RenameDialog = later(() =>
  import("../sessions/RenameDialog.tsx").then((m) => ({ default: m.RenameDialog })),
);
const SettingsDialog = later(() =>
  import("../sessions/SettingsDialog.tsx").then((m) => ({ default: m.SettingsDialog })),
);
const FolderChangesDialog = later(() =>
  import("../checkpoint/FolderChangesDialog.tsx").then((m) => ({
    default: m.FolderChangesDialog,
  })),
);
const ValidateDialog = later(() =>
  import("../store/ValidateDialog.tsx").then((m) => ({ default: m.ValidateDialog })),
);
const TagsDialog = later(() => import("./TagsDialog.tsx").then((m) => ({ default: m.TagsDialog })));

/** Which dialog of the session's page is open. */
export type OpenDialog =
  | { kind: "create" | "rename" | "trash" | "changes" }
  | { kind: "settings"; tab?: SettingsTab }
  | { kind: "validate"; checkpoint_id: string | null }
  | { kind: "restore" | "tags"; checkpoint_id: string };

interface Props {
  session: Session;
  reason: string | null;
  dialog: OpenDialog;
  onDialog: (dialog: OpenDialog | null) => void;
}

/** The dialogs of a session's page, loaded when they are first opened. */
export function SessionDialogs({ session, reason, dialog, onDialog }: Props) {
  const { session_id } = session;
  const about = "checkpoint_id" in dialog ? dialog.checkpoint_id : null;
  const row = useCheckpoint(session_id, about);
  const shared = {
    open: true,
    onOpenChange: (open: boolean) => {
      if (!open) onDialog(null);
    },
  };
  switch (dialog.kind) {
    case "create":
      return <CreateCheckpointDialog session={session} {...shared} />;
    case "rename":
      return <RenameDialog session={session} {...shared} />;
    case "settings":
      return <SettingsDialog session={session} tab={dialog.tab} {...shared} />;
    case "changes":
      return (
        <FolderChangesDialog
          session={session}
          onCheckpoint={() => onDialog({ kind: "create" })}
          {...shared}
        />
      );
    case "validate":
      return (
        <ValidateDialog
          session_id={session_id}
          checkpoint_id={dialog.checkpoint_id ?? undefined}
          {...shared}
        />
      );
    case "trash":
      return <TrashDialog session_id={session_id} {...shared} />;
    case "restore":
      return (
        <RestoreDialog session_id={session_id} checkpoint_id={dialog.checkpoint_id} {...shared} />
      );
    case "tags":
      return row === undefined ? null : <TagsDialog row={row} reason={reason} {...shared} />;
    default:
      return dialog satisfies never;
  }
}
