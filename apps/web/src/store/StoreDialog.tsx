import type { Result } from "@cairn/shared/methods";
import { useState, type ReactNode } from "react";
import { Link } from "react-router";
import { collect, storeFacts } from "../actions.ts";
import { useResource } from "../checkpoint/use-resource.ts";
import { formatBytes, formatCount, plural, shortId } from "../format.ts";
import { runCommand } from "../commands.ts";
import { ProgressBar } from "../restore/ProgressBar.tsx";
import { useOffline } from "../state/connection.ts";
import { useSessions } from "../state/sessions.ts";
import { isCancelled, useLongCall } from "../state/use-long-call.ts";
import { Button } from "../ui/Button.tsx";
import { CancelButton } from "../ui/CancelButton.tsx";
import { Cancelled } from "../ui/Cancelled.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { ErrorNote } from "../ui/ErrorNote.tsx";
import { RelativeTime } from "../ui/RelativeTime.tsx";
import { Spinner } from "../ui/Spinner.tsx";
import { Text } from "../ui/Text.tsx";
import { ratioWords } from "./store-words.ts";

type Facts = Result<"store_facts">;

const sessionsShown = 20;

interface Props {
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** What the store holds, how well it packs, and what is kept for nothing. */
export function StoreDialog({ open, onOpenChange }: Props) {
  const offline = useOffline();
  const { value: facts, error, loading, resource } = useResource(storeFacts);
  const call = useLongCall();
  const [freed, setFreed] = useState<Result<"collect"> | null>(null);
  const [failed, setFailed] = useState<unknown>(null);
  const busy = call.operation_id !== null;
  const close = () => onOpenChange(false);

  const collectNow = async (): Promise<void> => {
    setFailed(null);
    setFreed(null);
    try {
      setFreed(await call.run((operation_id) => collect(operation_id)));
    } catch (reason) {
      setFailed(reason);
    }
    resource.load();
  };

  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      locked={busy}
      title="Store"
      description="Where the files of all checkpoints are kept, each content once."
      footer={
        busy ? (
          <CancelButton cancelling={call.cancelling} onCancel={call.cancel} />
        ) : (
          <>
            <Button onClick={close}>Close</Button>
            <Button
              reason={offline}
              onClick={() => {
                close();
                runCommand("validate");
              }}
            >
              Validate everything…
            </Button>
            <Button tone="primary" reason={offline} onClick={() => void collectNow()}>
              Collect
            </Button>
          </>
        )
      }
    >
      <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
        {busy && <ProgressBar label="Progress of the collection" progress={call.progress} />}
        {freed !== null && (
          <p role="status" className="text-good">
            {freed.freed_bytes === 0
              ? "There was nothing to give back."
              : `${formatBytes(freed.freed_bytes)} given back: ${plural(freed.removed_objects, "object")} that nothing names any more.`}
          </p>
        )}
        {failed !== null &&
          (isCancelled(failed) ? (
            <Cancelled>
              What was given back so far stays so; the rest waits for the next time.
            </Cancelled>
          ) : (
            <ErrorNote
              title="The collection failed"
              error={failed}
              onRetry={() => void collectNow()}
            />
          ))}
        {error !== null && (
          <ErrorNote title="The store could not be asked" error={error} onRetry={resource.load} />
        )}
        {facts === null && loading && <Spinner label="Asking the store…" />}
        {facts !== null && <FactsList facts={facts} onLeave={close} />}
      </div>
    </Dialog>
  );
}

function Fact({ name, note, children }: { name: string; note?: ReactNode; children: ReactNode }) {
  return (
    <div className="flex flex-wrap gap-x-3 border-b border-line py-1.5">
      <dt className="w-36 shrink-0 text-fg-3">{name}</dt>
      <dd className="min-w-0 flex-1">
        <span className="datum">{children}</span>
        {note !== undefined && <span className="block text-xs text-fg-3">{note}</span>}
      </dd>
    </div>
  );
}

