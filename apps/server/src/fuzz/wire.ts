// A WebSocket client at the level of bytes: it may do whatever no library lets it do.
import { connect } from "node:net";
import type { Socket } from "node:net";
import { FrameReader, opcodes } from "../simulation/frame-reader.ts";
import type { ServerFrame } from "../simulation/frame-reader.ts";
import { upgradeRequest } from "../testing/http.ts";

export interface FrameShape {
  opcode?: number;
  fin?: boolean;
  /** RSV1 to RSV3 as bits 4, 2, 1. */
  reserved?: number;
  payload?: string | Buffer;
  masked?: boolean;
  mask?: Buffer;
  /** How the length is written, whatever it is; by itself in the shortest form. */
  form?: 7 | 16 | 64;
  /** Said in place of the true length. */
  length?: bigint;
}

function lengthField(length: bigint, form: 7 | 16 | 64, maskBit: number): Buffer {
  if (form === 7) return Buffer.from([maskBit | Number(length & 0x7fn)]);
  const field = Buffer.alloc(form === 16 ? 3 : 9);
  field[0] = maskBit | (form === 16 ? 126 : 127);
  if (form === 16) field.writeUInt16BE(Number(length & 0xffffn), 1);
  else field.writeBigUInt64BE(BigInt.asUintN(64, length), 1);
  return field;
}

/** The bytes of one frame of a client. */
export function frame(shape: FrameShape = {}): Buffer {
  const { opcode = opcodes.text, fin = true, reserved = 0, masked = true } = shape;
  const given = shape.payload ?? "";
  const payload: Buffer = typeof given === "string" ? Buffer.from(given) : given;
  const length = shape.length ?? BigInt(payload.length);
  const form = shape.form ?? (length < 126n ? 7 : length < 65_536n ? 16 : 64);
  const first = Buffer.from([(fin ? 0x80 : 0) | (reserved << 4) | opcode]);
  const head = Buffer.concat([first, lengthField(length, form, masked ? 0x80 : 0)]);
  if (!masked) return Buffer.concat([head, payload]);
  const mask = shape.mask ?? Buffer.from([0x12, 0x34, 0x56, 0x78]);
  const body = Buffer.from(payload);
  for (let at = 0; at < body.length; at += 1) {
    body.writeUInt8(body.readUInt8(at) ^ mask.readUInt8(at % 4), at);
  }
  return Buffer.concat([head, mask, body]);
}

/** The payload of a close frame. */
export function closing(code: number, reason: string | Buffer = ""): Buffer {
  const start = Buffer.alloc(2);
  start.writeUInt16BE(code);
  return Buffer.concat([start, typeof reason === "string" ? Buffer.from(reason) : reason]);
}

interface Answer {
  id: unknown;
  success: boolean;
  error_code?: string;
}

const patienceMs = 10_000;

export class WireClient {
  readonly socket: Socket;
  readonly frames: ServerFrame[] = [];
  /** Whether the server has ended the TCP connection. */
  ended = false;
  readonly #reader = new FrameReader();
  #changed: () => void = () => undefined;

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.socket = connect(Number(port), hostname);
    this.socket.setNoDelay();
    this.socket.on("error", () => undefined);
    this.socket.on("data", (chunk: Buffer) => {
      this.frames.push(...this.#reader.push(chunk));
      this.#changed();
    });
    this.socket.on("close", () => {
      this.ended = true;
      this.#changed();
    });
  }

  /** Past the handshake; `first` goes out in the same packet as the upgrade. */
  static async open(
    url: string,
    headers: Record<string, string> = {},
    first: Buffer = Buffer.alloc(0),
  ): Promise<WireClient> {
    const client = new WireClient(url);
    const upgrade = upgradeRequest(url.replace(/^ws/, "http"), "/ws", headers);
    client.send(Buffer.concat([Buffer.from(upgrade), first]));
    await client.until(() => client.head !== "" || client.ended);
    return client;
  }

  /** The answer to the handshake. */
  get head(): string {
    return this.#reader.head?.toString("latin1") ?? "";
  }

  send(...parts: Buffer[]): void {
    if (!this.socket.destroyed) this.socket.write(Buffer.concat(parts));
  }

  /** Resolves once it is so; rejects when it never is, or resolves after `ms` when given. */
  async until(done: () => boolean, ms?: number): Promise<void> {
    const end = performance.now() + (ms ?? patienceMs);
    while (!done()) {
      const left = end - performance.now();
      if (left <= 0 && ms !== undefined) return;
      if (left <= 0 || this.ended) throw new Error("waited in vain");
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#changed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** What it was told, in order. */
  get answers(): Answer[] {
    return this.frames.flatMap(({ opcode, payload }) =>
      opcode === opcodes.text ? [JSON.parse(payload.toString()) as Answer] : [],
    );
  }

  /** The answer under this id, as soon as it has come. */
  async answer(id: unknown): Promise<Answer> {
    const find = (): Answer | undefined => this.answers.find((answer) => answer.id === id);
    await this.until(() => find() !== undefined);
    return find() as Answer;
  }

  /** The code that the server closes with: 1005 for none, 1006 when it ended without a word. */
  get closeCode(): number | null {
    const close = this.frames.find(({ opcode }) => opcode === opcodes.close);
    if (close === undefined) return this.ended ? 1006 : null;
    return close.payload.length < 2 ? 1005 : close.payload.readUInt16BE();
  }

  async closed(): Promise<number> {
    await this.until(() => this.closeCode !== null);
    return this.closeCode ?? 0;
  }

  pongs(): string[] {
    return this.frames.flatMap(({ opcode, payload }) =>
      opcode === opcodes.pong ? [payload.toString()] : [],
    );
  }

  destroy(): void {
    this.socket.destroy();
  }
}
