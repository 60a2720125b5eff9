import { useState } from "react";
import { Link } from "react-router";
import { folderName, formatCount } from "../format.ts";
import { classNames } from "../ui/class-names.ts";
import { Input } from "../ui/Field.tsx";
import { RelativeTime } from "../ui/RelativeTime.tsx";
import { Text } from "../ui/Text.tsx";
import { visibleString } from "../ui/visible.ts";
import { useOrdered } from "./use-ordered.ts";

const cap = 200;

/** The sessions at the left of one of them. */
export function SessionsRail({ current }: { current: string }) {
  const [search, setSearch] = useState("");
  const { sessions, hold } = useOrdered(search);
  return (
    <nav aria-label="Sessions" className="flex min-h-0 flex-col border-r border-line" {...hold}>
      <div className="border-b border-line p-2">
        <Input
          type="search"
          aria-label="Search sessions"
          placeholder="Search sessions"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
      </div>
      <ul className="scrolls min-h-0 flex-1">
        {sessions.slice(0, cap).map((session) => {
          const here = session.session_id === current;
          return (
            <li key={session.session_id}>
              <Link
                to={`/s/${session.session_id}`}
                aria-current={here ? "page" : undefined}
                className={classNames(
                  "block border-b border-line px-3 py-1.5 -outline-offset-2",
                  here ? "bg-selected shadow-[inset_3px_0_var(--accent)]" : "hover:bg-surface",
                )}
              >
                <span className="flex items-baseline gap-2">
                  <span
                    className="min-w-0 flex-1 truncate font-medium"
                    title={visibleString(session.name)}
                  >
                    <Text value={session.name} />
                  </span>
                  <span className="datum shrink-0 text-fg-3">
                    {formatCount(session.checkpoints)}
                  </span>
                </span>
                <span className="datum flex gap-1.5 text-fg-3">
                  <span className="shrink-0">
                    {session.last_event_at === null ? (
                      "–"
                    ) : (
                      <RelativeTime time={session.last_event_at} />
                    )}
                  </span>
                  <span aria-hidden="true">·</span>
                  <span className="min-w-0 truncate">
                    {session.workspace === null ? (
                      "state only"
                    ) : (
                      <Text value={folderName(session.workspace)} />
                    )}
                  </span>
                </span>
              </Link>
            </li>
          );
        })}
        {sessions.length === 0 && <li className="px-3 py-2 text-fg-3">No session matches.</li>}
      </ul>
    </nav>
  );
}
