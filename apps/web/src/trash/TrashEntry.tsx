import { useRef, useState } from "react";
import { useOffline } from "../state/connection.ts";
import { Button } from "../ui/Button.tsx";
import { ErrorNote } from "../ui/ErrorNote.tsx";
import { RelativeTime } from "../ui/RelativeTime.tsx";
import { Text } from "../ui/Text.tsx";

interface TrashEntryProps {
  kind: string;
  name: string;
  detail: string;
  deleted_at: string | null;
  /** What deleting it for good means, in a sentence. */
  effect: string;
  onUndelete: () => Promise<unknown>;
  onPurge: () => Promise<unknown>;
  /** It is no longer in the trash. */
  onGone: () => void;
}

/** One deleted thing: take it back, or delete it for good after a second yes. */
export function TrashEntry(props: TrashEntryProps) {
  const { kind, name, detail, deleted_at, effect, onUndelete, onPurge, onGone } = props;
  const offline = useOffline();
  const [confirming, setConfirming] = useState(false);
  const [busy, setBusy] = useState<"undelete" | "purge" | null>(null);
  const [failed, setFailed] = useState<{ verb: "undelete" | "purge"; error: unknown } | null>(null);
  const keep = useRef<HTMLButtonElement>(null);

  const run = async (verb: "undelete" | "purge"): Promise<void> => {
    setBusy(verb);
    setFailed(null);
    try {
      await (verb === "undelete" ? onUndelete() : onPurge());
      onGone();
    } catch (error) {
      setFailed({ verb, error });
    } finally {
      setBusy(null);
    }
  };

  return (
    <li className="rounded-sm border border-line bg-surface px-3 py-2">
      <div className="flex flex-wrap items-center gap-2">
        <div className="min-w-40 flex-1">
          <p className="wrap-anywhere">
            <span className="datum text-fg-3">{kind}</span> <Text value={name} />
          </p>
          <p className="text-xs text-fg-3">
            {detail}
            {deleted_at !== null && (
              <>
                {" · deleted "}
                <RelativeTime time={deleted_at} ago />
              </>
            )}
          </p>
        </div>
        {!confirming && (
          <div className="ml-auto flex flex-wrap justify-end gap-1">
            <Button
              busy={busy === "undelete"}
              reason={offline}
              onClick={() => void run("undelete")}
            >
              Undelete
            </Button>
            <Button
              tone="ghost"
              reason={offline}
              onClick={() => {
                setConfirming(true);
                requestAnimationFrame(() => keep.current?.focus());
              }}
            >
              Delete for good…
            </Button>
          </div>
        )}
      </div>
      {confirming && (
        <div
          role="group"
          aria-label="Delete for good"
          className="mt-2 grid gap-2 border-t border-line pt-2"
        >
          <p className="text-bad wrap-anywhere">
            <Text value={effect} />
          </p>
          <div className="flex flex-wrap justify-end gap-2">
            <Button ref={keep} onClick={() => setConfirming(false)}>
              Keep it
            </Button>
            <Button
              tone="danger"
              busy={busy === "purge"}
              reason={offline}
              onClick={() => void run("purge")}
            >
              Delete for good
            </Button>
          </div>
        </div>
      )}
      {failed !== null && (
        <div className="mt-2">
          <ErrorNote
            title={failed.verb === "undelete" ? "It could not be taken back" : "It was not deleted"}
            error={failed.error}
            onRetry={() => void run(failed.verb)}
          />
        </div>
      )}
    </li>
  );
}
