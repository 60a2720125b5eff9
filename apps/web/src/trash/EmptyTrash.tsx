import { useRef, useState } from "react";
import { listTrash, purgeCheckpoint, purgeSession } from "../actions.ts";
import { formatCount } from "../format.ts";
import { useOffline } from "../state/connection.ts";
import { Button } from "../ui/Button.tsx";
import { ErrorNote } from "../ui/ErrorNote.tsx";

interface Props {
  /** Without it, all of every session, and deleted sessions too. */
  session_id: string | undefined;
  /** There is more than one thing to delete. */
  many: boolean;
  /** One is no longer in the trash. */
  onGone: (id: string) => void;
}

/** Deletes everything in the trash for good, after a second yes. */
export function EmptyTrash({ session_id, many, onGone }: Props) {
  const offline = useOffline();
  const keep = useRef<HTMLButtonElement>(null);
  const [asking, setAsking] = useState(false);
  const [gone, setGone] = useState<number | null>(null);
  const [error, setError] = useState<unknown>(null);
  const busy = gone !== null;

  const empty = async (): Promise<void> => {
    setError(null);
    setGone(0);
    try {
      const about = session_id === undefined ? {} : { session_id };
      let count = 0;
      for (;;) {
        // What is gone leaves the list, so that its first page is always the next to go.
        const { checkpoints, sessions } = await listTrash({ ...about, limit: 200 });
        if (checkpoints.length + sessions.length === 0) break;
        for (const each of sessions) {
          await purgeSession(each.session_id);
          onGone(each.session_id);
          setGone(++count);
        }
        // Their checkpoints went with them.
        if (sessions.length > 0) continue;
        for (const each of checkpoints) {
          await purgeCheckpoint(each.session_id, each.checkpoint_id);
          onGone(each.checkpoint_id);
          setGone(++count);
        }
      }
      setAsking(false);
    } catch (failure) {
      setError(failure);
    }
    setGone(null);
  };

  if (!asking)
    return many ? (
      <div className="mb-2 flex justify-end">
        <Button
          tone="ghost"
          reason={offline}
          onClick={() => {
            setAsking(true);
            requestAnimationFrame(() => keep.current?.focus());
          }}
        >
          Empty the trash…
        </Button>
      </div>
    ) : null;
  return (
    <div
      role="group"
      aria-label="Empty the trash"
      className="mb-2 grid gap-2 rounded-sm border border-bad px-3 py-2"
    >
      <p className="text-bad">
        Everything in this trash will be gone. Nothing brings it back. The space is given back when
        the store is collected.
      </p>
      {error !== null && (
        <ErrorNote
          title="The trash was not emptied to the end"
          error={error}
          onRetry={() => void empty()}
        />
      )}
      <div className="flex flex-wrap items-center justify-end gap-2">
        {busy && (
          <span role="status" className="datum text-fg-3">
            {formatCount(gone)} gone
          </span>
        )}
        <Button
          ref={keep}
          reason={busy ? "Wait until this is done" : null}
          onClick={() => setAsking(false)}
        >
          Keep them
        </Button>
        <Button tone="danger" busy={busy} reason={offline} onClick={() => void empty()}>
          Delete everything for good
        </Button>
      </div>
    </div>
  );
}
