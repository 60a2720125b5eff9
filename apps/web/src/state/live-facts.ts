import type { TransientMessage } from "@cairn/shared/events";
import type { Session } from "@cairn/shared/session";
import { create } from "zustand";

/** What is true of a session at the moment and stands in no event of its log. */
export type LiveFacts = Pick<Session, "auto_state" | "dirty_files" | "retention_state">;

const none: LiveFacts = {};

const useStore = create<{ bySession: ReadonlyMap<string, LiveFacts> }>(() => ({
  bySession: new Map(),
}));

function note(session_id: string, change: LiveFacts): void {
  const before = useStore.getState().bySession.get(session_id) ?? none;
  const facts = { ...before, ...change };
  if (JSON.stringify(facts) === JSON.stringify(before)) return;
  useStore.setState(({ bySession }) => ({ bySession: new Map(bySession).set(session_id, facts) }));
}

/** Takes the facts that an answer or summary gives; events of the log have none. */
export function noteSessionFacts(session: Session): void {
  const { session_id, auto_state, dirty_files, retention_state } = session;
  note(session_id, {
    ...(auto_state === undefined ? {} : { auto_state }),
    ...(dirty_files === undefined ? {} : { dirty_files }),
    ...(retention_state === undefined ? {} : { retention_state }),
  });
}

/** Takes a message that tells of such facts, if it is one. */
export function noteTransientFacts(message: TransientMessage): void {
  if (message.event_type === "workspace_dirty")
    note(message.data.session_id, { dirty_files: message.data.dirty_files });
  else if (message.event_type === "auto_state")
    note(message.data.session_id, { auto_state: message.data.auto_state });
}

/** The facts of the moment of a session; draws again when they change. */
export function useLiveFacts(session_id: string): LiveFacts {
  return useStore(({ bySession }) => bySession.get(session_id) ?? none);
}
