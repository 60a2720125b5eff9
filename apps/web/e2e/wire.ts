// The page's socket in a test's hands.
import type { BrowserContext, WebSocketRoute } from "@playwright/test";
import type { Stage } from "./stage.ts";

type Message = string | Buffer;

/** The page's socket: cut, refused, or with frames held back. */
export class Wire {
  /** No connection comes about. */
  refuses = false;
  /** Frames that are kept until `release`. */
  holdsFromServer: (text: string) => boolean = () => false;
  holdsFromPage: (text: string) => boolean = () => false;
  /** Frames that never arrive. */
  loses: (text: string) => boolean = () => false;
  /** Sees each frame of the server before the page does. */
  sees: (text: string) => void = () => {};
  /** What arrives instead. */
  alters: (text: string) => string = (text) => text;
  readonly held: (() => void)[] = [];
  readonly #sockets: WebSocketRoute[] = [];
  /** Counts the cuts: what an older connection still brings is lost. */
  #cuts = 0;

  static async between(context: BrowserContext): Promise<Wire> {
    const wire = new Wire();
    await context.routeWebSocket(/\/ws$/, (socket) => wire.#take(socket));
    return wire;
  }

  /** As when the network goes away. */
  async cut(): Promise<void> {
    this.refuses = true;
    this.#cuts += 1;
    for (const socket of this.#sockets.splice(0)) await socket.close({ code: 1001 });
  }

  /** Lets so many held frames go on, all without a number. */
  release(count = this.held.length): void {
    for (const go of this.held.splice(0, count)) go();
  }

  #take(socket: WebSocketRoute): void {
    if (this.refuses) return void socket.close({ code: 1001 });
    this.#sockets.push(socket);
    const server = socket.connectToServer();
    const cuts = this.#cuts;
    socket.onMessage((message: Message) => {
      const go = () => server.send(message);
      if (this.holdsFromPage(String(message))) this.held.push(go);
      else go();
    });
    server.onMessage((message: Message) => {
      const text = this.alters(String(message));
      this.sees(text);
      if (this.loses(text) || cuts < this.#cuts) return;
      if (this.holdsFromServer(text)) this.held.push(() => socket.send(text));
      else socket.send(text);
    });
    return undefined;
  }
}

/** Freezes the server where it first tells of this progress, until it is thawed. */
export function freezeAt(wire: Wire, stage: Stage, ...marks: string[]): void {
  wire.sees = (text) => {
    if (!text.includes('"progress"') || !marks.every((mark) => text.includes(mark))) return;
    wire.sees = () => {};
    stage.freeze();
  };
}
