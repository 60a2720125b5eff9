import { formatClockSeconds } from "../format.ts";
import { useConnection } from "../state/connection.ts";

/** Marks what is on the screen as possibly old, for as long as there is no connection. */
export function OfflineBanner() {
  const status = useConnection((state) => state.connection.status);
  const liveAt = useConnection((state) => state.liveAt);
  if (liveAt === null || (status !== "offline" && status !== "closed" && status !== "connecting"))
    return null;
  return (
    <p role="status" className="border-b border-warn bg-warn-soft px-3 py-1 text-warn">
      No connection. What you see is as of {formatClockSeconds(liveAt)} and may have changed since;
      it catches up by itself.
    </p>
  );
}
