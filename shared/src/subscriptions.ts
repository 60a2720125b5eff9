import type { Outcome } from "./calls.ts";
import { errors, ProtocolError } from "./errors.ts";
import type { EventType, LiveEvent, TransientMessage } from "./events.ts";
import { isSubscribed } from "./frames.ts";
import type { Result } from "./methods.ts";
import { Position, type Cursor } from "./position.ts";
import { backoffMs } from "./reconnect.ts";
import type { Surroundings } from "./surroundings.ts";

export interface SubscribeOptions {
  events?: readonly EventType[];
  since?: Cursor | { last: number };
  transient?: boolean;
  /** A logged event of the session, each once and in order, across reconnects. */
  onEvent: (event: LiveEvent) => void;
  onTransient?: (message: TransientMessage) => void;
  /**
   * Live (again). `recovered: false` means events may have been missed: load afresh.
   * `sessions` is the snapshot that "*" replies with.
   */
  onSubscribed?: (reply: Result<"subscribe">) => void;
  /** The subscription ended because the server refused it, or a callback above threw. */
  onError?: (error: Error) => void;
}

/** Sends a call and hands its answer over before the next frame is read. */
type Ask = (
  method: "subscribe" | "unsubscribe",
  params: object,
  answered: (outcome: Outcome) => void,
) => void;

interface Entry {
  session_id: string;
  options: SubscribeOptions;
  position: Position;
  /** A subscribe is under way. */
  asking: boolean;
  subscription_id: string | null;
  failures: number;
  /** Resumes in a row that did not close the gap at `gapAt`. */
  resumes: number;
  gapAt: number;
  cancelRetry: () => void;
}

const maxResumes = 3;
const nothing = () => undefined;

/** The subscriptions of one client, one a session, made again by cursor on every connection. */
export class Subscriptions {
  readonly #around: Surroundings;
  readonly #ask: Ask;
  readonly #entries = new Map<string, Entry>();
  #connected = false;

  constructor(around: Surroundings, ask: Ask) {
    this.#around = around;
    this.#ask = ask;
  }

  /** Replaces an older subscription to the same session. The result ends this one. */
  add(session_id: string, options: SubscribeOptions): () => void {
    const key = session_id.toLowerCase();
    const { since } = options;
    const entry: Entry = {
      session_id: key,
      options,
      position: new Position(since !== undefined && "epoch" in since ? since : null),
      asking: false,
      subscription_id: null,
      failures: 0,
      resumes: 0,
      gapAt: -1,
      cancelRetry: nothing,
    };
    this.#entries.get(key)?.cancelRetry();
    this.#entries.set(key, entry);
    if (this.#connected) this.#subscribe(entry);
    return () => this.#remove(entry);
  }

  /** A connection is ready: subscribes to everything from where each stands. */
  connected(): void {
    this.#connected = true;
    for (const entry of this.#entries.values()) this.#subscribe(entry);
  }

  disconnected(): void {
    this.#connected = false;
    for (const entry of this.#entries.values()) {
      entry.cancelRetry();
      entry.asking = false;
      entry.subscription_id = null;
    }
  }

  clear(): void {
    this.disconnected();
    this.#entries.clear();
  }

  event(event: LiveEvent): void {
    const entry = this.#entries.get(event.data.session_id);
    if (entry === undefined) return;
    const verdict = entry.position.take(event);
    if (verdict === "apply") this.#tell(entry, () => entry.options.onEvent(event));
    if (verdict === "gap") this.#resume(entry);
    if (verdict === "lost") this.#startAfresh(entry);
  }

  transient(message: TransientMessage): void {
    const about = message.event_type === "session_summary" ? "*" : message.data.session_id;
    const entry = this.#entries.get(about);
    if (entry === undefined) return;
    // While a gap is being closed, the sync of the subscription before would jump over it.
    if (message.event_type === "sync" && !entry.asking) {
      if (entry.position.sync(message.data) === "lost") this.#startAfresh(entry);
    }
    this.#tell(entry, () => entry.options.onTransient?.(message));
  }

  #subscribe(entry: Entry): void {
    if (entry.asking) return;
    entry.cancelRetry();
    entry.asking = true;
    const { events, since, transient } = entry.options;
    const from = entry.position.cursor ?? (since !== undefined && "last" in since ? since : null);
    const params = {
      session_id: entry.session_id,
      ...(events === undefined ? {} : { events }),
      ...(transient === undefined ? {} : { transient }),
      ...(from === null || entry.session_id === "*" ? {} : { since: from }),
    };
    this.#ask("subscribe", params, (outcome) => this.#answered(entry, outcome));
  }

  #answered(entry: Entry, outcome: Outcome): void {
    entry.asking = false;
    if ("error" in outcome) return this.#failed(entry, outcome.error);
    const reply = outcome.result;
    if (!isSubscribed(reply)) {
      const message = "The server confirmed a subscription in a form that this client cannot read.";
      return this.#failed(entry, new ProtocolError("internal", message));
    }
    const current = this.#entries.get(entry.session_id);
    if (current !== entry) {
      // A successor replaces it on the server too; without one it has to be ended.
      if (current === undefined) this.#unsubscribe(reply.subscription_id);
      return undefined;
    }
    entry.subscription_id = reply.subscription_id;
    entry.failures = 0;
    const recovered = entry.position.start(reply);
    return this.#tell(entry, () => entry.options.onSubscribed?.({ ...reply, recovered }));
  }

  #failed(entry: Entry, error: ProtocolError): void {
    if (this.#entries.get(entry.session_id) !== entry || !this.#connected) return;
    // The client as a whole is refused, and this goes on after `signIn`.
    if (error.code === "unauthenticated") return;
    if (!errors[error.code].retryable) {
      this.#entries.delete(entry.session_id);
      entry.options.onError?.(error);
      return;
    }
    const wait = backoffMs(entry.failures, () => this.#around.random());
    entry.failures += 1;
    entry.cancelRetry = this.#around.after(wait, () => this.#subscribe(entry));
  }

  #resume(entry: Entry): void {
    if (entry.asking) return;
    const at = entry.position.cursor?.seq ?? -1;
    entry.resumes = entry.gapAt === at ? entry.resumes + 1 : 1;
    entry.gapAt = at;
    if (entry.resumes > maxResumes) return this.#startAfresh(entry);
    return this.#subscribe(entry);
  }

  #startAfresh(entry: Entry): void {
    if (entry.asking) return;
    entry.position.forget();
    this.#subscribe(entry);
  }

  #remove(entry: Entry): void {
    entry.cancelRetry();
    if (this.#entries.get(entry.session_id) !== entry) return;
    this.#entries.delete(entry.session_id);
    if (entry.subscription_id !== null) this.#unsubscribe(entry.subscription_id);
  }

  #unsubscribe(subscription_id: string): void {
    // Whatever is answered, nothing of it is listened to any more.
    if (this.#connected) this.#ask("unsubscribe", { subscription_id }, nothing);
  }

  /** A throwing owner must not keep frames from the others. */
  #tell(entry: Entry, callback: () => void): void {
    try {
      callback();
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error(String(cause));
      if (entry.options.onError === undefined) {
        queueMicrotask(() => {
          throw error;
        });
      } else entry.options.onError(error);
    }
  }
}
