// Clients of one server, in a process of their own: they count what comes, and acknowledge it.
import { ByteClient } from "../src/simulation/byte-client.ts";
import { session_id } from "./realtime-engines.ts";
import type { EngineName } from "./realtime-engines.ts";

/** When a client acknowledges: never, at half its window, or 50 ms after what came. */
export type Acks = "none" | "half" | "soon";

export interface LoadOrder {
  engine: EngineName;
  port: number;
  clients: number;
  acks: Acks;
  /** Subscribe by this, once all are connected; else at once and live. */
  since?: object;
}

/** `report`: tell what has come, once a ms, until `stop`. */
export type Command = "subscribe" | "count" | "report" | "stop";

const window = 100;

class LoadClient {
  readonly #order: LoadOrder;
  #client: ByteClient | null = null;
  /** Frames before the first event. */
  #base = 0;
  #subscription_id = "";
  #events = 0;
  #seq = 0;
  // oxlint-disable-next-line no-unused-private-class-members -- it bounds how often acks leave
  #timer: NodeJS.Timeout | null = null;

  constructor(order: LoadOrder) {
    this.#order = order;
  }

  /** Whether it looks into the frames. */
  get #counts(): boolean {
    return this.#order.acks !== "none" || this.#order.since !== undefined;
  }

  get received(): number {
    // Whoever uses an option is also sent a `sync` now and then.
    return this.#counts ? this.#events : (this.#client?.frames ?? 0) - this.#base;
  }

  async open(): Promise<void> {
    const { engine, port, since } = this.#order;
    if (engine === "socket.io") {
      const client = await ByteClient.open(port, [], null, "/socket.io/?EIO=4&transport=websocket");
      this.#client = client;
      client.sendText("40");
      await client.until((text) => text.startsWith("40"));
      client.sendText(`42["subscribe","${session_id}"]`);
      await client.until((text) => text.startsWith('42["subscribed"'));
    } else {
      const take = this.#counts ? (payload: Buffer): void => this.#take(payload) : null;
      this.#client = await ByteClient.open(port, [], take);
      if (since !== undefined) return;
      this.subscribe();
      await this.#client.until((text) => text.includes('"success":true'));
    }
    this.#base = this.#client.frames;
  }

  subscribe(): void {
    const { acks, since } = this.#order;
    const ack = acks === "none" ? {} : { ack: { window } };
    const params = { session_id, ...ack, ...(since === undefined ? {} : { since }) };
    this.#client?.send({ id: "1", method: "subscribe", params });
  }

  #take(payload: Buffer): void {
    const text = payload.toString("latin1");
    if (text.startsWith('{"id"')) {
      this.#subscription_id = /"subscription_id":"([^"]+)"/.exec(text)?.[1] ?? "";
      return;
    }
    if (text.startsWith('{"event_type":"sync"')) return;
    this.#seq = Number(/"seq":(\d+)/.exec(text)?.[1]);
    this.#events += 1;
    if (this.#order.acks === "soon") {
      this.#timer ??= setTimeout(() => {
        this.#timer = null;
        this.#ack();
      }, 50);
    } else if (this.#order.acks === "half" && this.#events % (window / 2) === 0) this.#ack();
  }

  #ack(): void {
    const params = { subscription_id: this.#subscription_id, seq: this.#seq };
    this.#client?.send({ method: "ack", params });
  }
}

let clients: LoadClient[] = [];
let reporting: NodeJS.Timeout | undefined;

const received = (): number => clients.reduce((sum, client) => sum + client.received, 0);

const report = (): void => void process.send?.({ received: received() });

async function obey(message: LoadOrder | Command): Promise<void> {
  if (message === "subscribe") for (const client of clients) client.subscribe();
  else if (message === "count") report();
  else if (message === "stop") clearInterval(reporting);
  else if (message === "report") {
    clearInterval(reporting);
    reporting = setInterval(report, 1);
  } else {
    clients = Array.from({ length: message.clients }, () => new LoadClient(message));
    for (let at = 0; at < clients.length; at += 50) {
      await Promise.all(clients.slice(at, at + 50).map(async (client) => await client.open()));
    }
    process.send?.({ ready: true });
  }
}

process.on("message", (message: LoadOrder | Command) => void obey(message));
process.on("disconnect", () => process.exit(0));
