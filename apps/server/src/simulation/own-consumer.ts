// The shared client with `ack` under a name: a program that handles one event after the other,
// takes its time for each, dies in the middle and goes on in another process where it was.
import type { Client } from "@cairn/shared/client";
import type { LiveEvent } from "@cairn/shared/events";
import type { Actor, Stage } from "./actor.ts";
import { Breach, Follow, mustBeLogged } from "./follow.ts";
import { simulatedClient } from "./own-client.ts";
import { anySelection } from "./selection.ts";

export class OwnConsumer implements Actor {
  readonly name: string;
  readonly #stage: Stage;
  /** What it has handled, as it would stand in a database of its own. */
  readonly #follow: Follow;
  readonly #params: ReturnType<typeof anySelection>["params"];
  readonly #ack: { window: number; wait_ms: number; consumer: string };
  readonly #batch: { max: number; interval_ms: number } | undefined;
  #client: Client | null = null;
  #calm = false;

  constructor(name: string, stage: Stage) {
    this.name = name;
    this.#stage = stage;
    const { random, log } = stage;
    const { wants, params } = anySelection(random);
    this.#params = params;
    this.#ack = {
      window: random.pick([1, 5, 100]),
      wait_ms: random.pick([100, 5_000]),
      consumer: name.replaceAll(" ", "."),
    };
    this.#batch = random.chance(0.3) ? { max: 10, interval_ms: 50 } : undefined;
    this.#follow = new Follow(stage, random.pick(log.sessions), wants);
  }

  start(): void {
    const client = simulatedClient(this.#stage);
    this.#client = client;
    const breach = (error: unknown): void => {
      if (client === this.#client) this.#stage.breach(error);
    };
    client.subscribe(this.#follow.session_id, {
      ...this.#params,
      ack: this.#ack,
      ...(this.#batch === undefined ? {} : { batch: this.#batch }),
      // How far it has acknowledged is its own affair: a log that was never trimmed reaches back.
      onSubscribed: (reply) => this.#follow.resumed(reply, 0),
      onEvent: async (event) => await this.#handle(event, client),
      onEnded: (reason) => {
        if (reason !== "consumer_taken") return breach(new Breach(`ended by ${reason}`));
        // What its process before this one had sent came late. Whoever runs it starts it again.
        return queueMicrotask(() => client === this.#client && this.#restart());
      },
      onError: breach,
    });
  }

  async #handle(event: LiveEvent, client: Client): Promise<void> {
    const { log, random } = this.#stage;
    mustBeLogged(log, event);
    const ms = this.#calm ? 0 : random.pick([0, 0, 0, 10, 400]);
    if (ms > 0) await new Promise<void>((resolve) => setTimeout(resolve, ms));
    // It died meanwhile: whatever it did counts for nothing.
    if (client !== this.#client) return;
    if (event.seq <= (this.#follow.position ?? 0)) return;
    this.#follow.event(event);
    this.#stage.counted();
  }

  step(): void {
    if (this.#stage.random.chance(0.2)) this.#restart();
  }

  #restart(): void {
    this.stop();
    this.start();
  }

  calm(): void {
    this.#calm = true;
  }

  lacking(): string | null {
    return this.#follow.lacking();
  }

  stop(): void {
    this.#client?.close();
    this.#client = null;
  }
}
