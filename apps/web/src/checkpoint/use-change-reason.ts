import { useOffline } from "../state/connection.ts";
import { useSession } from "../state/live.ts";

/** Why nothing of a session can be changed now, or null: for `reason` of what changes something. */
export function useChangeReason(session_id: string): string | null {
  const offline = useOffline();
  const status = useSession(session_id)?.status;
  if (offline !== null) return offline;
  if (status === "closed") return "This session is closed. Open it again to change it";
  if (status === "recovery_pending") return "This session waits until its folder can be reached";
  return null;
}
