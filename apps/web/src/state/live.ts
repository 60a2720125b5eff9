import type { CheckpointSummary } from "@cairn/shared/checkpoint";
import type { LiveEvent } from "@cairn/shared/events";
import type { Session } from "@cairn/shared/session";
import { useEffect, useEffectEvent, useMemo } from "react";
import { useStore } from "zustand";
import { server } from "../server.ts";
import { LiveSession, type LiveState } from "./live-session.ts";
import { useSessions } from "./sessions.ts";

const live = new Map<string, { session: LiveSession; users: number }>();

useSessions.subscribe(({ byId }) => {
  for (const [session_id, { session }] of live) {
    const seen = byId.get(session_id);
    if (seen !== undefined) session.see(seen);
  }
});

function find(session_id: string): LiveSession {
  const known = live.get(session_id);
  if (known !== undefined) return known.session;
  const session = new LiveSession(session_id, server);
  live.set(session_id, { session, users: 0 });
  return session;
}

function retain(session: LiveSession): () => void {
  const entry = live.get(session.session_id) ?? { session, users: 0 };
  live.set(session.session_id, entry);
  entry.users += 1;
  entry.session.start();
  return () => {
    entry.users -= 1;
    if (entry.users > 0) return;
    entry.session.stop();
    live.delete(session.session_id);
  };
}

/** The session as this page follows it, for as long as somebody shows it. */
export function useLive(session_id: string): LiveSession {
  const session = useMemo(() => find(session_id), [session_id]);
  useEffect(() => retain(session), [session]);
  return session;
}

/** A part of what is known of a live session; draws again when that part changes. */
export function useLiveState<T>(session_id: string, select: (state: LiveState) => T): T {
  return useStore(useLive(session_id).store, select);
}

/** The session itself, as the newest event or overview gave it. */
export function useSession(session_id: string): Session | undefined {
  const overview = useSessions((state) => state.byId.get(session_id));
  const own = useLiveState(session_id, (state) => state.session);
  if (own === null || overview === undefined) return own ?? overview;
  return overview.seq >= own.seq ? overview : own;
}

/** A checkpoint that is among the loaded rows; its object changes whenever anything of it does. */
export function useCheckpoint(
  session_id: string,
  checkpoint_id: string | null,
): CheckpointSummary | undefined {
  const session = useLive(session_id);
  return useStore(session.store, () =>
    checkpoint_id === null ? undefined : session.log.get(checkpoint_id),
  );
}

/** The checkpoint that the workspace was last captured as or restored to. */
export function useHead(session_id: string): string | null {
  return useLiveState(session_id, (state) => state.head);
}

/** Calls back for each event of the session from now on, after the rows show it. */
export function useSessionEvents(session_id: string, listener: (event: LiveEvent) => void): void {
  const session = useLive(session_id);
  const heard = useEffectEvent(listener);
  useEffect(() => session.onEvent((event) => heard(event)), [session]);
}
