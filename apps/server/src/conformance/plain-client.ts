import { once } from "node:events";
import { WebSocket } from "ws";

/** Any frame, read without a schema: this client knows the page of the protocol and no table. */
export type Frame = Record<string, unknown>;

export interface Reply extends Frame {
  id: unknown;
  success: boolean;
  result: Record<string, unknown>;
  error?: string;
  error_code?: string;
}

export interface PlainEvent extends Frame {
  event_type: string;
  data: Record<string, unknown>;
}

const patienceMs = 10_000;

/** A client as anybody would write it in an afternoon: sends JSON, keeps what comes. */
export class PlainClient {
  /** Every frame received, in order. */
  readonly frames: Frame[] = [];
  /** Code that the other side closed with. */
  closeCode: number | null = null;
  readonly #socket: WebSocket;
  readonly #checks = new Set<() => void>();
  #count = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data: Buffer, binary) => {
      this.frames.push(
        binary ? { binary: data } : (JSON.parse(data.toString()) as Record<string, unknown>),
      );
      this.#recheck();
    });
    socket.on("close", (code) => {
      this.closeCode = code;
      this.#recheck();
    });
    socket.on("error", () => undefined);
  }

  static async open(address: string): Promise<PlainClient> {
    const socket = new WebSocket(address);
    const client = new PlainClient(socket);
    await once(socket, "open");
    return client;
  }

  static async signedIn(address: string, token: string): Promise<PlainClient> {
    const client = await PlainClient.open(address);
    await client.result("authenticate", { token });
    return client;
  }

  get open(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  get events(): PlainEvent[] {
    return this.frames.filter((frame): frame is PlainEvent => "event_type" in frame);
  }

  send(text: string | Buffer): void {
    this.#socket.send(text);
  }

  /** Sends a request and waits for the reply with its id. */
  request(method: string, params: object = {}): Promise<Reply> {
    this.#count += 1;
    const id = `r${this.#count}`;
    this.send(JSON.stringify({ id, method, params }));
    return this.reply(id, method);
  }

  /** The result of a request that must succeed. */
  async result(method: string, params: object = {}): Promise<Record<string, unknown>> {
    const reply = await this.request(method, params);
    if (!reply.success) throw new Error(`${method} failed: ${reply.error_code}: ${reply.error}`);
    return reply.result;
  }

  reply(id: unknown, what = "request"): Promise<Reply> {
    return this.first(
      (frame): frame is Reply => "success" in frame && frame["id"] === id,
      `the reply to ${what} ${String(id)}`,
    );
  }

  /** The next reply after what has come so far. */
  nextReply(): Promise<Reply> {
    const from = this.frames.length;
    return this.first(
      (frame, at): frame is Reply => at >= from && "success" in frame,
      "another reply",
    );
  }

  event(event_type: string, matches: Record<string, unknown> = {}): Promise<PlainEvent> {
    return this.first(
      (frame): frame is PlainEvent =>
        frame["event_type"] === event_type &&
        Object.entries(matches).every(([key, value]) => (frame as PlainEvent).data[key] === value),
      `${event_type} with ${JSON.stringify(matches)}`,
    );
  }

  /** The first frame that has come or comes in time. */
  first<F extends Frame>(
    matches: (frame: Frame, at: number) => frame is F,
    what: string,
  ): Promise<F> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        clearTimeout(timer);
        this.#checks.delete(check);
        settle();
      };
      const check = () => {
        const found = this.frames.find(matches);
        if (found !== undefined) end(() => resolve(found));
        else if (!this.open) {
          end(() => reject(new Error(`the connection closed before ${what} came`)));
        }
      };
      const timer = setTimeout(() => {
        const seen = JSON.stringify(this.frames.slice(-5)).slice(0, 2_000);
        end(() => reject(new Error(`${what} did not come in time; last frames: ${seen}`)));
      }, patienceMs);
      this.#checks.add(check);
      check();
    });
  }

  /** Reads nothing until `resume`: what is sent piles up at the other side. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Resolves with the close code once the other side has closed. */
  async closed(): Promise<number> {
    if (this.closeCode === null) await once(this.#socket, "close");
    return this.closeCode ?? 0;
  }

  close(): void {
    this.#socket.terminate();
  }

  #recheck(): void {
    for (const check of this.#checks) check();
  }
}
