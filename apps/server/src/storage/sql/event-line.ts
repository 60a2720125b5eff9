import type { EventType, LoggedEvent } from "@cairn/shared/events";
import type { EventLine } from "../store.ts";

const epochKey = ',"epoch":"';

/** An event as it stands in the log: most are handed on without anybody looking inside. */
export class StoredLine implements EventLine {
  readonly seq: number;
  readonly event_type: EventType;
  readonly json: string;
  #event: LoggedEvent | null = null;

  constructor(row: { seq: number; event_type: EventType; event: string }) {
    this.seq = row.seq;
    this.event_type = row.event_type;
    this.json = row.event;
  }

  get event(): LoggedEvent {
    return (this.#event ??= JSON.parse(this.json) as LoggedEvent);
  }

  /** `appendEvent` writes it last: `…,"epoch":"e1"}`, an id without anything to be escaped. */
  get epoch(): string {
    const { json } = this;
    const at = json.lastIndexOf(epochKey);
    const epoch = json.slice(at + epochKey.length, -2);
    return at === -1 || !json.endsWith('"}') || /["\\{}]/.test(epoch) ? this.event.epoch : epoch;
  }
}
