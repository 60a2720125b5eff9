// The client's end of a link as a browser's WebSocket.
import { randomBytes } from "node:crypto";
import { FrameReader, opcodes } from "./frame-reader.ts";
import type { ServerFrame } from "./frame-reader.ts";
import type { ClientEnd, Link } from "./link.ts";

function masked(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  if (length > 0xffff) throw new Error("the simulation sends no frame as long as this");
  const head =
    length < 126
      ? Buffer.from([0x80 | opcode, 0x80 | length])
      : Buffer.from([0x80 | opcode, 0x80 | 126, length >> 8, length & 0xff]);
  const mask = randomBytes(4);
  const body = Buffer.from(payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0)));
  return Buffer.concat([head, mask, body]);
}

type Listener = (event: { data?: unknown; code?: number }) => void;

/** Makes the link of a new connection; null when nobody listens. */
export type Dial = (client: ClientEnd) => Link | null;

/** What the shared client uses of a WebSocket. */
export class BrowserSocket implements ClientEnd {
  readyState = 0;
  readonly #listeners = new Map<string, Listener[]>();
  readonly #link: Link | null;
  readonly #reader = new FrameReader();
  #closeCode = 1006;
  #over = false;

  constructor(dial: Dial) {
    this.#link = dial(this);
    if (this.#link === null) queueMicrotask(() => this.gone());
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  #emit(type: string, event: { data?: unknown; code?: number }): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event);
  }

  send(text: string): void {
    if (this.readyState === 1) this.#link?.clientWrote(masked(opcodes.text, Buffer.from(text)));
  }

  close(code = 1005): void {
    if (this.readyState > 1) return;
    this.readyState = 2;
    const payload = Buffer.alloc(code === 1005 ? 0 : 2);
    if (code !== 1005) payload.writeUInt16BE(code);
    this.#link?.clientWrote(masked(opcodes.close, payload));
  }

  bytes(chunk: Buffer): void {
    if (this.#over) return;
    const frames = this.#reader.push(chunk);
    if (this.readyState === 0 && this.#reader.head !== null) {
      this.readyState = 1;
      this.#emit("open", {});
    }
    for (const frame of frames) this.#take(frame);
  }

  #take({ opcode, payload }: ServerFrame): void {
    switch (opcode) {
      case opcodes.text:
        if (this.readyState === 1) this.#emit("message", { data: payload.toString("utf8") });
        return;
      case opcodes.ping:
        this.#link?.clientWrote(masked(opcodes.pong, payload));
        return;
      case opcodes.pong:
        return;
      case opcodes.close:
        this.#closeCode = payload.length >= 2 ? payload.readUInt16BE() : 1005;
        if (this.readyState !== 1) return;
        this.readyState = 2;
        this.#link?.clientWrote(masked(opcodes.close, payload.subarray(0, 2)));
        return;
      default:
        throw new Error(`opcode ${opcode} from the server`);
    }
  }

  gone(): void {
    if (this.#over) return;
    this.#over = true;
    this.readyState = 3;
    this.#emit("close", { code: this.#closeCode });
  }
}
