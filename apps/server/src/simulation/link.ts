// Two ends of a TCP connection with everything between them in the test's hands: bytes wait in
// each direction until they are flushed, ends break one at a time, and the kernel takes only so much.
import { Duplex } from "node:stream";
import { FrameReader, eventsIn } from "./frame-reader.ts";
import type { ServerFrame } from "./frame-reader.ts";

type Taken = (error?: Error | null) => void;

/** What the client's end hears. */
export interface ClientEnd {
  bytes(chunk: Buffer): void;
  /** The connection is gone. */
  gone(): void;
}

/** The server's end, in place of a `net.Socket`. */
export class ServerSocket extends Duplex {
  readonly remoteAddress = "127.0.0.1";
  readonly remotePort = 1;
  bytesRead = 0;
  bytesWritten = 0;
  readonly #link: Link;

  constructor(link: Link) {
    super({ allowHalfOpen: false, highWaterMark: 16 * 1024 });
    this.#link = link;
  }

  /** Everything that the server gives away passes here, before any buffer. */
  override write(chunk: Buffer | string, ...rest: unknown[]): boolean {
    this.#link.given(Buffer.from(chunk));
    return (super.write as (...args: unknown[]) => boolean).call(this, chunk, ...rest);
  }

  override _read(): void {
    this.#link.wanted();
  }

  override _write(chunk: Buffer, _encoding: string, taken: Taken): void {
    this.bytesWritten += chunk.length;
    this.#link.wrote([chunk], taken);
  }

  override _writev(chunks: { chunk: Buffer }[], taken: Taken): void {
    const buffers = chunks.map(({ chunk }) => chunk);
    for (const { length } of buffers) this.bytesWritten += length;
    this.#link.wrote(buffers, taken);
  }

  override _final(done: Taken): void {
    this.#link.serverEnded();
    done();
  }

  override _destroy(error: Error | null, done: Taken): void {
    this.#link.serverGone();
    done(error);
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  setTimeout(): this {
    return this;
  }
}

interface Options {
  /** How many bytes the kernel takes before the server has to wait. */
  kernelBytes: number;
  client: ClientEnd;
}

export class Link {
  readonly server: ServerSocket;
  /** Nothing is flushed towards a client that does not read. */
  slow = false;
  /** The client's end broke without a word: the server does not hear of it. */
  #silent = false;
  readonly #client: ClientEnd;
  readonly #kernelBytes: number;
  readonly #given = new FrameReader();
  readonly #got = new FrameReader();
  readonly #held = new Map<string, number>();
  readonly #toClient: Buffer[] = [];
  readonly #toServer: Buffer[] = [];
  #toClientBytes = 0;
  #waiting: Taken | null = null;
  #serverReads = true;
  #serverLives = true;
  #clientLives = true;
  /** Whether the server's end said goodbye, after what is queued. */
  #ending = false;

  constructor({ kernelBytes, client }: Options) {
    this.#kernelBytes = kernelBytes;
    this.#client = client;
    this.server = new ServerSocket(this);
    this.server.on("error", () => undefined);
  }

  /** Neither end knows of it any more. */
  get over(): boolean {
    return !this.#serverLives && !this.#clientLives;
  }

  get clientLives(): boolean {
    return this.#clientLives;
  }

  get serverLives(): boolean {
    return this.#serverLives;
  }

  /** What the server has written and the client has not got, wherever it waits. */
  get heldBytes(): number {
    return this.#toClientBytes + this.server.writableLength;
  }

  /** Whether something is on its way to an end that lives. */
  get pending(): boolean {
    const toServer = this.#serverLives && this.#serverReads && this.#toServer.length > 0;
    return toServer || (this.#clientLives && this.#toClient.length > 0);
  }

  given(chunk: Buffer): void {
    for (const frame of this.#given.push(chunk)) this.#count(frame, 1);
  }

  #count(frame: ServerFrame, change: number): void {
    for (const session_id of eventsIn(frame)) {
      this.#held.set(session_id, (this.#held.get(session_id) ?? 0) + change);
    }
  }

  /** Events of one session that were written and have not come, wherever they wait: the most. */
  get heldEvents(): number {
    return this.#clientLives ? Math.max(0, ...this.#held.values()) : 0;
  }

  wrote(chunks: Buffer[], taken: Taken): void {
    for (const chunk of chunks) this.#toClient.push(chunk);
    this.#toClientBytes += chunks.reduce((sum, { length }) => sum + length, 0);
    const room = this.#toClientBytes <= this.#kernelBytes;
    if (!this.#clientLives || room) process.nextTick(taken);
    else this.#waiting = taken;
  }

  wanted(): void {
    this.#serverReads = true;
  }

  clientWrote(chunk: Buffer): void {
    if (this.#clientLives) this.#toServer.push(chunk);
  }

  /** Lets at most `bytes` pass towards the client. */
  flushToClient(bytes: number): void {
    let left = bytes;
    while (left > 0 && this.#clientLives) {
      const chunk = this.#toClient.shift();
      if (chunk === undefined) break;
      const passes = chunk.subarray(0, left);
      if (passes.length < chunk.length) this.#toClient.unshift(chunk.subarray(left));
      left -= passes.length;
      this.#toClientBytes -= passes.length;
      for (const frame of this.#got.push(passes)) this.#count(frame, -1);
      this.#client.bytes(passes);
    }
    if (this.#toClientBytes <= this.#kernelBytes) this.#release();
    if (this.#ending && this.#toClient.length === 0) this.cutClient();
  }

  #release(): void {
    const taken = this.#waiting;
    this.#waiting = null;
    if (taken !== null) process.nextTick(taken);
  }

  /** Lets at most `bytes` pass towards the server, unless it does not read. */
  flushToServer(bytes: number): void {
    let left = bytes;
    while (left > 0 && this.#serverLives && this.#serverReads) {
      const chunk = this.#toServer.shift();
      if (chunk === undefined) break;
      const passes = chunk.subarray(0, left);
      if (passes.length < chunk.length) this.#toServer.unshift(chunk.subarray(left));
      left -= passes.length;
      this.server.bytesRead += passes.length;
      this.#serverReads = this.server.push(passes);
    }
    // The client's end is gone, and all that it sent has come.
    const heard = !this.#clientLives && !this.#silent && this.#serverReads;
    if (heard && this.#toServer.length === 0) this.cutServer();
  }

  /** The client's end breaks; the server does not know yet, and when silent is never told. */
  cutClient(silent = false): void {
    if (!this.#clientLives) return;
    this.#clientLives = false;
    this.#silent = silent;
    this.#toClient.length = 0;
    this.#toClientBytes = 0;
    this.#client.gone();
  }

  /** The server's end breaks; the client does not know yet. What was sent is on its way, or lost. */
  cutServer(lost = false): void {
    if (lost) {
      this.#toClient.length = 0;
      this.#toClientBytes = 0;
    }
    this.server.destroy();
  }

  serverEnded(): void {
    this.#ending = true;
    if (this.#toClient.length === 0) this.cutClient();
  }

  serverGone(): void {
    this.#serverLives = false;
    this.#toServer.length = 0;
    this.#ending = true;
    this.#release();
  }
}
