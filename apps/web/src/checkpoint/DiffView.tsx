import type { DiffFile } from "@cairn/shared/files";
import { useCallback } from "react";
import { diff } from "../actions.ts";
import { useKept } from "../ui/use-kept.ts";
import { Button } from "../ui/Button.tsx";
import { toFailure } from "../ui/error.ts";
import { ChangedFiles } from "./ChangedFiles.tsx";
import { FileDiff } from "./FileDiff.tsx";
import { pathKey } from "./paths.ts";
import { PathsOnly, type KnownPaths, type WhyLost } from "./PathsOnly.tsx";
import { usePages } from "./use-pages.ts";

const pageSize = 100;

interface DiffViewProps {
  session_id: string;
  /** As in `diff`: a checkpoint, the folder now, or nothing. */
  from: string | null;
  to: string;
  /** How many files differ, as far as it is known. */
  total: number;
  /** Key of the file whose lines are wanted. */
  wanted: string | null;
  onWanted: (key: string) => void;
  /** What is said when nothing differs. */
  same: string;
  /** What is shown when the two cannot be compared any more. */
  names?: KnownPaths;
}

/** Why two sides can never be compared again; null when trying again may help. */
function whyLost(error: unknown): WhyLost | null {
  const { code, details } = toFailure(error);
  if ("purged_at" in details) return "purged";
  return code === "damaged" ? "damaged" : null;
}

/** The files that differ between two sides, and the lines of one of them. */
export function DiffView(props: DiffViewProps) {
  const { session_id, from, to, total, wanted, onWanted, same, names } = props;
  const [whitespace, setWhitespace] = useKept("cairn.whitespace", "shown");
  const ignored = whitespace === "ignored";
  const load = useCallback(
    async (cursor: string | undefined) => {
      const { files, next_cursor } = await diff({
        session_id,
        from,
        to,
        limit: pageSize,
        ...(ignored ? { ignore_whitespace: true } : {}),
        ...(cursor === undefined ? {} : { cursor }),
      });
      return { items: files, next_cursor };
    },
    [session_id, from, to, ignored],
  );
  const pages = usePages<DiffFile>(load);

  const known = pages.items.some((file) => pathKey(file) === wanted);
  const first = pages.items.find((file) => (file.after ?? file.before)?.kind !== "directory");
  const fallback = first ?? pages.items[0];
  // A file of the address may stand on a page that is not loaded; one that stood in another
  // checkpoint gives way to the first file of this one.
  const selected =
    wanted !== null && (known || pages.hasMore || pages.loading === "first")
      ? wanted
      : fallback === undefined
        ? null
        : pathKey(fallback);

  const lost = pages.error === null ? null : whyLost(pages.error);
  if (lost !== null && names !== undefined) return <PathsOnly {...names} why={lost} />;
  if (pages.loading === null && pages.error === null && pages.items.length === 0)
    return ignored ? (
      <p className="flex flex-wrap items-center gap-2 text-fg-2">
        Nothing differs but, at most, white space.
        <Button onClick={() => setWhitespace("shown")}>Show white space</Button>
      </p>
    ) : (
      <p className="text-fg-2">{same}</p>
    );
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <ChangedFiles
        key={`${from} ${to}`}
        pages={pages}
        total={total}
        selected={selected}
        onSelect={(file) => onWanted(pathKey(file))}
      />
      {selected !== null && pages.loading !== "first" && (
        <FileDiff
          session_id={session_id}
          from={from}
          to={to}
          path={selected}
          whitespace={ignored ? "ignored" : "shown"}
          onWhitespace={setWhitespace}
        />
      )}
    </div>
  );
}
