import { FilePen } from "lucide-react";
import { commands } from "../commands.ts";
import { formatCount, plural } from "../format.ts";
import { useLiveFacts } from "../state/live-facts.ts";
import { Badge } from "../ui/Badge.tsx";
import { Button } from "../ui/Button.tsx";

const meaning = "Files of the folder that differ from where you are";

/** `12 files changed since`, kept true while it is looked at; opens what changed. */
export function DirtyButton({ session_id, onOpen }: { session_id: string; onOpen: () => void }) {
  const { dirty_files } = useLiveFacts(session_id);
  if (dirty_files === undefined || dirty_files === null) return null;
  if (dirty_files === 0) {
    return (
      <span className="text-fg-3 @max-md:hidden" title={meaning}>
        no changes since
      </span>
    );
  }
  return (
    <Button
      tone="ghost"
      title={`${meaning}. Show them (${commands.changes.keys})`}
      icon={<FilePen size={14} aria-hidden="true" className="text-warn" />}
      onClick={onOpen}
    >
      <span className="text-warn">
        <span className="datum">{formatCount(dirty_files)}</span>{" "}
        <span className="@max-md:sr-only">{dirty_files === 1 ? "file" : "files"}</span> changed
        <span className="sr-only"> since</span>
      </span>
    </Button>
  );
}

/** The same in a list of sessions, where something changed. */
export function DirtyBadge({ session_id }: { session_id: string }) {
  const { dirty_files } = useLiveFacts(session_id);
  if (dirty_files === undefined || dirty_files === null || dirty_files === 0) return null;
  return (
    <Badge tone="warn" title={meaning}>
      {plural(dirty_files, "file")} changed
    </Badge>
  );
}
