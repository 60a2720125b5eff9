import type { CheckpointSummary, GitPosition } from "@cairn/shared/checkpoint";
import type { ReactNode } from "react";
import { formatBytes, formatTime, plural, shortId } from "../format.ts";
import { RelativeTime } from "../ui/RelativeTime.tsx";
import { Text } from "../ui/Text.tsx";
import { LineCounts } from "./ChangeMark.tsx";
import { CopyButton } from "./CopyButton.tsx";
import { triggerWords } from "./trigger-words.ts";

const hashCharacters = 12;

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="flex min-h-6 min-w-0 gap-2">
      <dt className="w-16 shrink-0 text-xs leading-6 text-fg-3">{name}</dt>
      <dd className="flex min-h-6 min-w-0 flex-1 flex-wrap items-center self-start gap-x-2 leading-6 wrap-anywhere">
        {children}
      </dd>
    </div>
  );
}

function Hash({ what, value }: { what: string; value: string }) {
  return (
    <>
      <span className="datum" title={value}>
        {value.slice(0, hashCharacters)}
      </span>
      <CopyButton what={what} value={value} />
    </>
  );
}

/** Where the repositories below the folder stood. */
function NestedGit({ nested }: { nested: NonNullable<GitPosition["nested"]> }) {
  return (
    <details className="basis-full">
      <summary className="w-fit rounded-sm text-xs text-fg-2">
        and {plural(nested.length, "nested repository", "nested repositories")}
      </summary>
      <ul className="scrolls max-h-40">
        {nested.map(({ path, commit, branch }) => (
          <li key={path} className="datum wrap-anywhere">
            <Text value={path} />{" "}
            <span className="text-fg-3">
              <Text value={branch ?? "no branch"} />
              {commit !== null && ` @ ${commit.slice(0, 10)}`}
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}

interface FactsProps {
  summary: CheckpointSummary;
  /** Message of the parent, if it is among the loaded rows. */
  parentName: string | null;
  onParent: (checkpoint_id: string) => void;
}

/** What is known of a checkpoint beside its message. */
export function Facts({ summary, parentName, onParent }: FactsProps) {
  const { parent_id, git, tree, created_at } = summary;
  return (
    <dl className="grid grid-cols-[repeat(auto-fit,minmax(min(15rem,100%),1fr))] gap-x-6">
      <Fact name="Checkpoint">
        <span className="datum" title={summary.checkpoint_id}>
          {shortId(summary.checkpoint_id)}
        </span>
        <CopyButton what="Checkpoint id" value={summary.checkpoint_id} />
        <span className="datum text-fg-3">#{summary.sequence_number}</span>
      </Fact>
      <Fact name="Taken">
        <time className="datum" dateTime={created_at} title={created_at}>
          {formatTime(created_at)}
        </time>
        <span className="datum text-fg-3">
          <RelativeTime time={created_at} />
        </span>
      </Fact>
      <Fact name="Trigger">{triggerWords(summary.trigger)}</Fact>
      <Fact name="Author">
        <Text value={summary.author} />
      </Fact>
      <Fact name="Parent">
        {parent_id === null ? (
          <span className="text-fg-3">none: the first of its line</span>
        ) : (
          <button
            type="button"
            className="max-w-full truncate rounded-sm text-left text-accent underline decoration-1 underline-offset-2"
            title={parent_id}
            onClick={() => onParent(parent_id)}
          >
            {parentName === null ? (
              <span className="datum">{shortId(parent_id)}</span>
            ) : (
              <Text value={parentName} />
            )}
          </button>
        )}
      </Fact>
      {git !== null && (
        <Fact name="Git">
          <span className="datum">
            <Text value={git.branch ?? "no branch"} />
            {git.commit !== null && ` @ ${git.commit.slice(0, 10)}`}
          </span>
          {git.commit !== null && <CopyButton what="Git commit" value={git.commit} />}
          {git.nested !== undefined && git.nested.length > 0 && <NestedGit nested={git.nested} />}
        </Fact>
      )}
      {tree !== null && (
        <>
          <Fact name="Holds">
            <span className="datum">
              {plural(summary.files, "file")}, {formatBytes(summary.bytes)}
            </span>
          </Fact>
          <Fact name="Changed">
            <span className="datum">{plural(summary.changed_files, "file")}</span>
            <LineCounts added={summary.added} removed={summary.removed} />
          </Fact>
          <Fact name="Tree">
            <Hash what="Tree hash" value={tree} />
          </Fact>
        </>
      )}
      <Fact name="Checksum">
        <Hash what="Checksum" value={summary.checksum} />
      </Fact>
    </dl>
  );
}
