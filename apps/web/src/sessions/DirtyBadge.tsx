import type { Session } from "@cairn/shared/session";
import { FilePen, TriangleAlert } from "lucide-react";
import { commands } from "../commands.ts";
import { formatCount, plural } from "../format.ts";
import { useLiveFacts } from "../state/live-facts.ts";
import { Badge } from "../ui/Badge.tsx";
import { Button } from "../ui/Button.tsx";
import { dirtyCount } from "./dirty-count.ts";

const counted = "Files of the folder that differ from where you are";

const unknown =
  "The folder could not be looked at. It may be gone, moved, or on a disk that is not there";

function useDirty(session: Session): number | null | undefined {
  const { dirty_files } = useLiveFacts(session.session_id);
  return dirtyCount(session, dirty_files);
}

/** What the count is of, and that it may be a few seconds old where changes are not heard of. */
function useMeaning({ session_id }: Session): string {
  const { auto_state } = useLiveFacts(session_id);
  const unheard = auto_state?.unheard;
  return unheard === undefined ? counted : `${counted}, looked for only now and then: ${unheard}`;
}

/** `12 files changed since`, kept true while it is looked at; opens what changed, or why it cannot. */
export function DirtyButton({ session, onOpen }: { session: Session; onOpen: () => void }) {
  const dirty_files = useDirty(session);
  const meaning = useMeaning(session);
  if (dirty_files === undefined) return null;
  if (dirty_files === null) {
    return (
      <Button
        tone="ghost"
        title={unknown}
        icon={<TriangleAlert size={14} aria-hidden="true" className="text-bad" />}
        onClick={onOpen}
      >
        <span className="text-bad">changes not known</span>
      </Button>
    );
  }
  if (dirty_files === 0) {
    return (
      <span className="text-fg-3 whitespace-nowrap @max-md:hidden" title={meaning}>
        no changes<span className="@max-2xl:sr-only"> since</span>
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
export function DirtyBadge({ session }: { session: Session }) {
  const dirty_files = useDirty(session);
  if (dirty_files === undefined || dirty_files === null || dirty_files === 0) return null;
  return (
    <Badge tone="warn" title={counted}>
      {plural(dirty_files, "file")} changed
    </Badge>
  );
}
