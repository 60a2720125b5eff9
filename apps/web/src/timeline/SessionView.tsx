import type { Session } from "@cairn/shared/session";
import { Plus } from "lucide-react";
import { Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { commands } from "../commands.ts";
import { DemoBar } from "../demo/StartDemo.tsx";
import { Feed } from "../feed/Feed.tsx";
import { SessionsRail } from "../sessions/SessionsRail.tsx";
import { useOffline } from "../state/connection.ts";
import { useLive, useLiveState } from "../state/live.ts";
import { TopBar } from "../TopBar.tsx";
import { Button } from "../ui/Button.tsx";
import { later } from "../ui/later.ts";
import { LaterDialog } from "../ui/LaterDialog.tsx";
import { PartBoundary } from "../ui/PartBoundary.tsx";
import { Spinner } from "../ui/Spinner.tsx";
import { Text } from "../ui/Text.tsx";
import { useWide } from "../ui/use-media.ts";
import { visibleString } from "../ui/visible.ts";
import { useTitle } from "../use-title.ts";
import { checkpointMenu } from "./checkpoint-menu.tsx";
import { FirstCheckpoint } from "./FirstCheckpoint.tsx";
import { SessionDialogs, type OpenDialog } from "./SessionDialogs.tsx";
import { SessionFacts } from "./SessionFacts.tsx";
import { Timeline, type TimelineHandle } from "./Timeline.tsx";
import { TimelineBar } from "./TimelineBar.tsx";
import { useActiveRow } from "./use-active-row.ts";
import { useHiddenCount } from "./use-hidden-count.ts";
import { selectedNow, useSelection } from "./use-selection.ts";
import { useTimelineKeys } from "./use-timeline-keys.ts";

const Inspector = later(() =>
  import("../checkpoint/Inspector.tsx").then((m) => ({ default: m.Inspector })),
);
const InspectorSheet = later(() =>
  import("./InspectorSheet.tsx").then((m) => ({ default: m.InspectorSheet })),
);

function useChangeReason(session: Session): string | null {
  const offline = useOffline();
  if (offline !== null) return offline;
  if (session.status === "closed") return "This session is closed. Open it again to change it";
  if (session.status === "recovery_pending")
    return "This session waits until its folder can be reached";
  return null;
}

/** A session's live timeline, with the list of sessions and the inspector where there is room. */
export function SessionView({ session }: { session: Session }) {
  const { session_id } = session;
  const live = useLive(session_id);
  const wide = useWide();
  const reason = useChangeReason(session);
  const { selected, select } = useSelection();
  const [moved, setMoved] = useState<string | null>(null);
  const [dialog, setDialog] = useState<OpenDialog | null>(null);
  const timeline = useRef<TimelineHandle>(null);
  const frozen = useLiveState(session_id, (state) => state.frozen);
  const empty = useLiveState(session_id, () => live.log.length === 0);
  const active = moved ?? selected;
  const activeRow = useActiveRow(session_id, active);
  const hiddenCount = useHiddenCount(session_id);
  const title = `${visibleString(session.name)} · Cairn`;
  useTitle(hiddenCount > 0 ? `(${hiddenCount}) ${title}` : title);

  // A link to a checkpoint shows its row too, if it is among the newest.
  useEffect(() => {
    const linked = selectedNow();
    if (linked !== null) timeline.current?.reveal(linked);
  }, []);

  // Back, forward and the links in the details choose as well; quick keys are ahead of the router.
  useEffect(() => {
    // oxlint-disable-next-line react/set-state-in-effect -- the address is not ours alone
    if (selected !== null && selected === selectedNow()) setMoved(selected);
  }, [selected]);

  const onSelect = useCallback(
    (id: string | null) => {
      if (id !== null) setMoved(id);
      select(id);
    },
    [select],
  );
  const onRestore = useCallback(
    (checkpoint_id: string) => setDialog({ kind: "restore", checkpoint_id }),
    [],
  );
  const onTags = useCallback(
    (checkpoint_id: string) => setDialog({ kind: "tags", checkpoint_id }),
    [],
  );
  const onLiveEdge = () => timeline.current?.toLiveEdge();
  const onToggleFollow = () => {
    if (frozen === null) live.freeze("key");
    else onLiveEdge();
  };
  const closeInspector = useCallback(() => {
    select(null);
    timeline.current?.focus();
  }, [select]);

  useTimelineKeys({
    live,
    active: activeRow,
    selected,
    reason,
    onMove: (id) => {
      setMoved(id);
      timeline.current?.reveal(id);
      timeline.current?.focus();
      // The sheet covers the rows, so only beside them do the details follow.
      if (selectedNow() !== null && wide) select(id, { replace: true });
    },
    onSelect: (id) => (id === null ? closeInspector() : onSelect(id)),
    onRestore,
    onTags,
    onCreate: () => setDialog({ kind: "create" }),
    onDialog: setDialog,
    hasFolder: session.workspace !== null,
    onToggleFollow,
    onLiveEdge,
  });

  const menu = useMemo(() => {
    if (activeRow === undefined) {
      const create = () => setDialog({ kind: "create" });
      return [{ label: commands.create.title, keys: commands.create.keys, run: create, reason }];
    }
    const { checkpoint_id } = activeRow;
    return checkpointMenu(activeRow, {
      reason,
      onDetails: () => onSelect(checkpoint_id),
      onRestore: () => onRestore(checkpoint_id),
      onTags: () => onTags(checkpoint_id),
      onValidate: () => setDialog({ kind: "validate", checkpoint_id }),
    });
  }, [activeRow, reason, onSelect, onRestore, onTags]);

  return (
    <div className="flex h-full flex-col">
      <TopBar
        action={
          <Button
            tone="primary"
            icon={<Plus size={14} aria-hidden="true" />}
            reason={reason}
            onClick={() => setDialog({ kind: "create" })}
            {...(wide ? { keys: commands.create.keys } : {})}
          >
            <span className="max-sm:sr-only">Checkpoint</span>
          </Button>
        }
      >
        <h1 className="truncate font-medium" title={visibleString(session.name)}>
          <Text value={session.name} />
        </h1>
      </TopBar>
      {session.demo && <DemoBar session={session} />}
      <div className="grid min-h-0 flex-1 grid-cols-1 wide:grid-cols-[11rem_minmax(0,1fr)_36%] xl:grid-cols-[14rem_minmax(0,1fr)_40%]">
        {wide && <SessionsRail current={session_id} />}
        <main className="flex min-h-0 min-w-0 flex-col">
          <TimelineBar
            session={session}
            following={frozen === null}
            onToggleFollow={onToggleFollow}
            onLiveEdge={onLiveEdge}
            onDialog={setDialog}
          />
          {empty ? (
            <FirstCheckpoint
              session={session}
              reason={reason}
              onCreate={() => setDialog({ kind: "create" })}
            />
          ) : (
            <Timeline
              ref={timeline}
              session_id={session_id}
              active={active}
              selected={selected}
              total={session.checkpoints}
              reason={reason}
              menu={menu}
              onActivate={setMoved}
              onSelect={onSelect}
              onRestore={onRestore}
            />
          )}
        </main>
        {wide && (
          <aside
            aria-label="Details"
            className="flex min-h-0 min-w-0 flex-col border-l border-line bg-surface"
          >
            {selected === null ? (
              <SessionFacts session={session} />
            ) : (
              <PartBoundary
                title="The details could not be shown"
                place="inline"
                about={selected}
                onClose={closeInspector}
              >
                <Suspense fallback={<Waiting />}>
                  <Inspector
                    session_id={session_id}
                    checkpoint_id={selected}
                    onClose={closeInspector}
                  />
                </Suspense>
              </PartBoundary>
            )}
          </aside>
        )}
      </div>
      <Feed session_id={session_id} />
      {!wide && selected !== null && (
        <LaterDialog onClose={closeInspector}>
          <InspectorSheet
            session_id={session_id}
            checkpoint_id={selected}
            onClose={closeInspector}
          />
        </LaterDialog>
      )}
      {dialog !== null && (
        <LaterDialog key={dialog.kind} onClose={() => setDialog(null)}>
          <SessionDialogs session={session} reason={reason} dialog={dialog} onDialog={setDialog} />
        </LaterDialog>
      )}
    </div>
  );
}

function Waiting() {
  return (
    <div className="p-6">
      <Spinner label="Loading…" />
    </div>
  );
}
