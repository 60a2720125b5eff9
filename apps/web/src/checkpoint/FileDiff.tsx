import type { DiffFile, DiffHunk } from "@cairn/shared/files";
import { useCallback } from "react";
import { diff } from "../actions.ts";
import { ErrorNote } from "../ui/ErrorNote.tsx";
import { Spinner } from "../ui/Spinner.tsx";
import { changeSentences, sizeChange } from "./change-words.ts";
import { ChangeMark, LineCounts } from "./ChangeMark.tsx";
import { DownloadButton } from "./DownloadButton.tsx";
import { keyParam } from "./paths.ts";
import { PathLabel } from "./PathLabel.tsx";
import { useResource } from "./use-resource.ts";
import { UnifiedDiff } from "./UnifiedDiff.tsx";

interface Loaded {
  file: DiffFile | undefined;
  hunks: readonly DiffHunk[];
  tooLarge: boolean;
}

interface FileDiffProps {
  session_id: string;
  /** As in `diff`: a checkpoint, the folder now, or nothing. */
  from: string | null;
  to: string;
  /** Key of the path (see `pathKey`). */
  path: string;
  /** Inside a list that already names the file: lower, without its name. */
  compact?: boolean;
  /** Whether lines that differ in white space only count; without `onWhitespace` they do. */
  whitespace?: "shown" | "ignored";
  onWhitespace?: (whitespace: "shown" | "ignored") => void;
}

/** Where a link points has no newline at its end, which says nothing. */
function withoutNotes(hunks: readonly DiffHunk[]): DiffHunk[] {
  return hunks.map((hunk) => ({
    ...hunk,
    lines: hunk.lines.filter((line) => !line.startsWith("\\")),
  }));
}

/** What changed in one file: its lines, or in words why there are none. */
export function FileDiff(props: FileDiffProps) {
  const { session_id, from, to, path, compact = false, whitespace = "shown", onWhitespace } = props;
  const ignored = whitespace === "ignored";
  const load = useCallback(async (): Promise<Loaded> => {
    const answer = await diff({
      session_id,
      from,
      to,
      path: keyParam(path),
      ...(ignored ? { ignore_whitespace: true } : {}),
    });
    const { files, hunks = [], too_large = false } = answer;
    const file = files[0];
    const shown = (file?.after ?? file?.before)?.kind === "symlink" ? withoutNotes(hunks) : hunks;
    return { file, hunks: shown, tooLarge: too_large };
  }, [session_id, from, to, path, ignored]);
  const { value: loaded, error, resource } = useResource(load);
  if (error !== null)
    return (
      <ErrorNote title="The difference could not be loaded" error={error} onRetry={resource.load} />
    );
  if (loaded === null)
    return (
      <div className="px-1 py-3">
        <Spinner label="Comparing…" />
      </div>
    );
  const { file, hunks, tooLarge } = loaded;
  if (file === undefined)
    return <p className="px-1 py-3 text-fg-2">This path is the same on both sides.</p>;
  const sentences = changeSentences(file, { hunks: hunks.length, tooLarge, ignored });
  const size = sizeChange(file);
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-2">
      {!compact && (
        <div className="flex min-w-0 flex-wrap items-center gap-x-2">
          <ChangeMark kind={file.kind} />
          <span className="flex min-w-36 flex-1">
            <PathLabel path={file.path} />
          </span>
          {size !== null && (
            <span className="datum shrink-0 whitespace-nowrap text-fg-3">{size}</span>
          )}
          <LineCounts added={file.added} removed={file.removed} />
          {onWhitespace !== undefined && (
            <label className="ml-2 inline-flex min-h-7 shrink-0 items-center gap-1.5 text-xs text-fg-2">
              <input
                type="checkbox"
                className="accent-(--accent)"
                checked={ignored}
                onChange={() => onWhitespace(ignored ? "shown" : "ignored")}
              />
              ignore white space
            </label>
          )}
          <DownloadButton session_id={session_id} from={from} to={to} file={file} />
        </div>
      )}
      {sentences.map((sentence) => (
        <p key={sentence} className="text-fg-2 wrap-anywhere">
          {sentence}
        </p>
      ))}
      {hunks.length > 0 && (
        <UnifiedDiff label={`Changes of ${file.path}`} hunks={hunks} low={compact} />
      )}
    </div>
  );
}
