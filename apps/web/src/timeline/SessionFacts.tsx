import type { Session } from "@cairn/shared/session";
import type { ReactNode } from "react";
import { commands } from "../commands.ts";
import { formatBytes, formatCount, formatTime } from "../format.ts";
import { AutoLine } from "../sessions/AutoLine.tsx";
import { StatusBadge } from "../sessions/StatusBadge.tsx";
import { useLiveFacts } from "../state/live-facts.ts";
import { CopyButton } from "../ui/CopyButton.tsx";
import { Kbd } from "../ui/Kbd.tsx";
import { RelativeTime } from "../ui/RelativeTime.tsx";
import { Text } from "../ui/Text.tsx";

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="flex gap-3 border-b border-line py-1.5">
      <dt className="w-24 shrink-0 text-fg-3">{name}</dt>
      <dd className="min-w-0 flex-1 wrap-anywhere">{children}</dd>
    </div>
  );
}

function Patterns({ patterns }: { patterns: readonly string[] }) {
  return patterns.map((pattern) => (
    <span key={pattern} className="datum block">
      <Text value={pattern} />
    </span>
  ));
}

const hints = [
  commands.next,
  commands.details,
  commands.restore,
  commands.create,
  commands.changes,
] as const;

/** What stands in the inspector's place while no checkpoint is selected: the session itself. */
export function SessionFacts({ session }: { session: Session }) {
  const { ignore, include } = session.settings;
  const { auto_state } = useLiveFacts(session.session_id);
  return (
    <section aria-label="Session" className="scrolls h-full p-4">
      <h2 className="text-lg font-semibold wrap-anywhere">
        <Text value={session.name} />
      </h2>
      <dl className="mt-2 border-t border-line">
        <Fact name="Folder">
          {session.workspace === null ? (
            "none: this session keeps only state"
          ) : (
            <span className="flex items-start gap-1">
              <span className="datum min-w-0 flex-1 py-1">
                <Text value={session.workspace} />
              </span>
              <CopyButton value={session.workspace} what="Path" />
            </span>
          )}
        </Fact>
        <Fact name="Status">
          <StatusBadge session={session} />
        </Fact>
        <Fact name="Checkpoints">
          <span className="datum">{formatCount(session.checkpoints)}</span>
        </Fact>
        <Fact name="Size now">
          <span className="datum">{formatBytes(session.bytes)}</span>
        </Fact>
        {auto_state !== undefined && auto_state.status !== "off" && (
          <Fact name="Automatic">
            <AutoLine session_id={session.session_id} />
          </Fact>
        )}
        <Fact name="Created">
          <span className="datum">{formatTime(session.created_at)}</span>
        </Fact>
        <Fact name="Last event">
          <span className="datum">
            {session.last_event_at === null ? (
              "none yet"
            ) : (
              <RelativeTime ago time={session.last_event_at} />
            )}
          </span>
        </Fact>
        {ignore.length > 0 && (
          <Fact name="Also ignores">
            <Patterns patterns={ignore} />
          </Fact>
        )}
        {include.length > 0 && (
          <Fact name="Includes">
            <Patterns patterns={include} />
          </Fact>
        )}
      </dl>
      <p className="mt-6 text-fg-3">Select a checkpoint to see what changed in it.</p>
      <ul className="mt-2 grid gap-1 text-fg-2">
        {hints.map((command) => (
          <li key={command.keys} className="flex items-center gap-2">
            <span className="w-12">
              <Kbd>{command.keys}</Kbd>
            </span>
            {command.title.replace("…", "")}
          </li>
        ))}
      </ul>
    </section>
  );
}
