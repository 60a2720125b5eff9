// What the logs hold, kept beside the real ones: the judge of what clients were sent.
import type { Filter } from "@cairn/shared/checkpoint";
import type { EventType, LoggedEvent } from "@cairn/shared/events";

/** What a subscription selects. */
export interface Wants {
  types: ReadonlySet<EventType>;
  filter: Pick<Filter, "tags" | "authors" | "triggers" | "pinned" | "text">;
}

/** The rules of filters once more, in other words than the server's. */
function isWanted({ types, filter }: Wants, event: LoggedEvent): boolean {
  if (!types.has(event.event_type)) return false;
  const { checkpoint } = event;
  if (checkpoint === undefined) return true;
  const { tags = [], authors, triggers, pinned, text = "" } = filter;
  const { kind, reason = "" } = checkpoint.trigger;
  return (
    tags.every((tag) => checkpoint.tags.includes(tag)) &&
    (authors?.includes(checkpoint.author) ?? true) &&
    (triggers === undefined || triggers.includes(kind) || triggers.includes(reason)) &&
    (pinned ?? checkpoint.pinned) === checkpoint.pinned &&
    checkpoint.message.toLowerCase().includes(text.toLowerCase())
  );
}

export class LogModel {
  readonly #logs = new Map<string, { events: LoggedEvent[]; oldest: number }>();

  open(session_id: string): void {
    this.#logs.set(session_id, { events: [], oldest: 1 });
  }

  #of(session_id: string): { events: LoggedEvent[]; oldest: number } {
    const log = this.#logs.get(session_id);
    if (log === undefined) throw new Error(`an event of ${session_id}, which nobody made`);
    return log;
  }

  get sessions(): string[] {
    return [...this.#logs.keys()];
  }

  committed(event: LoggedEvent): void {
    const { events } = this.#of(event.data.session_id);
    events.push(event);
    if (event.seq !== events.length) throw new Error(`the log counts wrong at ${event.seq}`);
  }

  trimmed(session_id: string, oldest: number): void {
    this.#of(session_id).oldest = oldest;
  }

  head(session_id: string): number {
    return this.#of(session_id).events.length;
  }

  oldest(session_id: string): number {
    return this.#of(session_id).oldest;
  }

  event(session_id: string, seq: number): LoggedEvent | undefined {
    return this.#of(session_id).events[seq - 1];
  }

  /** The first wanted event after `seq`. */
  next(session_id: string, wants: Wants, seq: number): LoggedEvent | undefined {
    const { events } = this.#of(session_id);
    for (let at = seq; at < events.length; at += 1) {
      const event = events[at];
      if (event !== undefined && isWanted(wants, event)) return event;
    }
    return undefined;
  }

  /** Seqs of the wanted events after `after` up to `until`. */
  wanted(session_id: string, wants: Wants, after: number, until = Infinity): number[] {
    const { events } = this.#of(session_id);
    return events
      .slice(after, until)
      .filter((event) => isWanted(wants, event))
      .map(({ seq }) => seq);
  }
}
