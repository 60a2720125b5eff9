import type { ParsedParams, Result } from "@cairn/shared/methods";
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
  #held: (() => void)[] | null = null;
  #watchers: (() => void)[] = [];
  readonly outbox = {
    send: (frame: string | Uint8Array): void => {
      const text = Buffer.from(frame).toString();
      this.raw.push(text);
      this.frames.push(JSON.parse(text) as Frame);
      for (const watcher of this.#watchers.splice(0)) watcher();
    },
    drained: async (): Promise<void> => {
      if (this.#held === null) return;
      await new Promise<void>((resolve) => this.#held?.push(resolve));
    },
  };

  constructor(subscriptions: Pick<Subscriptions, "subscribe">) {
    this.#subscriptions = subscriptions;
  }

  hold(): void {
    this.#held ??= [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const go of held) go();
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
