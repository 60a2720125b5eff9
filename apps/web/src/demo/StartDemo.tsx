import type { Session } from "@cairn/shared/session";
import { CirclePlay, Trash2 } from "lucide-react";
import { useState } from "react";
import { useNavigate } from "react-router";
import { purgeSession, startDemo } from "../actions.ts";
import { useOffline } from "../state/connection.ts";
import { Button } from "../ui/Button.tsx";
import { ErrorNote } from "../ui/ErrorNote.tsx";
import { Text } from "../ui/Text.tsx";
import { toast } from "../ui/toast.ts";

/** Starts a scripted agent on a folder of its own, and goes to its session. */
export function StartDemoButton() {
  const navigate = useNavigate();
  const offline = useOffline();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);

  const start = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      const { session_id } = await startDemo();
      await navigate(`/s/${session_id}`);
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };

  return (
    <div className="grid justify-items-start gap-2">
      <Button
        icon={<CirclePlay size={16} aria-hidden="true" />}
        busy={busy}
        reason={offline}
        onClick={() => void start()}
      >
        Start a demo session
      </Button>
      {error !== null && (
        <ErrorNote
          title="The demo could not be started"
          error={error}
          onRetry={() => void start()}
        />
      )}
    </div>
  );
}

interface DemoBarProps {
  session: Session;
}

/** Says that a session is a demo, with the one click that deletes it and its folder. */
export function DemoBar({ session }: DemoBarProps) {
  const navigate = useNavigate();
  const offline = useOffline();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  if (!session.demo) return null;

  const remove = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      await purgeSession(session.session_id);
      toast("The demo session and its folder are deleted");
      await navigate("/");
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };

  return (
    <aside aria-label="Demo session" className="border-b border-line bg-accent-soft px-3 py-1.5">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <p className="min-w-0 flex-1 wrap-anywhere">
          This is a demo session
          {session.workspace !== null && (
            <>
              {" in "}
              <span className="datum">
                <Text value={session.workspace} />
              </span>
            </>
          )}
          .
        </p>
        <Button
          icon={<Trash2 size={14} aria-hidden="true" />}
          busy={busy}
          reason={offline}
          onClick={() => void remove()}
        >
          Delete it
        </Button>
      </div>
      {error !== null && (
        <div className="mt-1">
          <ErrorNote title="The demo was not deleted" error={error} onRetry={() => void remove()} />
        </div>
      )}
    </aside>
  );
}
