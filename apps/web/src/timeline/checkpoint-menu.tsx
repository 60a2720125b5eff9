import type { CheckpointSummary } from "@cairn/shared/checkpoint";
import {
  Link as LinkIcon,
  PanelRight,
  Pin,
  PinOff,
  RotateCcw,
  ShieldCheck,
  Tag,
  Trash2,
} from "lucide-react";
import { commands } from "../commands.ts";
import type { MenuEntry } from "../ui/menu-entry.ts";
import { copyLink, deleteWithUndo, togglePin } from "./checkpoint-actions.ts";

interface Options {
  /** Why nothing can be changed now. */
  reason: string | null;
  onDetails: () => void;
  onRestore: () => void;
  onTags: () => void;
  onValidate: () => void;
}

const icon = { size: 14, "aria-hidden": true } as const;

/** What can be done with one checkpoint. */
export function checkpointMenu(row: CheckpointSummary, options: Options): MenuEntry[] {
  const { reason, onDetails, onRestore, onTags, onValidate } = options;
  return [
    {
      label: "Details",
      icon: <PanelRight {...icon} />,
      keys: commands.details.keys,
      run: onDetails,
    },
    {
      label: "Restore…",
      icon: <RotateCcw {...icon} />,
      keys: commands.restore.keys,
      run: onRestore,
      reason,
    },
    {
      label: "Copy link",
      icon: <LinkIcon {...icon} />,
      keys: commands.copy_link.keys,
      run: () => copyLink(row),
    },
    "separator",
    {
      label: row.pinned ? "Unpin" : "Pin",
      icon: row.pinned ? <PinOff {...icon} /> : <Pin {...icon} />,
      keys: commands.pin.keys,
      run: () => void togglePin(row),
      reason,
    },
    { label: "Tags…", icon: <Tag {...icon} />, keys: commands.tags.keys, run: onTags, reason },
    { label: "Validate…", icon: <ShieldCheck {...icon} />, run: onValidate, reason },
    "separator",
    {
      label: "Delete",
      icon: <Trash2 {...icon} />,
      keys: commands.delete.keys,
      danger: true,
      run: () => void deleteWithUndo(row),
      reason,
    },
  ];
}
