import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { WebSocketServer, type WebSocket } from "ws";
import type { ErrorCode } from "../errors.ts";

interface Wire {
  id: string;
  method: string;
  params: Record<string, unknown>;
}

/** A request that the client under test has sent and the test answers. */
export class Asked {
  readonly method: string;
  readonly params: Record<string, unknown>;
  readonly connection: Connection;
  readonly #id: string;

  constructor(connection: Connection, { id, method, params }: Wire) {
    this.connection = connection;
    this.#id = id;
    this.method = method;
    this.params = params;
  }

  /** Frames given after the result leave in the same write. */
  reply(result: object, ...frames: object[]): void {
    this.connection.send({ id: this.#id, success: true, result }, ...frames);
  }

  fail(error_code: ErrorCode | "code_of_tomorrow", error: string = error_code): void {
    this.connection.send({ id: this.#id, success: false, error, error_code });
  }

  /** Answers with this id in a shape that no protocol knows. */
  garble(): void {
    this.connection.send({ id: this.#id, outcome: "fine" });
  }
}

export class Connection {
  readonly socket: WebSocket;

  constructor(socket: WebSocket) {
    this.socket = socket;
  }

  /** Sends frames so that they reach the client in one piece. */
  send(...frames: object[]): void {
    const tcp = (this.socket as unknown as { _socket: { cork(): void; uncork(): void } })._socket;
    tcp.cork();
    for (const frame of frames) this.socket.send(JSON.stringify(frame));
    tcp.uncork();
  }
}

/** A real WebSocket server that does nothing but what the test tells it. */
export class ScriptedServer {
  readonly #server: WebSocketServer;
  readonly #asked: Asked[] = [];
  readonly #waiting: ((asked: Asked) => void)[] = [];
  /** Connections accepted so far. */
  accepted = 0;

  private constructor(server: WebSocketServer) {
    this.#server = server;
    server.on("connection", (socket) => {
      this.accepted += 1;
      const connection = new Connection(socket);
      socket.on("message", (data: Buffer) => {
        const asked = new Asked(connection, JSON.parse(data.toString()) as Wire);
        const waiting = this.#waiting.shift();
        if (waiting === undefined) this.#asked.push(asked);
        else waiting(asked);
      });
    });
  }

  static async start(port = 0): Promise<ScriptedServer> {
    const server = new WebSocketServer({ port, host: "127.0.0.1" });
    await once(server, "listening");
    return new ScriptedServer(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/ws`;
  }

  /** The next request in the order received, which must be this method. */
  async next(method: string): Promise<Asked> {
    const asked =
      this.#asked.shift() ??
      (await new Promise<Asked>((resolve) => {
        this.#waiting.push(resolve);
      }));
    if (asked.method !== method) throw new Error(`${asked.method} came instead of ${method}`);
    return asked;
  }

  async stop(): Promise<void> {
    for (const socket of this.#server.clients) socket.terminate();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }
}
