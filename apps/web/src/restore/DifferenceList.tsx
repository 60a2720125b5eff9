import type { Difference } from "@cairn/shared/files";
import { PathLabel } from "../checkpoint/PathLabel.tsx";
import { pathKey } from "../checkpoint/paths.ts";
import { plural } from "../format.ts";
import { Button } from "../ui/Button.tsx";
import { Text } from "../ui/Text.tsx";
import { differenceWords } from "./plan-words.ts";

/** Paths with why each is not as the checkpoint has it. */
export function Differences({ differences }: { differences: readonly Difference[] }) {
  return (
    <ul className="scrolls relative max-h-64 rounded-sm border border-line bg-surface">
      {differences.map((difference) => (
        <li
          key={`${difference.reason} ${pathKey(difference)}`}
          className="grid gap-x-3 border-b border-line px-2 py-1 last:border-b-0"
        >
          <PathLabel path={difference.path} />
          <span className="text-xs text-fg-2">
            <Text value={differenceWords(difference)} />
          </span>
        </li>
      ))}
    </ul>
  );
}

interface DifferenceListProps {
  name: string;
  differences: readonly Difference[];
  onUndo?: () => void;
}

/** The end of a restore that could not make everything as wanted. */
export function DifferenceList({ name, differences, onUndo }: DifferenceListProps) {
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <div role="alert" className="rounded-sm bg-warn-soft px-3 py-2 text-warn">
        Restored to <Text value={name} />, except {plural(differences.length, "path")}. Nothing
        there was destroyed.
      </div>
      <Differences differences={differences} />
      {onUndo !== undefined && (
        <div>
          <Button onClick={onUndo}>Undo the restore…</Button>
        </div>
      )}
    </div>
  );
}
