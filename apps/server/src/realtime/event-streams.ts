import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { Principal } from "../auth/authenticator.ts";
import type { Metrics } from "../metrics.ts";
import { closeCodes } from "./close-codes.ts";
import type { ConnectionFacts } from "./connection-facts.ts";
import { EventStream } from "./event-stream.ts";
import type { Active } from "./subscriptions.ts";

/** Proxies give up on a silent response after 30 s and more. */
const beatMs = 20_000;

interface Options {
  metrics: Pick<Metrics, "closed">;
  now?: () => number;
  beatMs?: number;
}

interface Client {
  principal: Principal | null;
  remote: string;
  user_agent: string | null;
  response: Pick<ServerResponse, "writableLength" | "destroy"> | null;
}

/** The open event streams of a process. */
export class EventStreams {
  readonly #options: Options;
  readonly #open = new Set<EventStream>();
  #beats: NodeJS.Timeout | undefined;

  constructor(options: Options) {
    this.#options = options;
  }

  get count(): number {
    return this.#open.size;
  }

  open({ principal, remote, user_agent, response }: Client): EventStream {
    const { metrics, now = Date.now } = this.#options;
    const stream: EventStream = new EventStream({
      connection_id: randomUUID(),
      since: new Date(now()).toISOString(),
      actor: principal?.actor ?? "nobody",
      key_id: principal?.key_id ?? null,
      remote,
      user_agent,
      response,
      onClosing: (code) => metrics.closed(code),
      onEnd: () => this.#ended(stream),
    });
    this.#open.add(stream);
    this.#beats ??= setInterval(() => {
      for (const each of this.#open) each.beat();
    }, this.#options.beatMs ?? beatMs).unref();
    return stream;
  }

  #ended(stream: EventStream): void {
    this.#open.delete(stream);
    if (this.#open.size > 0) return;
    clearInterval(this.#beats);
    this.#beats = undefined;
  }

  *subscriptions(): Generator<Active> {
    for (const { subscriptions } of this.#open) yield* subscriptions.values();
  }

  facts(): ConnectionFacts[] {
    return [...this.#open].map((stream) => ({ ...stream.facts(), current: false }));
  }

  /** Ends the streams that a revoked key opened. */
  revoked(key_id: string): void {
    for (const stream of this.#open) {
      if (stream.key_id === key_id)
        stream.close(closeCodes.revoked, "this browser key was revoked");
    }
  }

  /** Ends all, each with its time to come back. */
  drain(retryMs: () => number): void {
    for (const stream of this.#open) stream.restart(retryMs());
  }
}
