import type { FileChange } from "@cairn/shared/files";
import { ChevronDown, ChevronRight } from "lucide-react";
import { useState } from "react";
import { changeWords, sizeChange } from "../checkpoint/change-words.ts";
import { ChangeMark } from "../checkpoint/ChangeMark.tsx";
import { FileDiff } from "../checkpoint/FileDiff.tsx";
import { PathLabel } from "../checkpoint/PathLabel.tsx";
import { pathKey } from "../checkpoint/paths.ts";
import { formatCount } from "../format.ts";
import { Button } from "../ui/Button.tsx";
import { classNames } from "../ui/class-names.ts";
import { visibleString } from "../ui/visible.ts";
import { countChosen, everything, isChosen, nothing, toggle, type Choice } from "./choice.ts";
import { fate, fateTitles } from "./plan-words.ts";
import type { LoadedPlan } from "./use-plan.ts";

interface PlanListProps {
  session_id: string;
  checkpoint_id: string;
  plan: LoadedPlan;
  /** Without it nothing can be chosen, only looked at. */
  choice?: Choice;
  onChoice?: (choice: Choice) => void;
  /** The choice stands: it is being carried out. */
  settled?: boolean;
  loading: boolean;
  onMore: () => void;
  /** Whether each file can be compared with the folder now. */
  comparable: boolean;
}

/** What a restore would do, file by file: what would be lost first. */
export function PlanList(props: PlanListProps) {
  const { plan, choice = everything, onChoice, settled = false, loading, onMore } = props;
  const [open, setOpen] = useState<string | null>(null);
  const chosen = countChosen(choice, plan.total);
  return (
    <div className="rounded-sm border border-line bg-surface">
      {onChoice !== undefined && plan.total > 1 && (
        <label className="flex min-h-8 items-center gap-2 border-b border-line px-2 text-fg-2 pointer-coarse:min-h-10">
          <input
            type="checkbox"
            className="size-4 accent-(--accent)"
            disabled={settled}
            checked={chosen === plan.total}
            ref={(box) => {
              if (box !== null) box.indeterminate = chosen > 0 && chosen < plan.total;
            }}
            onChange={() => onChoice(chosen === plan.total ? nothing : everything)}
          />
          <span className="flex-1">All files</span>
          <span className="datum" aria-live="polite">
            {formatCount(chosen)} of {formatCount(plan.total)}
          </span>
        </label>
      )}
      <ul className="scrolls relative max-h-[46vh]">
        {plan.changes.map((change, index) => {
          const key = pathKey(change);
          const before = plan.changes[index - 1];
          return (
            <PlanRow
              key={key}
              {...props}
              change={change}
              heading={before === undefined || fate(before.kind) !== fate(change.kind)}
              chosen={isChosen(choice, change)}
              settled={settled}
              onToggle={onChoice === undefined ? null : () => onChoice(toggle(choice, change))}
              open={open === key}
              onOpen={() => setOpen(open === key ? null : key)}
            />
          );
        })}
        {plan.cursor !== undefined && (
          <li className="p-2">
            <Button busy={loading} onClick={onMore}>
              Show more
            </Button>
          </li>
        )}
      </ul>
    </div>
  );
}

interface PlanRowProps {
  session_id: string;
  checkpoint_id: string;
  change: FileChange;
  heading: boolean;
  chosen: boolean;
  onToggle: (() => void) | null;
  settled: boolean;
  open: boolean;
  onOpen: () => void;
  comparable: boolean;
}

function PlanRow(props: PlanRowProps) {
  const { change, heading, chosen, onToggle, settled, open, onOpen, comparable } = props;
  const words = changeWords(change);
  const size = sizeChange(change);
  const path = visibleString(change.path);
  const content = (
    <>
      <ChangeMark kind={change.kind} />
      <PathLabel path={change.path} />
      {words !== "" && <span className="shrink-0 text-2xs text-fg-3">{words}</span>}
      {size !== null && (
        <span className="datum shrink-0 whitespace-nowrap text-fg-3 max-sm:hidden">{size}</span>
      )}
    </>
  );
  return (
    <li className="border-b border-line last:border-b-0">
      {heading && (
        <p
          className={classNames(
            "border-b border-line bg-sunken px-2 py-0.5 text-2xs font-semibold",
            change.kind === "removed" ? "text-bad" : "text-fg-2",
          )}
        >
          {comparable ? fateTitles[fate(change.kind)] : "Written"}
        </p>
      )}
      <div className="flex min-w-0 items-center">
        {onToggle !== null && (
          <label className="flex size-8 shrink-0 items-center justify-center pointer-coarse:size-10">
            <input
              type="checkbox"
              className="size-4 accent-(--accent)"
              aria-label={`${comparable ? "Restore" : "Copy"} ${path}`}
              disabled={settled}
              checked={chosen}
              onChange={onToggle}
            />
          </label>
        )}
        {comparable ? (
          <button
            type="button"
            aria-expanded={open}
            onClick={onOpen}
            className="flex min-h-8 min-w-0 flex-1 items-center gap-2 px-1 text-left -outline-offset-2 hover:bg-sunken pointer-coarse:min-h-10"
          >
            {content}
            {open ? (
              <ChevronDown size={14} className="shrink-0 text-fg-3" aria-hidden="true" />
            ) : (
              <ChevronRight size={14} className="shrink-0 text-fg-3" aria-hidden="true" />
            )}
          </button>
        ) : (
          <div className="flex min-h-8 min-w-0 flex-1 items-center gap-2 px-2">{content}</div>
        )}
      </div>
      {open && (
        <div className="border-t border-line bg-bg p-2">
          <p className="mb-1 text-xs text-fg-3">From the folder now (−) to the checkpoint (+)</p>
          <FileDiff
            session_id={props.session_id}
            from="workspace"
            to={props.checkpoint_id}
            path={pathKey(change)}
            compact
          />
        </div>
      )}
    </li>
  );
}