function FactsList({ facts, onLeave }: { facts: Facts; onLeave: () => void }) {
  const byId = useSessions((state) => state.byId);
  const { limit_bytes, stored_bytes, dead_bytes, last_collection, last_validation } = facts;
  const usable = limit_bytes === null ? null : Math.max(0, limit_bytes - facts.reserved_bytes);
  const largest = facts.by_session.toSorted((a, b) => b.bytes - a.bytes).slice(0, sessionsShown);
  return (
    <>
      {usable !== null && <Fill stored={stored_bytes} usable={usable} />}
      <dl className="border-t border-line">
        <Fact
          name="On disk"
          note={`${plural(facts.packs, "pack")}, ${plural(facts.objects, "object")}`}
        >
          {formatBytes(stored_bytes)}
        </Fact>
        <Fact
          name="Limit"
          note={
            limit_bytes === null
              ? "Set one where the server is started: --store-limit 20GB"
              : `${formatBytes(facts.reserved_bytes)} of it only restores may use, so that a full store can still restore`
          }
        >
          {limit_bytes === null ? "none, as much as the disk holds" : formatBytes(limit_bytes)}
        </Fact>
        <Fact
          name="Kept for nothing"
          note="Of checkpoints that are gone. Collect gives most of it back"
        >
          {formatBytes(dead_bytes)}
        </Fact>
        <Fact
          name="Deduplication"
          note={`${formatBytes(facts.logical_bytes)} in all checkpoints, kept as ${formatBytes(facts.raw_bytes)} with the lists of their folders`}
        >
          {ratioWords(facts.dedupe_ratio)}
        </Fact>
        <Fact name="Compression">{ratioWords(facts.compression_ratio)}</Fact>
        <Fact name="Last collection">
          {last_collection === null ? (
            "none yet"
          ) : (
            <>
              <RelativeTime time={last_collection.at} ago />,{" "}
              {formatBytes(last_collection.freed_bytes)} given back
            </>
          )}
        </Fact>
        <Fact name="Last validation">
          {last_validation === null ? (
            "none yet"
          ) : (
            <>
              <RelativeTime time={last_validation.at} ago />
              {last_validation.deep ? ", every byte" : ""}:{" "}
              {last_validation.invalid === 0
                ? `all ${formatCount(last_validation.valid)} sound`
                : `${formatCount(last_validation.invalid)} damaged`}
            </>
          )}
        </Fact>
      </dl>
      {largest.length > 0 && (
        <section aria-label="By session" className="grid gap-1">
          <h3 className="text-xs font-medium text-fg-2">What each session alone keeps</h3>
          <ul className="rounded-sm border border-line bg-surface">
            {largest.map(({ session_id, bytes }) => (
              <li
                key={session_id}
                className="flex items-baseline gap-3 border-b border-line px-2 py-1 last:border-0"
              >
                <Link
                  to={`/s/${session_id}`}
                  onClick={onLeave}
                  className="min-w-0 flex-1 truncate text-accent underline"
                >
                  <Text value={byId.get(session_id)?.name ?? shortId(session_id)} />
                </Link>
                <span className="datum shrink-0">{formatBytes(bytes)}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function Fill({ stored, usable }: { stored: number; usable: number }) {
  const share = usable === 0 ? 1 : Math.min(1, stored / usable);
  const full = share >= 0.9;
  return (
    <div className="grid gap-1">
      <div
        role="meter"
        aria-label="How full the store is"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(share * 100)}
        className="h-2 overflow-hidden rounded-full bg-sunken"
      >
        <div
          className={full ? "h-full bg-warn" : "h-full bg-accent"}
          style={{ width: `${share * 100}%` }}
        />
      </div>
      <p className={full ? "text-warn" : "text-fg-2"}>
        {formatBytes(stored)} of {formatBytes(usable)} used
        {full && ". Compact old checkpoints and empty the trash, then collect; or raise the limit"}.
      </p>
    </div>
  );
}
