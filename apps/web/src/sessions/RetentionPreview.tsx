import type { CheckpointSummary } from "@cairn/shared/checkpoint";
import type { Session } from "@cairn/shared/session";
import { useState } from "react";
import { compact, listCheckpoints, undo } from "../actions.ts";
import { formatCount, formatTime, plural } from "../format.ts";
import { checkpointName } from "../operations/operation-words.ts";
import { useChangeReason } from "../checkpoint/use-change-reason.ts";
import { ProgressBar } from "../restore/ProgressBar.tsx";
import { isCancelled, useLongCall } from "../state/use-long-call.ts";
import { Button } from "../ui/Button.tsx";
import { CancelButton } from "../ui/CancelButton.tsx";
import { Cancelled } from "../ui/Cancelled.tsx";
import { ErrorNote } from "../ui/ErrorNote.tsx";
import { Text } from "../ui/Text.tsx";
import { keepWords } from "./keep-words.ts";
import { keepsNothing, type KeepRules } from "./settings-form.ts";

/** Checkpoints that are named; the rest are counted. */
const namedMost = 2_000;
const shownMost = 100;

interface Preview {
  /** The rules as they were: other ones need another look. */
  key: string;
  going: Line[];
  staying: Line[];
}

interface Line {
  checkpoint_id: string;
  row: CheckpointSummary | undefined;
  reasons: readonly string[];
}

interface Done {
  words: string;
  /** What undo takes back, where something was done. */
  operation_id: string | null;
}

async function rowsOf(session_id: string): Promise<Map<string, CheckpointSummary>> {
  const rows = new Map<string, CheckpointSummary>();
  let cursor: string | undefined;
  do {
    const page = await listCheckpoints({
      session_id,
      limit: 200,
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const row of page.checkpoints) rows.set(row.checkpoint_id, row);
    cursor = page.next_cursor;
  } while (cursor !== undefined && rows.size < namedMost);
  return rows;
}

async function look(session_id: string, rules: KeepRules, operation_id: string): Promise<Preview> {
  const [{ removed, kept }, rows] = await Promise.all([
    compact({ session_id, ...rules, dry_run: true, operation_id }),
    rowsOf(session_id),
  ]);
  const line = (checkpoint_id: string, reasons: readonly string[]): Line => ({
    checkpoint_id,
    row: rows.get(checkpoint_id),
    reasons,
  });
  const newest = (a: Line, b: Line) =>
    (b.row?.sequence_number ?? 0) - (a.row?.sequence_number ?? 0);
  return {
    key: JSON.stringify(rules),
    going: removed.map((each) => line(each.checkpoint_id, [])).toSorted(newest),
    staying: kept.map((each) => line(each.checkpoint_id, each.reasons)).toSorted(newest),
  };
}

interface Props {
  session: Session;
  /** Null while what was typed cannot be read. */
  rules: KeepRules | null;
}

/** What the rules would do now, and the button that does it. */
export function RetentionPreview({ session, rules }: Props) {
  const { session_id } = session;
  const blocked = useChangeReason(session_id);
  const call = useLongCall();
  const [preview, setPreview] = useState<Preview | null>(null);
  const [done, setDone] = useState<Done | null>(null);
  const [failed, setFailed] = useState<{ what: string; error: unknown } | null>(null);
  const busy = call.operation_id !== null;
  const current = rules !== null && preview?.key === JSON.stringify(rules) ? preview : null;
  const reason =
    blocked ??
    (rules === null
      ? "Mend what is marked first"
      : keepsNothing(rules)
        ? "Give one of the rules a number above 0"
        : null);

  const attempt = async (what: string, work: () => Promise<void>): Promise<void> => {
    setFailed(null);
    setDone(null);
    try {
      await work();
    } catch (error) {
      setFailed({ what, error });
    }
  };
  const tryOut = () =>
    attempt("It could not be tried", async () => {
      if (rules !== null) setPreview(await call.run((id) => look(session_id, rules, id)));
    });
  const carryOut = () =>
    attempt("Nothing was compacted", async () => {
      if (rules === null) return;
      const result = await call.run((operation_id) =>
        compact({ session_id, ...rules, operation_id }),
      );
      setPreview(null);
      const words = `${plural(result.removed.length, "checkpoint")} went into the trash.`;
      setDone({ words, operation_id: result.operation_id ?? null });
    });
  const takeBack = (operation_id: string) =>
    attempt("They could not be brought back", async () => {
      await undo(session_id, { operation_id });
      setDone({ words: "They are back.", operation_id: null });
    });

  return (
    <section aria-label="Try it" className="grid gap-2">
      <div className="flex flex-wrap items-center gap-2">
        <Button reason={reason} busy={busy && current === null} onClick={() => void tryOut()}>
          {current === null ? "Show what would go" : "Look again"}
        </Button>
        {busy && <CancelButton cancelling={call.cancelling} onCancel={call.cancel} />}
        {current !== null && current.going.length > 0 && (
          <Button tone="danger" busy={busy} reason={reason} onClick={() => void carryOut()}>
            Put {plural(current.going.length, "checkpoint")} into the trash
          </Button>
        )}
      </div>
      {busy && <ProgressBar label="Progress of the compaction" progress={call.progress} />}
      {done !== null && (
        <p role="status" className="flex flex-wrap items-center gap-2 text-good">
          {done.words}
          {done.operation_id !== null && (
            <Button reason={blocked} onClick={() => void takeBack(done.operation_id ?? "")}>
              Undo
            </Button>
          )}
        </p>
      )}
      {failed !== null &&
        (isCancelled(failed.error) ? (
          <Cancelled>Nothing was put into the trash.</Cancelled>
        ) : (
          <ErrorNote title={failed.what} error={failed.error} onRetry={() => void tryOut()} />
        ))}
      {current !== null && (
        <>
          <p>
            <strong className="font-semibold">
              {current.going.length === 0 ? "None" : formatCount(current.going.length)} of{" "}
              {formatCount(current.going.length + current.staying.length)}
            </strong>{" "}
            would go, {formatCount(current.staying.length)} stay.
          </p>
          <Lines title="Would go" lines={current.going} open />
          <Lines title="Stay" lines={current.staying} open={current.going.length === 0} />
        </>
      )}
    </section>
  );
}

function Lines({ title, lines, open }: { title: string; lines: readonly Line[]; open: boolean }) {
  if (lines.length === 0) return null;
  return (
    <details open={open} className="rounded-sm border border-line bg-surface">
      <summary className="px-2 py-1 font-medium">
        {title} <span className="datum font-normal text-fg-3">{formatCount(lines.length)}</span>
      </summary>
      <ul
        aria-label={title}
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls
        tabIndex={0}
        className="scrolls max-h-48 border-t border-line"
      >
        {lines.slice(0, shownMost).map(({ checkpoint_id, row, reasons }) => (
          <li key={checkpoint_id} className="border-b border-line px-2 py-1 last:border-0">
            <span className="flex items-baseline gap-2">
              <span className="min-w-0 flex-1 truncate">
                <Text value={checkpointName(row?.message, checkpoint_id)} />
              </span>
              {row !== undefined && (
                <span className="datum shrink-0 text-fg-3">{formatTime(row.created_at)}</span>
              )}
            </span>
            {reasons.length > 0 && (
              <span className="block text-xs text-fg-2">{reasons.map(keepWords).join(", ")}</span>
            )}
          </li>
        ))}
        {lines.length > shownMost && (
          <li className="px-2 py-1 text-fg-3">
            and {formatCount(lines.length - shownMost)} older ones
          </li>
        )}
      </ul>
    </details>
  );
}
