// A client of the wire and nothing more: it connects again after a pause, numbers its requests,
// and hands every frame to whoever judges it.
import type { LiveEvent } from "@cairn/shared/events";
import type { Result } from "@cairn/shared/methods";
import { BrowserSocket } from "./browser-socket.ts";
import type { Dial } from "./browser-socket.ts";
import { Breach } from "./follow.ts";
import type { Random } from "./random.ts";

export type Subscribed = Result<"subscribe">;
/** Any message of the server that is no answer. */
export interface Message {
  event_type: string;
  data: { session_id: string; seq?: number; subscription_id?: string; reason?: string };
  seq?: number;
  events?: LiveEvent[];
}
interface Answer {
  id: string;
  success: boolean;
  result?: unknown;
  error?: string;
  error_code?: string;
}
type Answered = (result: unknown, error_code: string | null) => void;

interface Hooks {
  /** A connection is open. */
  opened: () => void;
  message: (message: Message) => void;
  closed: () => void;
}

export interface PeerOptions {
  dial: Dial;
  random: Random;
  /** Told of every breach; nothing is thrown into the server's stack. */
  breach: (error: unknown) => void;
}

/** Why a request may fail without anybody's fault. */
const excused = new Set(["internal", "shutting_down"]);

export class RawPeer {
  readonly #options: PeerOptions;
  readonly #hooks: Hooks;
  readonly #asked = new Map<string, Answered>();
  #socket: BrowserSocket | null = null;
  #ids = 0;
  #stopped = false;

  constructor(options: PeerOptions, hooks: Hooks) {
    this.#options = options;
    this.#hooks = hooks;
  }

  get open(): boolean {
    return this.#socket?.readyState === 1;
  }

  connect(): void {
    const socket = new BrowserSocket(this.#options.dial);
    this.#socket = socket;
    socket.addEventListener("open", () => this.#guard(this.#hooks.opened));
    socket.addEventListener("message", ({ data }) => {
      this.#guard(() => this.#take(JSON.parse(String(data)) as Answer | Message));
    });
    socket.addEventListener("close", () => {
      if (this.#socket === socket) this.#closed();
    });
  }

  #closed(): void {
    this.#socket = null;
    this.#asked.clear();
    this.#guard(this.#hooks.closed);
    const pause = this.#options.random.between(1, 1_500);
    if (!this.#stopped) setTimeout(() => this.connect(), pause);
  }

  /** Leaves by itself, and comes back after a pause. */
  leave(): void {
    this.#socket?.close(1000);
  }

  stop(): void {
    this.#stopped = true;
    this.#socket?.close(1000);
  }

  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#options.breach(error);
    }
  }

  #take(frame: Answer | Message): void {
    if ("event_type" in frame) {
      this.#hooks.message(frame);
      return;
    }
    const answered = this.#asked.get(frame.id);
    if (answered === undefined) throw new Breach(`an answer to ${frame.id}, which nobody asked`);
    this.#asked.delete(frame.id);
    if (!frame.success && !excused.has(frame.error_code ?? "")) {
      // The hook decides whether it may be.
      answered(null, `${frame.error_code}: ${frame.error}`);
      return;
    }
    answered(frame.success ? frame.result : null, frame.success ? null : "excused");
  }

  /** `answered` is called in the turn in which the answer came, never after the connection. */
  ask(method: string, params: object, answered: Answered): void {
    this.#ids += 1;
    const id = `${this.#ids}`;
    this.#asked.set(id, answered);
    this.#socket?.send(JSON.stringify({ id, method, params }));
  }

  /** A request without an id, which is not answered. */
  tell(method: string, params: object): void {
    this.#socket?.send(JSON.stringify({ method, params }));
  }
}
