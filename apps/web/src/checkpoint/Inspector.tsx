import { X } from "lucide-react";
import { Suspense, useRef, type ReactNode } from "react";
import { commands, useCommand } from "../commands.ts";
import { plural, shortId } from "../format.ts";
import { checkpointName } from "../operations/operation-words.ts";
import { useCheckpoint, useHead } from "../state/live.ts";
import { useSelection } from "../timeline/use-selection.ts";
import { IconButton } from "../ui/Button.tsx";
import { ErrorNote } from "../ui/ErrorNote.tsx";
import { later } from "../ui/later.ts";
import { PartBoundary } from "../ui/PartBoundary.tsx";
import { Spinner } from "../ui/Spinner.tsx";
import { Text } from "../ui/Text.tsx";
import { Changes } from "./Changes.tsx";
import { CheckpointBadges, SkippedPaths } from "./CheckpointBadges.tsx";
import { DamagedPaths } from "./DamagedPaths.tsx";
import { Facts } from "./Facts.tsx";
import { InspectorActions } from "./InspectorActions.tsx";
import { Notes } from "./Notes.tsx";
import { TagRow } from "./TagRow.tsx";
import { useChangeReason } from "./use-change-reason.ts";
import { useDetails, type Details } from "./use-details.ts";

const StateView = later(() => import("./StateView.tsx"));

interface InspectorProps {
  session_id: string;
  checkpoint_id: string;
  onClose: () => void;
}

/** Everything known of one checkpoint, and what can be done with it. */
export function Inspector({ session_id, checkpoint_id, onClose }: InspectorProps) {
  const details = useDetails(session_id, checkpoint_id);
  const { summary, deleted, error, reload } = details;
  const isHead = useHead(session_id) === checkpoint_id;
  const reason = useChangeReason(session_id);

  return (
    <section
      aria-label="Checkpoint"
      className="flex h-full min-h-0 min-w-0 flex-col bg-surface text-fg"
    >
      <header className="flex items-start gap-2 border-b border-line py-2.5 pr-2 pl-4">
        <div className="grid min-w-0 flex-1 gap-1.5">
          <Message
            text={summary?.message ?? null}
            fallback={deleted || error !== null ? `Checkpoint ${shortId(checkpoint_id)}` : null}
          />
          {summary !== null && (
            <CheckpointBadges summary={summary} isHead={isHead} deleted={deleted} />
          )}
        </div>
        <IconButton label={commands.out.title} keys={commands.out.keys} onClick={onClose}>
          <X size={16} aria-hidden="true" />
        </IconButton>
      </header>
      <div className="scrolls relative min-h-0 flex-1">
        <div className="grid grid-cols-[minmax(0,1fr)] gap-3 px-4 py-3">
          {deleted && (
            <p className="rounded-sm bg-bad-soft px-3 py-1.5 text-bad">
              This checkpoint is in the trash. It is deleted for good after seven days.
            </p>
          )}
          {(summary !== null || deleted) && (
            <InspectorActions
              session_id={session_id}
              checkpoint_id={checkpoint_id}
              summary={summary}
              deleted={deleted}
              reason={reason}
            />
          )}
          {error !== null && (
            <ErrorNote title="The checkpoint could not be loaded" error={error} onRetry={reload} />
          )}
          {summary === null && error === null && !deleted && <Skeleton />}
          {summary !== null && <Body details={details} reason={reason} />}
        </div>
      </div>
    </section>
  );
}

function Body({ details, reason }: { details: Details; reason: string | null }) {
  const { summary, checkpoint, deleted, error } = details;
  const { select } = useSelection();
  const note = useRef<HTMLTextAreaElement>(null);
  const parent = useCheckpoint(summary?.session_id ?? "", summary?.parent_id ?? null);
  const locked = deleted ? "This checkpoint is in the trash" : reason;
  useCommand("annotate", () => note.current?.focus(), locked);
  if (summary === null) return null;
  const parentName =
    parent === undefined ? null : checkpointName(parent.message, parent.checkpoint_id);
  return (
    <>
      <TagRow key={summary.checkpoint_id} summary={summary} reason={locked} />
      <Facts summary={summary} parentName={parentName} onParent={(id) => select(id)} />
      {summary.damaged && !deleted && (
        <DamagedPaths
          session_id={summary.session_id}
          checkpoint_id={summary.checkpoint_id}
          reason={reason}
        />
      )}
      {checkpoint !== null && checkpoint.skipped.length > 0 && (
        <SkippedPaths skipped={checkpoint.skipped} />
      )}
      {summary.tree !== null && (
        <Section title="Changes" detail={plural(summary.changed_files, "file")}>
          {checkpoint === null ? (
            error === null && <Spinner label="Loading…" />
          ) : (
            <Changes checkpoint={checkpoint} />
          )}
        </Section>
      )}
      {checkpoint !== null && checkpoint.state !== null && (
        <Section title="State">
          <PartBoundary title="The state could not be shown" place="inline">
            <Suspense fallback={<Spinner label="Loading…" />}>
              <StateView state={checkpoint.state} />
            </Suspense>
          </PartBoundary>
        </Section>
      )}
      {checkpoint !== null && (
        <Section title="Notes" detail={String(checkpoint.annotations.length)}>
          <Notes
            session_id={summary.session_id}
            checkpoint_id={summary.checkpoint_id}
            annotations={checkpoint.annotations}
            reason={locked}
            inputRef={note}
          />
        </Section>
      )}
    </>
  );
}

interface SectionProps {
  title: string;
  detail?: string;
  children: ReactNode;
}

function Section({ title, detail, children }: SectionProps) {
  return (
    <section
      aria-label={title}
      className="-mx-4 grid min-w-0 grid-cols-[minmax(0,1fr)] gap-2 border-t border-line px-4 pt-3"
    >
      <h3 className="flex items-baseline gap-2 text-sm font-semibold">
        {title}
        {detail !== undefined && <span className="datum font-normal text-fg-3">{detail}</span>}
      </h3>
      {children}
    </section>
  );
}

/** The first line large, the rest below it as it was written. */
function Message({ text, fallback }: { text: string | null; fallback: string | null }) {
  if (text === null)
    return fallback === null ? (
      <div className="h-6 w-2/3 rounded-sm bg-sunken" />
    ) : (
      <h2 className="text-lg font-semibold">{fallback}</h2>
    );
  const [line = "", ...others] = text.trim().split("\n");
  const rest = others.join("\n").trim();
  return (
    <>
      <h2 className="text-lg font-semibold wrap-anywhere">
        {line === "" ? (
          <span className="font-normal text-fg-3 italic">No message</span>
        ) : (
          <Text value={line} />
        )}
      </h2>
      {rest !== "" && (
        <div
          className="scrolls max-h-40 whitespace-pre-wrap wrap-anywhere text-fg-2"
          // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls
          tabIndex={0}
          role="group"
          aria-label="Rest of the message"
        >
          <Text value={rest} keep={"\n\t"} />
        </div>
      )}
    </>
  );
}

function Skeleton() {
  return (
    <div
      role="status"
      aria-label="Loading the checkpoint"
      className="grid grid-cols-[minmax(0,1fr)] gap-2"
    >
      {["w-1/2", "w-2/3", "w-1/3", "w-3/5"].map((width) => (
        <div key={width} className={`h-4 rounded-sm bg-sunken ${width}`} />
      ))}
    </div>
  );
}
