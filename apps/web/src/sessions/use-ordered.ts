import type { Session } from "@cairn/shared/session";
import { useMemo, useRef } from "react";
import { useSessions } from "../state/sessions.ts";
import { byActivity, keepOrder, matchesSearch } from "./order.ts";

/** The sessions that match, newest activity first; `held` keeps rows from moving under a pointer. */
export function useOrdered(search: string, held: boolean): Session[] {
  const byId = useSessions((state) => state.byId);
  const before = useRef<string[]>([]);
  return useMemo(() => {
    const found = [...byId.values()].filter((session) => matchesSearch(session, search));
    // oxlint-disable-next-line react/refs -- the order on the screen, which this very list becomes
    const ordered = held ? keepOrder(found, before.current) : found.toSorted(byActivity);
    before.current = ordered.map((session) => session.session_id);
    return ordered;
  }, [byId, search, held]);
}
