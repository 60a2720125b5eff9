import { formatClockSeconds, formatCount } from "../format.ts";
import { useConnection } from "../state/connection.ts";

/** Marks what is on the screen as possibly old: from a lost connection until it has caught up. */
export function OfflineBanner() {
  const stale = useConnection((state) => state.stale);
  const connection = useConnection((state) => state.connection);
  const liveAt = useConnection((state) => state.liveAt);
  if (!stale || liveAt === null || connection.status === "refused") return null;
  const asOf = formatClockSeconds(liveAt);
  return (
    <p role="status" className="border-b border-warn bg-warn-soft px-3 py-1 text-warn">
      {connection.status === "catching_up"
        ? `Connected again. What happened since ${asOf} is coming in${
            connection.total > 0
              ? `: ${formatCount(connection.done)} of ${formatCount(connection.total)} events`
              : ""
          }.`
        : `No connection. What you see is as of ${asOf} and may have changed since; it catches up by itself.`}
    </p>
  );
}
