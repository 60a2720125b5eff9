import type { Result } from "@cairn/shared/methods";
import { Link } from "react-router";
import { plural, shortId } from "../format.ts";
import { useSessions } from "../state/sessions.ts";
import { Text } from "../ui/Text.tsx";

export type Problem = Result<"validate">["problems"][number];

interface Props {
  problems: readonly Problem[];
  /** A link was followed: what the list stands in is in the way. Without it, all is of one checkpoint. */
  onLeave?: () => void;
}

/** What is broken, by checkpoint: the paths, why, and the damaged object. */
export function Problems({ problems, onLeave }: Props) {
  const byId = useSessions((state) => state.byId);
  const groups = new Map<string, Problem[]>();
  for (const problem of problems) {
    const group = groups.get(problem.checkpoint_id) ?? [];
    group.push(problem);
    groups.set(problem.checkpoint_id, group);
  }
  return (
    <ul aria-label="What is damaged" className="grid grid-cols-[minmax(0,1fr)] gap-2">
      {[...groups.values()].map((group) => {
        const [first] = group;
        if (first === undefined) return null;
        const { session_id, checkpoint_id } = first;
        const paths = group.filter((each) => each.path !== undefined).length;
        return (
          <li key={checkpoint_id} className="rounded-sm border border-bad bg-surface">
            {onLeave !== undefined && (
              <p className="flex flex-wrap items-baseline gap-x-2 border-b border-line px-2 py-1">
                <Link
                  to={`/s/${session_id}?c=${checkpoint_id}`}
                  onClick={onLeave}
                  className="text-accent underline"
                >
                  Checkpoint <span className="datum">{shortId(checkpoint_id)}</span>
                </Link>
                <span className="min-w-0 truncate text-fg-2">
                  of <Text value={byId.get(session_id)?.name ?? shortId(session_id)} />
                </span>
                {paths > 0 && <span className="text-bad">{plural(paths, "damaged path")}</span>}
              </p>
            )}
            <ul className="scrolls max-h-40">
              {group.map(({ path, problem, object }, at) => (
                // oxlint-disable-next-line react/no-array-index-key -- one answer's problems never move
                <li key={at} className="border-b border-line px-2 py-1 last:border-0">
                  {path !== undefined && (
                    <span className="datum block wrap-anywhere">
                      <Text value={path} />
                    </span>
                  )}
                  <span className="text-xs text-fg-2 wrap-anywhere">
                    <Text value={problem} />
                    {object !== undefined && (
                      <span className="datum text-fg-3" title={object}>
                        {" "}
                        object {object.slice(0, 12)}
                      </span>
                    )}
                  </span>
                </li>
              ))}
            </ul>
          </li>
        );
      })}
    </ul>
  );
}
