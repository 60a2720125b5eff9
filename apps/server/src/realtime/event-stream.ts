import type { ServerResponse } from "node:http";
import { closeCodes } from "./close-codes.ts";
import type { Connected } from "./connection-facts.ts";
import type { Caller } from "./dispatch.ts";
import type { Framing, Sink } from "./sink.ts";
import type { Active } from "./subscriptions.ts";

/** How long a client waits before it connects again, as long as it is told nothing else. */
const retryMs = 2_000;
/** How long the last words of a stream may take to be taken. */
const lastWordMs = 5_000;
const nothing = Buffer.alloc(0);

const idLine = (epoch: string, seq: number): string => `id: ${epoch}:${seq}\n`;

/**
 * Server-Sent Events: an event with its place as id. A `sync` is an id alone, which moves the place
 * to resume from and reaches no listener. Other transient messages are left out, but for the last.
 */
export const eventStreamFraming: Framing = (json, { event_type, epoch, seq }) => {
  if (epoch !== undefined && seq !== undefined) {
    return Buffer.from(`${idLine(epoch, seq)}event: ${event_type}\ndata: ${json}\n\n`);
  }
  if (event_type === "sync") {
    const { data } = JSON.parse(json) as { data: { epoch: string; seq: number } };
    return Buffer.from(`${idLine(data.epoch, data.seq)}\n`);
  }
  if (event_type !== "subscription_ended") return nothing;
  return Buffer.from(`event: ${event_type}\ndata: ${json}\n\n`);
};

interface Options {
  connection_id: string;
  /** RFC 3339. */
  since: string;
  actor: string;
  key_id: string | null;
  remote: string;
  user_agent: string | null;
  /** The response that it goes out on; null where there is none, as in tests without a socket. */
  response: Pick<ServerResponse, "writableLength" | "destroy"> | null;
  onClosing: (code: number) => void;
  onEnd: () => void;
}

/** One response of Server-Sent Events: a subscriber like a socket, but for that it only listens. */
export class EventStream implements Caller, Connected, Sink {
  readonly framing = eventStreamFraming;
  readonly subscriptions = new Map<string, Active>();
  readonly body: ReadableStream<Uint8Array>;
  readonly #options: Options;
  /** Asks for more: what was given before has been taken. */
  #taker: ReadableStreamDefaultController<Uint8Array> | null = null;
  #queue: Uint8Array[] = [];
  #queued = 0;
  #sent = 0;
  #waiting: (() => void)[] = [];
  #pulled: (() => void) | null = null;
  #closed = false;
  #ending = false;
  #cutTimer: NodeJS.Timeout | undefined;

  constructor(options: Options) {
    this.#options = options;
    this.body = new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => await this.#pull(controller),
        cancel: () => this.end(),
      },
      // Nothing is held in the stream itself: what is not asked for stays in the queue.
      { highWaterMark: 0 },
    );
  }

  get connection_id(): string {
    return this.#options.connection_id;
  }

  get key_id(): string | null {
    return this.#options.key_id;
  }

  get outbox(): Sink {
    return this;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** It came with its token: there is nothing to sign in later. */
  signIn(): void {}

  facts(): ReturnType<Connected["facts"]> {
    const { connection_id, actor, since, remote, user_agent } = this.#options;
    return {
      connection_id,
      actor,
      since,
      remote,
      user_agent,
      in_flight: 0,
      buffered_bytes: this.held(),
      sent_bytes: Math.max(0, this.#sent - this.held()),
      received_bytes: 0,
      subscriptions: [...this.subscriptions.values()].map(({ facts }) => facts),
    };
  }

  /** The beginning of every stream: when to come back, and from where. */
  begin(place: { epoch: string; seq: number }): void {
    this.#say(`retry: ${retryMs}\n${idLine(place.epoch, place.seq)}\n`);
  }

  /** Tells that the place to resume from is lost: what was built from events is to be loaded afresh. */
  reset(place: { session_id: string; epoch: string; seq: number; oldest_seq: number }): void {
    this.#say(`event: reset\ndata: ${JSON.stringify(place)}\n\n`);
  }

  /** Keeps what lies between from taking the connection for dead. Ends what has nothing to say. */
  beat(): void {
    if (this.subscriptions.size === 0) this.#finish(": ended\n\n");
    else if (this.held() === 0) this.#say(":\n\n");
  }

  #say(text: string): void {
    this.send([Buffer.from(text)]);
  }

  send(frames: readonly Uint8Array[]): void {
    if (this.#closed || this.#ending) return;
    for (const frame of frames) {
      if (frame.length === 0) continue;
      this.#queue.push(frame);
      this.#queued += frame.length;
      this.#sent += frame.length;
    }
    this.#give();
  }

  held(): number {
    return this.#queued + (this.#options.response?.writableLength ?? 0);
  }

  async drained(): Promise<void> {
    if (this.#closed || (this.#queued === 0 && this.#taker !== null)) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    this.#taker = controller;
    if (this.#queued === 0) for (const go of this.#waiting.splice(0)) go();
    const pulled = new Promise<void>((resolve) => (this.#pulled = resolve));
    this.#give();
    await pulled;
  }

  #give(): void {
    if (this.#taker === null || (this.#queued === 0 && !this.#ending)) return;
    const controller = this.#taker;
    this.#taker = null;
    if (this.#queued > 0) controller.enqueue(Buffer.concat(this.#queue));
    this.#queue = [];
    this.#queued = 0;
    if (this.#ending) {
      controller.close();
      this.end();
    }
    this.#pulled?.();
  }

  /** Says the last and ends once that is taken. */
  #finish(text: string): void {
    if (this.#closed || this.#ending) return;
    this.#say(text);
    this.#ending = true;
    for (const active of this.subscriptions.values()) active.end();
    this.#give();
    // One that takes nothing would never take this either.
    if (!this.closed) this.#cutTimer = setTimeout(() => this.#cut(), lastWordMs).unref();
  }

  /** Ends it from our side: a client that is slow is cut, since what it has not taken is much. */
  close(code: number, reason: string): void {
    if (this.#closed || this.#ending) return;
    this.#options.onClosing(code);
    if (code !== closeCodes.slow && code !== closeCodes.behind) {
      this.#finish(`: ${code} ${reason}\n\n`);
      return;
    }
    this.#cut();
  }

  #cut(): void {
    this.#options.response?.destroy();
    this.end();
  }

  /** Ends it for a restart, and asks the client to come back after so many ms. */
  restart(retry: number): void {
    if (this.#closed || this.#ending) return;
    this.#options.onClosing(closeCodes.restart);
    this.#finish(`retry: ${retry}\n: restarting\n\n`);
  }

  /** To be called when the response is gone: nothing is sent from here on. */
  end(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#cutTimer);
    this.#queue = [];
    this.#queued = 0;
    for (const active of this.subscriptions.values()) active.end();
    for (const go of this.#waiting.splice(0)) go();
    this.#pulled?.();
    this.#options.onEnd();
  }
}
