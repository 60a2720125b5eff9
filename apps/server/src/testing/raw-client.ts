import { ProtocolError } from "@cairn/shared/errors";
import { Response } from "@cairn/shared/envelope";
import type { LiveEvent, TransientMessage } from "@cairn/shared/events";
import type { MethodName, Params, Result } from "@cairn/shared/methods";
import { WebSocket } from "ws";

type Incoming = LiveEvent | TransientMessage;
type Answer = ReturnType<typeof Response.parse>;

const patienceMs = 10_000;

/** A client that knows the base protocol and nothing of our own client: requests, answers, events. */
export class RawClient {
  readonly ws: WebSocket;
  /** Every frame as it came, in order. */
  readonly frames: string[] = [];
  readonly events: Incoming[] = [];
  readonly answers: Answer[] = [];
  closed: { code: number; reason: string } | null = null;
  readonly #watchers = new Set<() => void>();
  #ids = 0;

  constructor(ws: WebSocket) {
    this.ws = ws;
    ws.on("message", (data: Buffer) => this.#receive(data.toString()));
    ws.on("error", () => undefined);
    ws.on("close", (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.#changed();
    });
  }

  /** Resolves once it is open; rejects with the status of a refused upgrade. */
  static async open(url: string, headers: Record<string, string> = {}): Promise<RawClient> {
    const ws = new WebSocket(url, { headers });
    const client = new RawClient(ws);
    await new Promise<void>((resolve, reject) => {
      ws.once("open", resolve);
      ws.once("unexpected-response", (_request, response) => {
        reject(new Error(`refused with ${response.statusCode}`));
        response.destroy();
      });
      ws.once("error", reject);
    });
    return client;
  }

  #receive(text: string): void {
    this.frames.push(text);
    const frame = JSON.parse(text) as object;
    if ("event_type" in frame) this.events.push(frame as Incoming);
    else this.answers.push(Response.parse(frame));
    this.#changed();
  }

  #changed(): void {
    for (const watcher of this.#watchers) watcher();
  }

  /** Resolves with what `look` finds as soon as it finds something. */
  async until<T>(look: () => T | null | undefined | false, what = String(look)): Promise<T> {
    return await new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#watchers.delete(watcher);
        const seen = this.frames
          .slice(-5)
          .map((text) => text.slice(0, 300))
          .join("\n");
        reject(new Error(`waited in vain for ${what}; the last frames were\n${seen}`));
      }, patienceMs);
      const watcher = (): void => {
        const found = look();
        if (found === null || found === undefined || found === false) return;
        clearTimeout(timer);
        this.#watchers.delete(watcher);
        resolve(found);
      };
      this.#watchers.add(watcher);
      watcher();
    });
  }

  /** Sends a request without waiting; returns its id. */
  send(method: string, params: unknown = {}): string {
    const id = `r${(this.#ids += 1)}`;
    this.ws.send(JSON.stringify({ id, method, params }));
    return id;
  }

  async answerTo(id: string | number): Promise<Answer> {
    return await this.until(() => this.answers.find((answer) => answer.id === id), `answer ${id}`);
  }

  /** Sends text as it is, and resolves with the next answer of that id. */
  async raw(text: string | Buffer, id: string | number = "unknown"): Promise<Answer> {
    const before = this.answers.length;
    this.ws.send(text);
    return await this.until(
      () => this.answers.slice(before).find((answer) => answer.id === id),
      `an answer with id ${id}`,
    );
  }

  /** Rejects with the `ProtocolError` that it was answered with. */
  async call<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> {
    const answer = await this.answerTo(this.send(method, params));
    if (answer.success) return answer.result as Result<M>;
    throw new ProtocolError(answer.error_code, answer.error);
  }

  /** The first `count` events of a type. */
  async event(event_type: string, count = 1): Promise<Incoming> {
    const of = (): Incoming[] => this.events.filter((event) => event.event_type === event_type);
    return await this.until(() => of()[count - 1], `${count} × ${event_type}`);
  }

  async close(): Promise<{ code: number; reason: string }> {
    this.ws.close();
    return await this.until(() => this.closed, "the close");
  }

  terminate(): void {
    this.ws.terminate();
  }
}
