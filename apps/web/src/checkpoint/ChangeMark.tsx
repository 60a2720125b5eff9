import type { DiffFile } from "@cairn/shared/files";
import { formatCount } from "../format.ts";
import { classNames } from "../ui/class-names.ts";
import { changeLetters } from "./change-words.ts";

const tones: Record<DiffFile["kind"], string> = {
  added: "text-good",
  modified: "text-warn",
  removed: "text-bad",
  type: "text-warn",
  mode: "text-fg-2",
  renamed: "text-fg-2",
};

/** The letter of a change, read out as its word. */
export function ChangeMark({ kind }: { kind: DiffFile["kind"] }) {
  const { letter, word } = changeLetters[kind];
  return (
    <span
      className={classNames("datum w-4 shrink-0 text-center font-semibold", tones[kind])}
      title={word}
    >
      <span aria-hidden="true">{letter}</span>
      <span className="sr-only">{word}</span>
    </span>
  );
}

/** `+12 −4`; nothing where no line changed, or none was counted. */
export function LineCounts({ added, removed }: { added: number | null; removed: number | null }) {
  if ((added ?? 0) === 0 && (removed ?? 0) === 0) return null;
  return (
    <span className="datum shrink-0 whitespace-nowrap">
      <span className="text-good">
        +{formatCount(added ?? 0)}
        <span className="sr-only"> lines added,</span>
      </span>{" "}
      <span className="text-bad">
        −{formatCount(removed ?? 0)}
        <span className="sr-only"> lines removed</span>
      </span>
    </span>
  );
}
