import type { Session } from "@cairn/shared/session";

/** Newest activity first. */
export function byActivity(a: Session, b: Session): number {
  const order = (b.last_event_at ?? b.created_at).localeCompare(a.last_event_at ?? a.created_at);
  return order === 0 ? a.session_id.localeCompare(b.session_id) : order;
}

/** Whether the words of a search all stand in the name or the folder. */
export function matchesSearch(session: Session, search: string): boolean {
  const found = `${session.name}\n${session.workspace ?? ""}`.toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => found.includes(word));
}

/** Keeps the order that was, for rows under somebody's pointer; new ones come first. */
export function keepOrder(sessions: readonly Session[], before: readonly string[]): Session[] {
  const place = new Map(before.map((id, at) => [id, at]));
  return sessions.toSorted(
    (a, b) => (place.get(a.session_id) ?? -1) - (place.get(b.session_id) ?? -1) || byActivity(a, b),
  );
}

const words = {
  open: "open",
  closed: "closed",
  recovery_pending: "recovering",
} as const satisfies Record<Session["status"], string>;

/** A session's status in a word. */
export function statusWord(session: Session): string {
  return words[session.status];
}
