import type { Session } from "@cairn/shared/session";
import { useMemo, useState } from "react";
import { useSessions } from "../state/sessions.ts";
import { byActivity, keepOrder, matchesSearch } from "./order.ts";

interface Ordered {
  sessions: Session[];
  /** For the element around the list: rows do not move while a pointer is over them. */
  hold: { onPointerEnter: () => void; onPointerLeave: () => void };
}

/** The sessions that match, newest activity first. */
export function useOrdered(search: string): Ordered {
  const byId = useSessions((state) => state.byId);
  const [held, setHeld] = useState<readonly string[] | null>(null);
  const sessions = useMemo(() => {
    const found = [...byId.values()].filter((session) => matchesSearch(session, search));
    return held === null ? found.toSorted(byActivity) : keepOrder(found, held);
  }, [byId, search, held]);
  const hold = {
    onPointerEnter: () => setHeld(sessions.map((session) => session.session_id)),
    onPointerLeave: () => setHeld(null),
  };
  return { sessions, hold };
}
