import { Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { StartDemoButton } from "../demo/StartDemo.tsx";
import { formatCount, plural } from "../format.ts";
import { useConnection, useOffline } from "../state/connection.ts";
import { useSessions } from "../state/sessions.ts";
import { TopBar } from "../TopBar.tsx";
import { Button } from "../ui/Button.tsx";
import { EmptyState } from "../ui/EmptyState.tsx";
import { ErrorNote } from "../ui/ErrorNote.tsx";
import { Input } from "../ui/Field.tsx";
import { later } from "../ui/later.ts";
import { LaterDialog } from "../ui/LaterDialog.tsx";
import { Spinner } from "../ui/Spinner.tsx";
import { useTitle } from "../use-title.ts";
import { FirstRun } from "./FirstRun.tsx";
import { SessionsTable } from "./SessionsTable.tsx";
import { useOrdered } from "./use-ordered.ts";

const CreateSessionDialog = later(() =>
  import("./CreateSessionDialog.tsx").then((m) => ({ default: m.CreateSessionDialog })),
);
const TrashDialog = later(() =>
  import("../trash/TrashDialog.tsx").then((m) => ({ default: m.TrashDialog })),
);

function Waiting() {
  const status = useConnection((state) => state.connection.status);
  const offline = status === "offline" || status === "closed";
  return (
    <div className="p-10 text-center">
      {offline ? (
        <EmptyState title="The server cannot be reached">
          It may be starting or stopped. This page goes on trying and fills in by itself.
        </EmptyState>
      ) : (
        <Spinner label="Loading sessions…" />
      )}
    </div>
  );
}

/** All sessions, live. */
export function SessionsPage() {
  useTitle("Sessions · Cairn");
  const { ready, error, byId } = useSessions();
  const offline = useOffline();
  const [search, setSearch] = useState("");
  const [creating, setCreating] = useState<{ path: string | null } | null>(null);
  const [trash, setTrash] = useState(false);
  const { sessions, hold } = useOrdered(search);
  const empty = ready && byId.size === 0;
  return (
    <div className="flex h-full flex-col">
      <TopBar
        action={
          <Button
            tone="primary"
            icon={<Plus size={14} aria-hidden="true" />}
            onClick={() => setCreating({ path: null })}
            reason={offline}
          >
            <span className="max-sm:sr-only">Session</span>
          </Button>
        }
      >
        <h1 className="font-medium">Sessions</h1>
      </TopBar>
      <main className="flex min-h-0 flex-1 flex-col">
        <div className="flex flex-wrap items-center gap-2 border-b border-line px-3 py-1.5">
          {!empty && (
            <Input
              type="search"
              aria-label="Search sessions"
              placeholder="Search name or folder"
              className="min-w-40 flex-1 max-sm:basis-full sm:max-w-72"
              value={search}
              onChange={(event) => setSearch(event.target.value)}
            />
          )}
          {ready && (
            <span className="datum text-fg-3 max-sm:hidden" role="status">
              {search === ""
                ? plural(byId.size, "session")
                : `${formatCount(sessions.length)} of ${formatCount(byId.size)}`}
            </span>
          )}
          <span className="flex-1" />
          {!empty && <StartDemoButton />}
          <Button
            tone="ghost"
            icon={<Trash2 size={14} aria-hidden="true" />}
            onClick={() => setTrash(true)}
            reason={offline}
          >
            Trash
          </Button>
        </div>
        <div className="scrolls min-h-0 flex-1" {...hold}>
          {error !== null && (
            <div className="p-4">
              <ErrorNote
                error={error}
                title="The list of sessions could not be followed"
                onRetry={() => location.reload()}
              />
            </div>
          )}
          {!ready && error === null && <Waiting />}
          {empty && <FirstRun onCreate={(path) => setCreating({ path })} />}
          {sessions.length > 0 && <SessionsTable sessions={sessions} />}
          {ready && !empty && sessions.length === 0 && (
            <EmptyState
              title="No session matches"
              actions={<Button onClick={() => setSearch("")}>Clear the search</Button>}
            >
              Names and folders were searched for “{search}”.
            </EmptyState>
          )}
        </div>
      </main>
      {creating !== null && (
        <LaterDialog onClose={() => setCreating(null)}>
          <CreateSessionDialog
            path={creating.path}
            open
            onOpenChange={(open) => {
              if (!open) setCreating(null);
            }}
          />
        </LaterDialog>
      )}
      {trash && (
        <LaterDialog onClose={() => setTrash(false)}>
          <TrashDialog open onOpenChange={setTrash} />
        </LaterDialog>
      )}
    </div>
  );
}
