import type { DiffFile } from "@cairn/shared/files";
import { useEffect, useId, useMemo, useRef, useState } from "react";
import { formatCount, plural } from "../format.ts";
import { Button } from "../ui/Button.tsx";
import { classNames } from "../ui/class-names.ts";
import { ErrorNote } from "../ui/ErrorNote.tsx";
import { Input } from "../ui/Field.tsx";
import { Text } from "../ui/Text.tsx";
import { visibleString } from "../ui/visible.ts";
import { changeWords, movedNote } from "./change-words.ts";
import { ChangeMark, LineCounts } from "./ChangeMark.tsx";
import { PathLabel } from "./PathLabel.tsx";
import { pathKey } from "./paths.ts";
import type { Pages } from "./use-pages.ts";

const filterFrom = 20;

interface ChangedFilesProps {
  pages: Pages<DiffFile>;
  /** How many files differ in all. */
  total: number;
  /** Key of the file whose difference is shown. */
  selected: string | null;
  onSelect: (file: DiffFile) => void;
}

/** The files that a checkpoint changed, a page at a time. */
export function ChangedFiles({ pages, total, selected, onSelect }: ChangedFilesProps) {
  const [filter, setFilter] = useState("");
  const hint = useId();
  const list = useRef<HTMLUListElement>(null);
  const { items } = pages;
  const shown = useMemo(() => {
    const wanted = filter.trim().toLowerCase();
    if (wanted === "") return items;
    return items.filter((file) => file.path.toLowerCase().includes(wanted));
  }, [items, filter]);
  const note = movedNote(items);
  const place = shown.findIndex((file) => pathKey(file) === selected);
  // A file of the address may stand below what the list shows.
  useEffect(() => {
    const box = list.current;
    const row = box?.children[place];
    if (box === null || !(row instanceof HTMLElement)) return;
    const below = row.offsetTop + row.offsetHeight > box.scrollTop + box.clientHeight;
    if (below || row.offsetTop < box.scrollTop) box.scrollTop = row.offsetTop - row.offsetHeight;
  }, [place]);

  if (pages.loading === "first") return <Skeleton rows={Math.min(Math.max(total, 1), 6)} />;
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-2">
      {Math.max(total, items.length) > filterFrom && (
        <div>
          <Input
            mono
            type="search"
            aria-label="Filter changed files"
            aria-describedby={hint}
            placeholder="Filter files"
            value={filter}
            onChange={(event) => setFilter(event.target.value)}
          />
          <p id={hint} className="mt-1 text-xs text-fg-3" aria-live="polite">
            {filter.trim() === ""
              ? pages.hasMore
                ? `${formatCount(items.length)} of ${plural(Math.max(total, items.length), "file")} loaded`
                : ""
              : `${plural(shown.length, "file")} of ${formatCount(items.length)} loaded`}
          </p>
        </div>
      )}
      {shown.length > 0 && (
        <ul
          ref={list}
          className="scrolls relative max-h-58 rounded-sm border border-line bg-surface"
        >
          {shown.map((file) => (
            <FileRow
              key={pathKey(file)}
              file={file}
              selected={pathKey(file) === selected}
              onSelect={onSelect}
            />
          ))}
        </ul>
      )}
      {note !== "" && <p className="text-xs text-fg-3">{note}</p>}
      {shown.length === 0 && filter.trim() !== "" && (
        <p className="text-fg-2">No loaded file has “{filter.trim()}” in its path.</p>
      )}
      {pages.error !== null && (
        <ErrorNote
          title="The changed files could not be loaded"
          error={pages.error}
          onRetry={pages.retry}
        />
      )}
      {pages.hasMore && pages.error === null && (
        <div>
          <Button busy={pages.loading === "more"} onClick={pages.loadMore}>
            Show more
          </Button>
        </div>
      )}
    </div>
  );
}

interface FileRowProps {
  file: DiffFile;
  selected: boolean;
  onSelect: (file: DiffFile) => void;
}

function FileRow({ file, selected, onSelect }: FileRowProps) {
  const words = changeWords(file);
  return (
    <li className="border-b border-line last:border-b-0">
      <button
        type="button"
        aria-current={selected ? "true" : undefined}
        onClick={() => onSelect(file)}
        className={classNames(
          "flex min-h-7 w-full min-w-0 items-center gap-2 border-l-2 px-2 text-left -outline-offset-2 pointer-coarse:min-h-10",
          selected ? "border-accent bg-selected" : "border-transparent hover:bg-sunken",
        )}
      >
        <ChangeMark kind={file.kind} />
        <PathLabel path={file.path} />
        {file.renamed_from !== undefined && (
          <span
            className="datum min-w-0 shrink-[3] truncate text-fg-3"
            title={`Renamed from ${visibleString(file.renamed_from)}`}
          >
            <span aria-hidden="true">← </span>
            <span className="sr-only">renamed from </span>
            <Text value={file.renamed_from} />
          </span>
        )}
        {words !== "" && (
          <span className="max-w-40 shrink-0 truncate text-2xs text-fg-3">{words}</span>
        )}
        <LineCounts added={file.added} removed={file.removed} />
      </button>
    </li>
  );
}

function Skeleton({ rows }: { rows: number }) {
  return (
    <div role="status" aria-label="Loading the changed files" className="grid gap-px">
      {Array.from({ length: rows }, (_, row) => (
        // oxlint-disable-next-line react/no-array-index-key -- placeholders have no identity
        <div key={row} className="h-7 rounded-sm bg-sunken opacity-60" />
      ))}
    </div>
  );
}
