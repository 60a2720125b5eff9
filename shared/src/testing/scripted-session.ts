import type { Client, SubscribeOptions } from "../client.ts";
import type { Connection, ScriptedServer } from "./scripted-server.ts";

export const session = "0b4f5a52-4f0a-4f4e-9d7a-000000000001";
const timestamp = "2026-01-31T12:00:00.000Z";

/** A logged event as the wire has it. */
export function event(seq: number, prev = seq - 1, epoch = "e1") {
  return {
    event_type: "checkpoint_created",
    data: { checkpoint_id: `c${seq}`, session_id: session, timestamp },
    seq,
    prev,
    epoch,
    actor: "admin",
  };
}

export function batch(...events: object[]) {
  return { event_type: "batch", events };
}

export function sync(seq: number, epoch = "e1") {
  return { event_type: "sync", data: { session_id: session, epoch, seq } };
}

export function ended(subscription_id: string, reason: string) {
  return {
    event_type: "subscription_ended",
    data: { session_id: session, subscription_id, reason },
  };
}

/** What the server confirms a subscription with; `sub-<seq>` is its id. */
export function subscribed(seq: number, more: Record<string, unknown> = {}) {
  return {
    subscribed: true,
    session_id: session,
    subscription_id: `sub-${seq}`,
    epoch: "e1",
    seq,
    oldest_seq: 1,
    recovered: true,
    replayed: 0,
    ...more,
  };
}

/** What an owner heard, in order; `heard` resolves when the last note is this one. */
export class Owner {
  readonly notes: string[] = [];
  #waiting: { note: string; resolve: () => void }[] = [];

  readonly options: SubscribeOptions = {
    onEvent: ({ seq }) => this.note(`event ${seq}`),
    onTransient: ({ event_type }) => this.note(event_type),
    onSubscribed: ({ recovered, sessions }) =>
      this.note(sessions === undefined ? `recovered ${recovered}` : `snapshot ${sessions.length}`),
    onGap: (gap) => this.note(gap === null ? "healed" : `gap ${gap.from}-${gap.to}`),
    onEnded: (reason) => this.note(`ended ${reason}`),
    onError: (error) => this.note(`error ${error.message}`),
  };

  async heard(note: string): Promise<void> {
    if (this.notes.at(-1) === note) return;
    await new Promise<void>((resolve) => {
      this.#waiting.push({ note, resolve });
    });
  }

  note(note: string): void {
    this.notes.push(note);
    for (const waiting of this.#waiting.filter((one) => one.note === note)) waiting.resolve();
    this.#waiting = this.#waiting.filter((one) => one.note !== note);
  }
}

/** Lets the client in. */
export async function accept(server: ScriptedServer): Promise<Connection> {
  const asked = await server.next("authenticate");
  asked.reply({ authenticated: true, role: "admin" });
  return asked.connection;
}

/** Cuts the connection; resolves when the client knows. */
export function dropped(client: Client, connection: Connection): Promise<void> {
  return new Promise((resolve) => {
    const stop = client.onState(({ status }) => {
      if (status !== "offline") return;
      stop();
      resolve();
    });
    connection.socket.terminate();
  });
}
