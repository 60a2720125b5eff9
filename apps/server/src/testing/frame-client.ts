import type { ParsedParams, Result } from "@cairn/shared/methods";
import type { Sink } from "../realtime/sink.ts";
import type { Subscriber, Subscriptions } from "../realtime/subscriptions.ts";

export type Frame = {
  event_type: string;
  seq?: number;
  prev?: number;
  epoch?: string;
  data: { session_id: string; seq?: number; epoch?: string; session?: { seq: number } | null };
};

/** A connection whose frames are kept; `hold` keeps replays waiting as a full socket does. */
export class FrameClient implements Subscriber {
  readonly frames: Frame[] = [];
  readonly raw: string[] = [];
  readonly subscriptions: Subscriber["subscriptions"] = new Map();
  closed = false;
  closedWith: number | null = null;
  readonly #subscriptions: Pick<Subscriptions, "subscribe">;
  #watchers: (() => void)[] = [];
  #taking: (() => void) | null = null;
  #isHeld = false;
  #bytes = 0;
  readonly outbox: Sink = {
    framing: (json) => Buffer.from(`${json}\n`),
    send: (chunks) => {
      for (const chunk of chunks) {
        if (this.#isHeld) this.#bytes += chunk.length;
        for (const text of Buffer.from(chunk).toString().split("\n").slice(0, -1)) this.#take(text);
      }
      for (const watcher of this.#watchers.splice(0)) watcher();
    },
    held: () => this.#bytes,
    drained: async () => {
      if (this.#bytes === 0) return;
      await new Promise<void>((resolve) => (this.#taking = resolve));
    },
  };

  constructor(subscriptions: Pick<Subscriptions, "subscribe">) {
    this.#subscriptions = subscriptions;
  }

  #take(text: string): void {
    this.raw.push(text);
    this.frames.push(JSON.parse(text) as Frame);
  }

  /** From now on nothing that is sent counts as taken, though it can be seen. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.#bytes = 0;
    this.#taking?.();
    this.#taking = null;
  }

  close(code: number): void {
    this.closedWith = code;
    this.end();
    for (const watcher of this.#watchers.splice(0)) watcher();
  }

  end(): void {
    this.closed = true;
    for (const active of this.subscriptions.values()) active.end();
  }

  /** Subscribes and goes on, as a connection does once its reply is on its way. */
  async subscribe(params: ParsedParams<"subscribe">): Promise<Result<"subscribe">> {
    const { result, start } = await this.#subscriptions.subscribe(params, this);
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
}
