import type { FileChange } from "@cairn/shared/files";
import { TriangleAlert } from "lucide-react";
import { useEffect, useEffectEvent } from "react";
import { plural } from "../format.ts";
import { useUpkeep, type Outcome } from "../store/use-upkeep.ts";
import { ErrorNote } from "../ui/ErrorNote.tsx";
import { CancelButton } from "../ui/CancelButton.tsx";
import { Text } from "../ui/Text.tsx";
import { wholeOnly, type Choice } from "./choice.ts";
import { ProgressBar } from "./ProgressBar.tsx";
import type { LoadedPlan } from "./use-plan.ts";

function brokenPaths(outcome: Outcome | null): string[] {
  return (outcome?.problems ?? []).flatMap(({ path }) => (path === undefined ? [] : [path]));
}

interface Props {
  session_id: string;
  checkpoint_id: string;
  plan: LoadedPlan | null;
  /** Chooses what can be restored of the plan. */
  onWhole: (choice: Choice) => void;
}

/** Says which files of a damaged checkpoint cannot be restored, and leaves them out. */
export function DamagedTarget({ session_id, checkpoint_id, plan, onWhole }: Props) {
  const { call, state, validate } = useUpkeep({ session_id, checkpoint_id });
  const look = useEffectEvent(() => void validate(true));
  useEffect(() => look(), []);
  const { outcome, error } = state;
  const broken = brokenPaths(outcome);
  const choose = useEffectEvent((changes: readonly FileChange[], paths: readonly string[]) =>
    onWhole(wholeOnly(changes, paths)),
  );
  const changes = plan?.changes;
  useEffect(() => {
    const paths = brokenPaths(outcome);
    if (changes !== undefined && paths.length > 0) choose(changes, paths);
  }, [outcome, changes]);
  return (
    <section
      aria-label="Damaged"
      className="grid grid-cols-[minmax(0,1fr)] gap-2 rounded-sm border border-bad bg-bad-soft px-3 py-2"
    >
      <p className="flex items-start gap-2">
        <TriangleAlert size={16} className="mt-0.5 shrink-0 text-bad" aria-hidden="true" />
        <span>
          <strong className="font-semibold">This checkpoint is damaged.</strong> What of it cannot
          be read back stays in the folder as it is; everything else can be restored.
        </span>
      </p>
      {call.operation_id !== null && (
        <div className="grid gap-1">
          <ProgressBar label="Looking for what is damaged" progress={call.progress} />
          <div>
            <CancelButton cancelling={call.cancelling} onCancel={call.cancel} />
          </div>
        </div>
      )}
      {error !== null && (
        <ErrorNote
          title="What is damaged could not be found out"
          error={error}
          onRetry={() => void validate(true)}
        />
      )}
      {broken.length > 0 && (
        <>
          <p className="text-bad">{plural(broken.length, "path")} left out:</p>
          <ul className="scrolls max-h-32">
            {broken.map((path) => (
              <li key={path} className="datum wrap-anywhere">
                <Text value={path} />
              </li>
            ))}
          </ul>
        </>
      )}
      {outcome?.invalid === 0 && <p>It can be read back after all: nothing is left out.</p>}
    </section>
  );
}
