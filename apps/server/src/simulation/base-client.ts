// A client that knows the base protocol only: whatever comes, it must be an event that it knows,
// in a frame of its own, each once and in order from the reply on.
import { baseEventTypes } from "@cairn/shared/events";
import type { LiveEvent } from "@cairn/shared/events";
import type { Actor, Stage } from "./actor.ts";
import { Breach, Follow } from "./follow.ts";
import type { Wants } from "./log-model.ts";
import { RawPeer } from "./raw-peer.ts";
import type { Message, Subscribed } from "./raw-peer.ts";

const wants: Wants = { types: new Set(baseEventTypes), filter: {} };

export class BaseClient implements Actor {
  readonly name: string;
  readonly #stage: Stage;
  readonly #peer: RawPeer;
  readonly #follows = new Map<string, Follow>();

  constructor(name: string, stage: Stage) {
    this.name = name;
    this.#stage = stage;
    for (const session_id of stage.random.some(stage.log.sessions, 0.5)) {
      this.#follows.set(session_id, new Follow(stage, session_id, wants));
    }
    this.#peer = new RawPeer(stage, {
      opened: () => {
        for (const follow of this.#follows.values()) this.#subscribe(follow);
      },
      message: (message) => this.#message(message),
      // Without memory: whatever it knew counts for nothing on the next connection.
      closed: () => {
        for (const follow of this.#follows.values()) follow.position = null;
      },
    });
  }

  start(): void {
    this.#peer.connect();
  }

  #subscribe(follow: Follow): void {
    const { session_id } = follow;
    this.#peer.ask("subscribe", { session_id }, (result, error) => {
      if (error === null) follow.began(result as Subscribed);
      else if (error === "excused") this.#peer.leave();
      else throw new Breach(`subscribe failed: ${error}`);
    });
  }

  #message(message: Message): void {
    const { event_type, data } = message;
    const known = (baseEventTypes as readonly string[]).includes(event_type);
    if (!known || "redelivered" in message)
      throw new Breach(`a base client was sent ${event_type}`);
    const follow = this.#follows.get(data.session_id);
    if (follow === undefined) throw new Breach(`an event of ${data.session_id}`);
    const at = follow.position ?? 0;
    const event = message as unknown as LiveEvent;
    follow.event(event);
    if (event.prev > at) throw new Breach(`event ${event.seq} has prev ${event.prev} at ${at}`);
    this.#stage.counted();
  }

  step(): void {
    const { random } = this.#stage;
    if (!this.#peer.open) return;
    // Replaces the one it has; until the reply that one goes on.
    if (random.chance(0.2)) this.#subscribe(random.pick([...this.#follows.values()]));
    else if (random.chance(0.05)) this.#peer.leave();
  }

  lacking(): string | null {
    const lacking = [...this.#follows.values()].map((follow) => follow.lacking());
    return lacking.find((lack) => lack !== null) ?? null;
  }

  stop(): void {
    this.#peer.stop();
  }
}
