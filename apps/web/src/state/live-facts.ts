import type { TransientMessage } from "@cairn/shared/events";
import type { Session } from "@cairn/shared/session";
import { create } from "zustand";

/** What is true of a session at the moment and stands in no event of its log. */
export type LiveFacts = Pick<Session, "auto_state" | "dirty_files" | "retention_state">;

const none: LiveFacts = {};

const useStore = create<{ bySession: ReadonlyMap<string, LiveFacts> }>(() => ({
  bySession: new Map(),
}));

/** Sessions that this page watches, and how often. */
const watched = new Map<string, number>();

function note(session_id: string, change: LiveFacts, gone?: keyof LiveFacts): void {
  const before = useStore.getState().bySession.get(session_id) ?? none;
  const facts = { ...before, ...change };
  if (gone !== undefined) delete facts[gone];
  if (JSON.stringify(facts) === JSON.stringify(before)) return;
  useStore.setState(({ bySession }) => ({ bySession: new Map(bySession).set(session_id, facts) }));
}

/** Says that this page is told at once how the session's folder stands, until the given function is called. */
export function watchFacts(session_id: string): () => void {
  watched.set(session_id, (watched.get(session_id) ?? 0) + 1);
  return () => {
    const left = (watched.get(session_id) ?? 0) - 1;
    if (left > 0) watched.set(session_id, left);
    else watched.delete(session_id);
  };
}

/** Takes the facts that an answer or summary gives; events of the log have none. */
export function noteSessionFacts(session: Session): void {
  const { session_id, status, auto_state, dirty_files, retention_state } = session;
  // Nobody looks at the folder: what was counted may be long untrue. Whoever watches hears better.
  const isStale = dirty_files === undefined && (!watched.has(session_id) || status !== "open");
  const change = {
    ...(auto_state === undefined ? {} : { auto_state }),
    ...(dirty_files === undefined ? {} : { dirty_files }),
    ...(retention_state === undefined ? {} : { retention_state }),
  };
  note(session_id, change, isStale ? "dirty_files" : undefined);
}

/** Takes a message that tells of such facts, if it is one. */
export function noteTransientFacts(message: TransientMessage): void {
  if (message.event_type === "workspace_dirty")
    note(message.data.session_id, { dirty_files: message.data.dirty_files });
  else if (message.event_type === "auto_state")
    note(message.data.session_id, { auto_state: message.data.auto_state });
}

/** The facts of the moment of a session. */
export function factsNow(session_id: string): LiveFacts {
  return useStore.getState().bySession.get(session_id) ?? none;
}

/** The same; draws again when they change. */
export function useLiveFacts(session_id: string): LiveFacts {
  return useStore(() => factsNow(session_id));
}
