import { CircleCheck, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { plural } from "../format.ts";
import { useCheckpoint } from "../state/live.ts";
import { Text } from "../ui/Text.tsx";
import type { Choice } from "./choice.ts";
import { Differences } from "./DifferenceList.tsx";
import { PlanList } from "./PlanList.tsx";
import { countWords, isAllMissing } from "./plan-words.ts";
import type { LoadedPlan } from "./use-plan.ts";

interface PlanViewProps {
  session_id: string;
  checkpoint_id: string;
  plan: LoadedPlan;
  /** Path of the folder that changes. */
  where: string;
  copying: boolean;
  isHead: boolean;
  choice?: Choice;
  onChoice?: (choice: Choice) => void;
  /** The choice stands: it is being carried out. */
  settled?: boolean;
  loading: boolean;
  onMore: () => void;
}

function Caution({ children }: { children: ReactNode }) {
  return (
    <p className="flex items-start gap-2 rounded-sm bg-warn-soft px-3 py-1.5 text-warn">
      <TriangleAlert size={14} className="mt-0.5 shrink-0" aria-hidden="true" />
      <span className="wrap-anywhere">{children}</span>
    </p>
  );
}

/** A restore plan: the sentence, the warnings, the files, and what stays as it is. */
export function PlanView(props: PlanViewProps) {
  const { session_id, checkpoint_id, plan, where, copying, isHead } = props;
  const row = useCheckpoint(session_id, checkpoint_id);
  const nothingThere = !copying && isAllMissing(plan.counts, row?.files);
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
      {plan.total === 0 ? (
        <p className="flex items-start gap-2">
          <CircleCheck size={16} className="mt-0.5 shrink-0 text-good" aria-hidden="true" />
          <span>
            {copying
              ? "This checkpoint has no files to copy."
              : "The folder is already as this checkpoint has it. No file would change."}
            {!copying && !isHead && " Restoring still makes it where you are."}
          </span>
        </p>
      ) : (
        <p className="wrap-anywhere">
          <strong className="font-semibold">
            {plural(plan.total, "file")} {copying ? "written" : "change"}
            {plan.total === 1 && !copying && "s"}
          </strong>{" "}
          in{" "}
          <span className="datum">
            <Text value={where} />
          </span>
          {!copying && `: ${countWords(plan.counts)}`}.
        </p>
      )}
      {nothingThere && (
        <Caution>
          The folder holds nothing of this checkpoint. If it was moved, or its disk is not there,
          bring that back first.
        </Caution>
      )}
      {plan.warnings.length > 0 && (
        <ul className="grid grid-cols-[minmax(0,1fr)] gap-1">
          {plan.warnings.map((warning) => (
            <li key={`${warning.code} ${warning.message}`}>
              <Caution>
                <Text value={warning.message} />
              </Caution>
            </li>
          ))}
        </ul>
      )}
      {plan.blocked.length > 0 && (
        <section aria-label="Left as they are" className="grid grid-cols-[minmax(0,1fr)] gap-1">
          <p className="text-warn">
            {plural(plan.blocked.length, "path")} would stay as{" "}
            {plan.blocked.length === 1 ? "it is" : "they are"}:
          </p>
          <Differences differences={plan.blocked} />
        </section>
      )}
      {plan.total > 0 && <PlanList {...props} comparable={!copying} />}
    </div>
  );
}
