import type { Session } from "@cairn/shared/session";
import {
  FolderLock,
  FolderOpen,
  Link as LinkIcon,
  Pencil,
  ShieldCheck,
  Shrink,
  SlidersHorizontal,
  Trash2,
} from "lucide-react";
import { deleteSession, undeleteSession, updateSession } from "../actions.ts";
import { commands } from "../commands.ts";
import { origin } from "../server.ts";
import { copyText } from "../ui/copy.ts";
import type { MenuEntry } from "../ui/menu-entry.ts";
import { toast, toastError } from "../ui/toast.ts";
import { visibleString } from "../ui/visible.ts";
import type { SettingsTab } from "./SettingsDialog.tsx";

/** Puts a session into the trash, and offers to take it out again. */
async function deleteSessionWithUndo(session: Session): Promise<boolean> {
  const name = visibleString(session.name);
  const back = async () => {
    try {
      await undeleteSession(session.session_id);
    } catch (error) {
      toastError(`“${name}” could not be taken out of the trash`, error, () => void back());
    }
  };
  try {
    await deleteSession(session.session_id);
    toast(`“${name}” is in the trash`, {
      description: "Its folder's files were not touched.",
      action: { label: "Undo", run: () => void back() },
    });
    return true;
  } catch (error) {
    toastError(`“${name}” could not be deleted`, error);
    return false;
  }
}

async function setStatus(session: Session, status: "open" | "closed"): Promise<void> {
  try {
    await updateSession(session.session_id, { status });
  } catch (error) {
    const verb = status === "open" ? "opened" : "closed";
    toastError(`“${visibleString(session.name)}” could not be ${verb}`, error);
  }
}

interface Options {
  onRename: () => void;
  onSettings: (tab?: SettingsTab) => void;
  onValidate: () => void;
  onDeleted?: () => void;
  /** From `useOffline`. */
  reason: string | null;
}

const icon = { size: 14, "aria-hidden": true } as const;

/** What can be done with a whole session. */
export function sessionMenu(
  session: Session,
  { onRename, onSettings, onValidate, onDeleted, reason }: Options,
): MenuEntry[] {
  const closed = session.status === "closed";
  const settled = reason ?? (closed ? "Open the session again first" : null);
  return [
    { label: "Rename…", icon: <Pencil {...icon} />, run: onRename, reason },
    {
      label: "Settings…",
      icon: <SlidersHorizontal {...icon} />,
      keys: commands.settings.keys,
      run: () => onSettings(),
      reason: settled,
    },
    {
      label: commands.compact.title,
      icon: <Shrink {...icon} />,
      run: () => onSettings("retention"),
      reason: settled,
    },
    { label: "Validate…", icon: <ShieldCheck {...icon} />, run: onValidate, reason },
    closed
      ? {
          label: "Open again",
          icon: <FolderOpen {...icon} />,
          run: () => void setStatus(session, "open"),
          reason,
        }
      : {
          label: "Close (read-only)",
          icon: <FolderLock {...icon} />,
          run: () => void setStatus(session, "closed"),
          reason,
        },
    {
      label: "Copy link",
      icon: <LinkIcon {...icon} />,
      run: () => void copyText(`${origin}/s/${session.session_id}`, "Link"),
    },
    "separator",
    {
      label: "Delete (its files stay)",
      icon: <Trash2 {...icon} />,
      danger: true,
      reason,
      run: () => {
        void deleteSessionWithUndo(session).then((done) => {
          if (done) onDeleted?.();
        });
      },
    },
  ];
}
