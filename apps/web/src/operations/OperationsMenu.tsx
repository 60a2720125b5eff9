import type { Operation } from "@cairn/shared/operation";
import { History, Redo2, Undo2 } from "lucide-react";
import { useEffect, useEffectEvent, useState } from "react";
import { listOperations } from "../actions.ts";
import { commands, useCommand } from "../commands.ts";
import { useChangeReason } from "../checkpoint/use-change-reason.ts";
import { Differences } from "../restore/DifferenceList.tsx";
import { useSession } from "../state/live.ts";
import { Button, IconButton } from "../ui/Button.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { PartBoundary } from "../ui/PartBoundary.tsx";
import { Popover } from "../ui/Popover.tsx";
import { toastError } from "../ui/toast.ts";
import { effect, nextOf } from "./operation-words.ts";
import { OperationHistory } from "./OperationHistory.tsx";
import { answerUndoRequests, request, type Direction } from "./undo-request.ts";
import { UndoDialog } from "./UndoDialog.tsx";
import { UndoStrip } from "./UndoStrip.tsx";
import { useNames } from "./use-names.ts";
import { useOperations } from "./use-operations.ts";
import { useUndo } from "./use-undo.ts";

interface OperationsMenuProps {
  session_id: string;
}

/** Undo, redo and the history of operations of a session. */
export function OperationsMenu({ session_id }: OperationsMenuProps) {
  const pages = useOperations(session_id);
  const hasFolder = useSession(session_id)?.workspace !== null;
  const undoing = useUndo(session_id, hasFolder);
  const blocked = useChangeReason(session_id);
  const [open, setOpen] = useState(false);

  const next = { undo: nextOf(pages.items, "undo"), redo: nextOf(pages.items, "redo") };
  const name = useNames(
    session_id,
    (open ? pages.items : [next.undo, next.redo]).map((each) => each?.checkpoint_id ?? null),
  );
  const words = (direction: Direction, operation: Operation | null): string =>
    effect(direction, operation, pages.items, name);
  const start = (direction: Direction, operation: Operation): void => {
    setOpen(false);
    void undoing.start(direction, operation, words(direction, operation));
  };

  const reason = (direction: Direction): string | null => {
    if (blocked !== null) return blocked;
    if (undoing.walk !== null) return "Another step is under way";
    return next[direction] === null ? words(direction, null) : null;
  };
  const startNext = (direction: Direction): void => {
    const operation = next[direction];
    if (operation !== null) start(direction, operation);
  };
  useCommand("undo", () => startNext("undo"), reason("undo"));
  useCommand("redo", () => startNext("redo"), reason("redo"));

  const answer = useEffectEvent(async (direction: Direction, id: string): Promise<void> => {
    try {
      // The notice may be quicker than the event that brings its operation into the list.
      const items = pages.items.some((each) => each.operation_id === id)
        ? pages.items
        : (await listOperations({ session_id })).operations;
      const operation = items.find((each) => each.operation_id === id);
      if (operation !== undefined)
        await undoing.start(direction, operation, effect(direction, operation, items, name));
    } catch (error) {
      toastError(`The ${direction} failed`, error, () => request(session_id, direction, id));
    }
  });
  useEffect(
    () => answerUndoRequests(session_id, (direction, id) => void answer(direction, id)),
    [session_id],
  );

  const { asking, walk } = undoing;
  const busy = walk?.direction ?? null;
  return (
    <>
      <IconButton
        label={words("undo", next.undo)}
        keys={commands.undo.keys}
        busy={busy === "undo"}
        reason={busy === "undo" ? null : reason("undo")}
        onClick={() => startNext("undo")}
      >
        <Undo2 size={16} aria-hidden="true" />
      </IconButton>
      <IconButton
        label={words("redo", next.redo)}
        keys={commands.redo.keys}
        busy={busy === "redo"}
        reason={busy === "redo" ? null : reason("redo")}
        onClick={() => startNext("redo")}
      >
        <Redo2 size={16} aria-hidden="true" />
      </IconButton>
      <Popover
        open={open}
        onOpenChange={setOpen}
        label="Operations"
        trigger={
          <button
            type="button"
            aria-label="Operations"
            title="Operations"
            className="inline-flex size-7 shrink-0 items-center justify-center rounded-sm border border-transparent text-fg-2 hover:bg-sunken hover:text-fg pointer-coarse:size-9"
          >
            <History size={16} aria-hidden="true" />
          </button>
        }
      >
        <OperationHistory
          pages={pages}
          name={name}
          busy={walk !== null}
          reason={blocked}
          onStart={start}
        />
      </Popover>
      {walk !== null && asking === null && <UndoStrip effect={walk.effect} call={undoing.call} />}
      {asking !== null && asking.plan !== null && asking.request !== null && (
        <PartBoundary
          title="What would change could not be shown"
          place="dialog"
          onClose={undoing.dismiss}
        >
          <UndoDialog
            direction={asking.direction}
            effect={words(asking.direction, asking.operation)}
            request={asking.request}
            plan={asking.plan}
            changed={asking.changed}
            busy={walk !== null}
            call={undoing.call}
            cancelled={asking.cancelled}
            error={asking.error}
            onConfirm={(plan) =>
              void undoing.confirm(plan, words(asking.direction, asking.operation))
            }
            onClose={undoing.dismiss}
          />
        </PartBoundary>
      )}
      {undoing.differences.length > 0 && (
        <Dialog
          open
          onOpenChange={undoing.dismiss}
          title="Done, except some paths"
          description="These did not end as wanted. Nothing there was destroyed."
          footer={<Button onClick={undoing.dismiss}>Close</Button>}
        >
          <Differences differences={undoing.differences} />
        </Dialog>
      )}
    </>
  );
}
