import type { Operation } from "@cairn/shared/operation";
import type { Pages } from "../checkpoint/use-pages.ts";
import { plural } from "../format.ts";
import { Button } from "../ui/Button.tsx";
import { classNames } from "../ui/class-names.ts";
import { EmptyState } from "../ui/EmptyState.tsx";
import { ErrorNote } from "../ui/ErrorNote.tsx";
import { RelativeTime } from "../ui/RelativeTime.tsx";
import { Spinner } from "../ui/Spinner.tsx";
import { Text } from "../ui/Text.tsx";
import {
  entryAction,
  operationTarget,
  operationTitle,
  statusWord,
  type NameCheckpoint,
} from "./operation-words.ts";
import type { Direction } from "./undo-request.ts";

interface OperationHistoryProps {
  pages: Pages<Operation>;
  name: NameCheckpoint;
  busy: boolean;
  /** Why nothing can be undone now. */
  reason: string | null;
  onStart: (direction: Direction, operation: Operation) => void;
}

const problems: ReadonlySet<Operation["status"]> = new Set(["failed", "rolled_back"]);

/** The operation log: what was restored, deleted and undone, by whom and how it ended. */
export function OperationHistory({ pages, name, busy, reason, onStart }: OperationHistoryProps) {
  const { items } = pages;
  return (
    <div>
      <h2 className="border-b border-line px-3 py-2 font-semibold">Operations</h2>
      {pages.loading === "first" && (
        <div className="p-3">
          <Spinner label="Loading…" />
        </div>
      )}
      {pages.loading !== "first" && items.length === 0 && pages.error === null && (
        <EmptyState title="Nothing yet">
          Restores, deletes and compactions stand here, each with its undo.
        </EmptyState>
      )}
      <ul>
        {items.map((operation) => {
          const target = operationTarget(operation, name);
          const action = entryAction(operation);
          return (
            <li
              key={operation.operation_id}
              className="flex items-center gap-2 border-b border-line px-3 py-2 last:border-b-0"
            >
              <div className="min-w-0 flex-1">
                <p className="truncate">
                  <span className="font-medium">{operationTitle(operation, items)}</span>{" "}
                  {target !== "" && (
                    <span className="text-fg-2">
                      <Text value={target} />
                    </span>
                  )}
                </p>
                <p className="flex flex-wrap gap-x-2 text-xs text-fg-3">
                  <span className={classNames(problems.has(operation.status) && "text-bad")}>
                    {statusWord(operation)}
                  </span>
                  {operation.differences > 0 && (
                    <span className="text-warn">{plural(operation.differences, "difference")}</span>
                  )}
                  <span className="min-w-0 truncate">
                    <Text value={operation.actor} />
                  </span>
                  <span className="datum">
                    <RelativeTime time={operation.created_at} ago />
                  </span>
                </p>
              </div>
              {action !== null && (
                <Button busy={busy} reason={reason} onClick={() => onStart(action, operation)}>
                  {action === "undo" ? "Undo" : "Redo"}
                </Button>
              )}
            </li>
          );
        })}
      </ul>
      {pages.error !== null && (
        <div className="p-3">
          <ErrorNote
            title="The operations could not be loaded"
            error={pages.error}
            onRetry={pages.retry}
          />
        </div>
      )}
      {pages.hasMore && pages.error === null && (
        <div className="p-3">
          <Button busy={pages.loading === "more"} onClick={pages.loadMore}>
            Show more
          </Button>
        </div>
      )}
    </div>
  );
}
