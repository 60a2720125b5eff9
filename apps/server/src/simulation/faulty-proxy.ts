// A TCP proxy that treats connections as bad networks do: it delays, cuts, resets, and lets one
// direction or both fall silent without a word to either end.
import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import type { Random } from "./random.ts";

/** One direction: passes chunks on in their order, each after a pause. */
class Pipe {
  readonly #to: Socket;
  readonly #pause: () => number;
  #chain: Promise<void> = Promise.resolve();
  silent = false;

  constructor(from: Socket, to: Socket, pause: () => number) {
    this.#to = to;
    this.#pause = pause;
    from.on("data", (chunk) => this.#then(() => void this.#to.write(chunk)));
    from.on("end", () => this.#then(() => void this.#to.end()));
  }

  #then(work: () => void): void {
    const ms = this.#pause();
    this.#chain = this.#chain.then(async () => {
      if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
      if (!this.silent && !this.#to.destroyed) work();
    });
  }
}

interface Pair {
  client: Socket;
  server: Socket;
  up: Pipe;
  down: Pipe;
}

export class FaultyProxy {
  readonly #server: Server;
  readonly #random: Random;
  readonly #pairs = new Set<Pair>();
  /** No pauses and no faults from now on. */
  calm = false;
  /** Connections that were cut, reset or silenced. */
  faults = 0;

  /** Port of this machine that it leads to. */
  target = 0;

  private constructor(random: Random) {
    this.#random = random;
    this.#server = createServer((client) => this.#accept(client));
  }

  static async start(random: Random): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(random);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  #accept(client: Socket): void {
    const server = connect(this.target, "127.0.0.1");
    const pause = (): number =>
      this.calm ? 0 : this.#random.pick([0, 0, 0, 1, 5, this.#random.below(40)]);
    const up = new Pipe(client, server, pause);
    const pair: Pair = { client, server, up, down: new Pipe(server, client, pause) };
    this.#pairs.add(pair);
    for (const socket of [client, server]) {
      socket.setNoDelay();
      socket.on("error", () => undefined);
      socket.on("close", () => {
        // One that fell silent keeps its other end in the dark.
        if (!pair.up.silent && !pair.down.silent) this.#end(pair);
      });
    }
  }

  #end(pair: Pair): void {
    this.#pairs.delete(pair);
    pair.client.destroy();
    pair.server.destroy();
  }

  /** Does something bad to one of the connections. */
  fault(): void {
    const open = [...this.#pairs].filter(({ up, down }) => !up.silent && !down.silent);
    if (open.length === 0) return;
    this.faults += 1;
    const pair = this.#random.pick(open);
    const { client, server, up, down } = pair;
    this.#random.pick([
      () => this.#end(pair),
      () => client.resetAndDestroy(),
      () => server.resetAndDestroy(),
      () => void client.end(),
      () => void server.end(),
      () => void (up.silent = true),
      () => void (down.silent = true),
      () => void (up.silent = down.silent = true),
    ])();
  }

  async stop(): Promise<void> {
    for (const pair of this.#pairs) this.#end(pair);
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
