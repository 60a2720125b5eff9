import type { Result } from "@cairn/shared/methods";
import { methods } from "@cairn/shared/methods";
import type { Params } from "@cairn/shared/methods";
import type { Framing, Sink } from "../realtime/sink.ts";
import type { Subscriber, Subscriptions } from "../realtime/subscriptions.ts";

export interface Frame {
  event_type: string;
  seq?: number;
  prev?: number;
  epoch?: string;
  redelivered?: number;
  data: {
    session_id: string;
    seq?: number;
    epoch?: string;
    session?: { seq: number } | null;
    from?: number;
    to?: number;
    reason?: string;
    subscription_id?: string;
  };
  /** Of a batch. */
  events?: Frame[];
}

/** Lines of JSON: one function, so that all clients share the bytes. */
const lines: Framing = (json) => Buffer.from(`${json}\n`);

/** A connection whose frames are kept, and counted as taken when the test says so. */
export class FrameClient implements Subscriber {
  readonly frames: Frame[] = [];
  readonly raw: string[] = [];
  /** What was sent, as it was sent: the same buffers as others have got. */
  readonly chunks: Uint8Array[] = [];
  readonly subscriptions: Subscriber["subscriptions"] = new Map();
  /** Writes, each with whatever came together. */
  sends = 0;
  closed = false;
  closedWith: number | null = null;
  readonly #subscriptions: Pick<Subscriptions, "subscribe">;
  #watchers: (() => void)[] = [];
  #taking: (() => void)[] = [];
  #isHeld = false;
  #bytes = 0;
  readonly outbox: Sink = {
    framing: lines,
    send: (chunks) => {
      this.sends += 1;
      for (const chunk of chunks) {
        this.chunks.push(chunk);
        if (this.#isHeld) this.#bytes += chunk.length;
        for (const text of Buffer.from(chunk).toString().split("\n").slice(0, -1)) this.#take(text);
      }
      this.#changed();
    },
    held: () => this.#bytes,
    drained: async () => {
      if (this.#bytes === 0 || this.closed) return;
      await new Promise<void>((resolve) => this.#taking.push(resolve));
    },
  };

  constructor(subscriptions: Pick<Subscriptions, "subscribe">) {
    this.#subscriptions = subscriptions;
  }

  #take(text: string): void {
    this.raw.push(text);
    this.frames.push(JSON.parse(text) as Frame);
  }

  #changed(): void {
    for (const watcher of this.#watchers.splice(0)) watcher();
  }

  /** From now on nothing that is sent counts as taken, though it can be seen. */
  hold(): void {
    this.#isHeld = true;
  }

  /** What is held counts as taken; what follows too, unless it goes on holding. */
  release(goesOn = false): void {
    this.#isHeld = goesOn;
    this.#bytes = 0;
    for (const taken of this.#taking.splice(0)) taken();
  }

  /** Some of what is held counts as taken. */
  takeSome(bytes: number): void {
    this.#bytes -= bytes;
  }

  get held(): number {
    return this.#bytes;
  }

  close(code: number): void {
    this.closedWith = code;
    this.end();
    this.#changed();
  }

  end(): void {
    this.closed = true;
    for (const active of this.subscriptions.values()) active.end();
    for (const taken of this.#taking.splice(0)) taken();
  }

  /** Subscribes and goes on, as a connection does once its reply is on its way. */
  async subscribe(params: Params<"subscribe">): Promise<Result<"subscribe">> {
    const parsed = methods.subscribe.params.parse(params);
    const { result, start } = await this.#subscriptions.subscribe(parsed, this);
    start();
    return result;
  }

  async until(done: () => boolean): Promise<void> {
    while (!done()) await new Promise<void>((resolve) => this.#watchers.push(resolve));
  }

  async count(count: number): Promise<Frame[]> {
    await this.until(() => this.frames.length >= count);
    return this.frames;
  }

  get seqs(): (number | undefined)[] {
    return this.frames.map(({ seq }) => seq);
  }

  /** The logged events, those of batches too, in the order in which they came. */
  get events(): Frame[] {
    return this.frames
      .flatMap((frame) => frame.events ?? [frame])
      .filter(({ seq }) => seq !== undefined);
  }

  /** Transient messages of one type. */
  told(event_type: string): Frame["data"][] {
    return this.frames.filter((frame) => frame.event_type === event_type).map(({ data }) => data);
  }

  /** Resolves once the event with this seq has come. */
  async event(seq: number): Promise<void> {
    await this.until(() => this.events.some((event) => event.seq === seq));
  }
}
