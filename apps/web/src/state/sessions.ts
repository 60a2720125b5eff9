import type { TransientMessage } from "@cairn/shared/events";
import type { Session } from "@cairn/shared/session";
import { create } from "zustand";
import { server } from "../server.ts";
import { IngestQueue } from "./ingest.ts";
import { noteSessionFacts, noteTransientFacts } from "./live-facts.ts";
import { noteProgress } from "./progress.ts";

interface State {
  byId: ReadonlyMap<string, Session>;
  /** Whether the overview has arrived once. */
  ready: boolean;
  error: unknown;
}

/** Every session that is not deleted, live. */
export const useSessions = create<State>(() => ({ byId: new Map(), ready: false, error: null }));

type Summary = (TransientMessage & { event_type: "session_summary" })["data"];

function apply(batch: Summary[]): void {
  useSessions.setState(({ byId }) => {
    const next = new Map(byId);
    for (const { session_id, session } of batch) {
      if (session === null || session.deleted_at !== null) next.delete(session_id);
      else next.set(session_id, session);
      if (session !== null) noteSessionFacts(session);
    }
    return { byId: next };
  });
}

/** Follows the overview of all sessions until the returned function is called. */
export function followSessions(): () => void {
  const queue = new IngestQueue<Summary>(apply);
  const subscription = server().subscribe("*", {
    transient: true,
    onTransient: (message) => {
      if (message.event_type === "session_summary") queue.push(message.data);
      // Work on the whole store is told here.
      else if (message.event_type === "progress") noteProgress(message.data);
      else noteTransientFacts(message);
    },
    onSubscribed: ({ sessions = [] }) => {
      queue.clear();
      for (const session of sessions) noteSessionFacts(session);
      const byId = new Map(sessions.map((session) => [session.session_id, session]));
      useSessions.setState({ byId, ready: true, error: null });
    },
    onError: (error) => useSessions.setState({ error }),
  });
  return () => {
    subscription.unsubscribe();
    queue.clear();
  };
}
