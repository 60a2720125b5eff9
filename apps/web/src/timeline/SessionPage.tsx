import { Link, useParams } from "react-router";
import { undeleteSession } from "../actions.ts";
import { SessionsRail } from "../sessions/SessionsRail.tsx";
import { useConnection, useOffline } from "../state/connection.ts";
import { useLive, useLiveState, useSession } from "../state/live.ts";
import { TopBar } from "../TopBar.tsx";
import { Button } from "../ui/Button.tsx";
import { EmptyState } from "../ui/EmptyState.tsx";
import { ErrorNote } from "../ui/ErrorNote.tsx";
import { Spinner } from "../ui/Spinner.tsx";
import { toastError } from "../ui/toast.ts";
import { useWide } from "../ui/use-media.ts";
import { useTitle } from "../use-title.ts";
import { SessionView } from "./SessionView.tsx";

const allSessions = (
  <Link to="/" className="inline-flex h-7 items-center text-accent underline">
    All sessions
  </Link>
);

/** The page of one session: its timeline, or why there is none. */
export function SessionPage() {
  const { session_id = "" } = useParams();
  const id = session_id.toLowerCase();
  // A new session is a new page: nothing of the one before is left over.
  return <OneSession key={id} session_id={id} />;
}

function OneSession({ session_id }: { session_id: string }) {
  const status = useLiveState(session_id, (state) => state.status);
  const session = useSession(session_id);
  if (status === "ready" && session !== undefined) return <SessionView session={session} />;
  return <WithoutTimeline session_id={session_id} />;
}

function WithoutTimeline({ session_id }: { session_id: string }) {
  const live = useLive(session_id);
  const { status, error } = useLiveState(session_id, (state) => state);
  const session = useSession(session_id);
  const connection = useConnection((state) => state.connection.status);
  const offline = useOffline();
  const wide = useWide();
  const name = session?.name ?? "Session";
  useTitle(`${name} · Cairn`);
  const undelete = async () => {
    try {
      await undeleteSession(session_id);
    } catch (reason) {
      toastError("The session could not be taken out of the trash", reason, () => void undelete());
    }
  };
  return (
    <div className="flex h-full flex-col">
      <TopBar>
        <h1 className="truncate font-medium">{name}</h1>
      </TopBar>
      <div className="grid min-h-0 flex-1 grid-cols-1 wide:grid-cols-[11rem_minmax(0,1fr)] xl:grid-cols-[14rem_minmax(0,1fr)]">
        {wide && <SessionsRail current={session_id} />}
        <main className="scrolls p-4">
          {status === "missing" && (
            <EmptyState title="There is no such session" actions={allSessions}>
              It may have been deleted for good, or the link is cut off.
            </EmptyState>
          )}
          {status === "deleted" && (
            <EmptyState
              title="This session is in the trash"
              actions={
                <>
                  <Button tone="primary" reason={offline} onClick={() => void undelete()}>
                    Take it out
                  </Button>
                  {allSessions}
                </>
              }
            >
              Its folder's files were not touched. It stays in the trash for seven days.
            </EmptyState>
          )}
          {status === "failed" && (
            <ErrorNote
              error={error}
              title="The timeline could not be loaded"
              onRetry={() => void live.reload()}
              actions={allSessions}
            />
          )}
          {(status === "loading" || status === "ready") &&
            (connection === "offline" || connection === "closed" ? (
              <EmptyState title="The server cannot be reached" actions={allSessions}>
                The timeline appears by itself when it answers again.
              </EmptyState>
            ) : (
              <div className="p-10 text-center">
                <Spinner label="Loading the timeline…" />
              </div>
            ))}
        </main>
      </div>
    </div>
  );
}
