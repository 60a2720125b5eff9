import { formatCount, plural } from "../format.ts";
import { Text } from "../ui/Text.tsx";
import { classNames } from "../ui/class-names.ts";
import { shownCharacters, type DiffLine, type DiffRow } from "./diff-rows.ts";

/** Pixels of every row, so that a hunk's place is known without measuring. */
export const rowHeight = 20;

/** Columns that line numbers and sign take, in `ch`. */
export function gutterColumns(digits: number): number {
  return digits * 2 + 5;
}

const looks = {
  context: { row: "", gutter: "bg-surface text-fg-3", sign: " ", word: "", mark: "" },
  added: {
    row: "bg-good-soft",
    gutter: "bg-good-soft text-good",
    sign: "+",
    word: "added: ",
    mark: "bg-good/25",
  },
  removed: {
    row: "bg-bad-soft",
    gutter: "bg-bad-soft text-bad",
    sign: "−",
    word: "removed: ",
    mark: "bg-bad/25",
  },
} as const satisfies Record<DiffLine["kind"], Record<string, string>>;

interface DiffRowProps {
  row: DiffRow;
  digits: number;
  /** Index of the hunk that `[` and `]` stand on. */
  current: number;
}

/** One row of a unified diff: a line, the start of a hunk, or a note about the line above. */
export function DiffRowView({ row, digits, current }: DiffRowProps) {
  if (row.kind === "hunk")
    return (
      <div className="datum flex h-5 items-center border-y border-line bg-sunken leading-5 text-fg-3">
        <span
          className={classNames(
            "sticky left-0 border-l-2 px-2 whitespace-nowrap",
            row.index === current ? "border-accent text-fg-2" : "border-transparent",
          )}
        >
          {row.unchanged > 0 && `${plural(row.unchanged, "unchanged line")} · `}
          {row.header}
        </span>
      </div>
    );
  if (row.kind === "note")
    return (
      <div className="datum h-5 px-2 leading-5 whitespace-nowrap text-fg-3 italic">{row.text}</div>
    );
  const look = looks[row.kind];
  const width = { width: `${gutterColumns(digits)}ch` };
  return (
    <div className={classNames("datum flex h-5 leading-5", look.row)}>
      <span
        className={classNames(
          "sticky left-0 flex shrink-0 gap-[1ch] border-r border-line px-[1ch] select-none",
          look.gutter,
        )}
        style={width}
      >
        <span className="flex-1 text-right" aria-hidden="true">
          {row.old}
        </span>
        <span className="flex-1 text-right" aria-hidden="true">
          {row.new}
        </span>
        <span className="w-[1ch] font-semibold" aria-hidden="true">
          {look.sign}
        </span>
      </span>
      <span className="pl-[1ch] whitespace-pre" style={{ tabSize: 4 }}>
        {look.word !== "" && <span className="sr-only">{look.word}</span>}
        <LineText line={row} mark={look.mark} />
      </span>
    </div>
  );
}

function LineText({ line, mark }: { line: DiffLine; mark: string }) {
  const text = line.text.slice(0, shownCharacters);
  const hidden = line.text.length - text.length;
  const [from, to] = line.mark ?? [text.length, text.length];
  return (
    <>
      {from > 0 && <Text value={text.slice(0, from)} keep={"\t"} />}
      {from < to && (
        <span className={classNames("rounded-sm", mark)}>
          <Text value={text.slice(from, to)} keep={"\t"} />
        </span>
      )}
      {to < text.length && <Text value={text.slice(to)} keep={"\t"} />}
      {hidden > 0 && (
        <span className="text-fg-3"> … {formatCount(hidden)} more characters on this line</span>
      )}
    </>
  );
}
