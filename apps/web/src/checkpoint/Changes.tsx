import type { Checkpoint } from "@cairn/shared/checkpoint";
import type { DiffFile } from "@cairn/shared/files";
import { useCallback } from "react";
import { useSearchParams } from "react-router";
import { diff } from "../actions.ts";
import { plural } from "../format.ts";
import { Text } from "../ui/Text.tsx";
import { toFailure } from "../ui/error.ts";
import { ChangedFiles } from "./ChangedFiles.tsx";
import { FileDiff } from "./FileDiff.tsx";
import { pathKey } from "./paths.ts";
import { usePages } from "./use-pages.ts";

const pageSize = 100;

/** The files that a checkpoint changed against its parent, and the lines of one of them. */
export function Changes({ checkpoint }: { checkpoint: Checkpoint }) {
  const { session_id, checkpoint_id, parent_id, changed_files } = checkpoint;
  const [params, setParams] = useSearchParams();
  const load = useCallback(
    async (cursor: string | undefined) => {
      const { files, next_cursor } = await diff({
        session_id,
        from: parent_id,
        to: checkpoint_id,
        limit: pageSize,
        ...(cursor === undefined ? {} : { cursor }),
      });
      return { items: files, next_cursor };
    },
    [session_id, parent_id, checkpoint_id],
  );
  const pages = usePages<DiffFile>(load);

  const wanted = params.get("f");
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
  const select = (file: DiffFile): void => {
    setParams(
      (before) => {
        const next = new URLSearchParams(before);
        next.set("f", pathKey(file));
        return next;
      },
      { replace: true },
    );
  };

  if (pages.error !== null && "purged_at" in toFailure(pages.error).details)
    return <PathsOnly paths={checkpoint.changed_paths} total={changed_files} />;
  if (pages.loading === null && pages.error === null && pages.items.length === 0)
    return (
      <p className="text-fg-2">
        {parent_id === null ? "It holds no files." : "No file differs from its parent."}
      </p>
    );
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <ChangedFiles
        key={checkpoint_id}
        pages={pages}
        total={changed_files}
        selected={selected}
        onSelect={select}
      />
      {selected !== null && pages.loading !== "first" && (
        <FileDiff session_id={session_id} from={parent_id} to={checkpoint_id} path={selected} />
      )}
    </div>
  );
}

/** What is left to say when the parent was deleted for good: the names, without the lines. */
function PathsOnly({ paths, total }: { paths: readonly string[]; total: number }) {
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-2">
      <p className="text-fg-2">
        The parent was deleted for good, so there is nothing to compare with.{" "}
        {plural(total, "file")} differed from it:
      </p>
      <ul className="scrolls max-h-72 rounded-sm border border-line bg-surface">
        {paths.map((path) => (
          <li
            key={path}
            className="datum border-b border-line px-2 py-1 wrap-anywhere last:border-b-0"
          >
            <Text value={path} />
          </li>
        ))}
      </ul>
    </div>
  );
}
