import type { Outcome } from "./calls.ts";
import { errors, ProtocolError } from "./errors.ts";
import type { LiveEvent, TransientMessage } from "./events.ts";
import { Following, type EndReason, type Progress, type SubscribeOptions } from "./following.ts";
import { isSubscribed } from "./frames.ts";
import type { Verdict } from "./position.ts";
import { backoffMs } from "./reconnect.ts";
import type { Surroundings } from "./surroundings.ts";

/** Sends a call and hands its answer over before the next frame is read. */
type Ask = (
  method: "subscribe" | "unsubscribe" | "ack",
  params: object,
  answered: (outcome: Outcome) => void,
) => void;

type Ended = Extract<TransientMessage, { event_type: "subscription_ended" }>["data"];

const maxResumes = 3;
const nothing = () => undefined;

/** The subscriptions of one client, one a session, made again by cursor on every connection. */
export class Subscriptions {
  readonly #around: Surroundings;
  readonly #ask: Ask;
  readonly #changed: () => void;
  readonly #all = new Map<string, Following>();
  #connected = false;

  /** `changed`: how far the replays are may be other than before. */
  constructor(around: Surroundings, ask: Ask, changed: () => void = nothing) {
    this.#around = around;
    this.#ask = ask;
    this.#changed = changed;
  }

  /** How far all replays are together; null when there is none to wait for. */
  get catchingUp(): Progress | null {
    const replays = [...this.#all.values()].flatMap(({ catchingUp }) => catchingUp ?? []);
    if (replays.length === 0) return null;
    const sum = (key: keyof Progress) => replays.reduce((before, one) => before + one[key], 0);
    return { done: sum("done"), total: sum("total") };
  }

  /** Replaces an older subscription to the same session. The result ends this one. */
  add(session_id: string, options: SubscribeOptions): () => void {
    const key = session_id.toLowerCase();
    const following = new Following(key, options, {
      around: this.#around,
      sendAck: (subscription_id, seq) => this.#ask("ack", { subscription_id, seq }, nothing),
      handlerFailed: () => this.#end(following, "handler_failed"),
    });
    this.#all.get(key)?.end();
    this.#all.set(key, following);
    if (this.#connected) this.#subscribe(following);
    return () => this.#remove(following);
  }

  /** A connection is ready: subscribes to everything from where each stands. */
  connected(): void {
    this.#connected = true;
    for (const following of this.#all.values()) this.#subscribe(following);
  }

  disconnected(): void {
    this.#connected = false;
    for (const following of this.#all.values()) following.disconnected();
  }

  clear(): void {
    this.#connected = false;
    for (const following of this.#all.values()) following.end();
    this.#all.clear();
  }

  /** The events of one frame, which are of one session. */
  events(events: readonly LiveEvent[]): void {
    const following = this.#all.get(events[0]?.data.session_id ?? "");
    if (following === undefined) return;
    this.#mend(following, following.take(events));
    this.#changed();
  }

  transient(message: TransientMessage): void {
    const about = message.event_type === "session_summary" ? "*" : message.data.session_id;
    const following = this.#all.get(about);
    if (following === undefined) return;
    // While a gap is being closed, the sync of the subscription before would jump over it.
    if (message.event_type === "sync" && !following.asking) {
      this.#mend(following, following.sync(message.data));
      this.#changed();
    }
    following.tell(() => following.options.onTransient?.(message));
    if (message.event_type === "subscription_ended") this.#ended(following, message.data);
  }

  #ended(following: Following, { subscription_id, reason }: Ended): void {
    // Of one that this client has replaced, or is just replacing.
    if (following.asking || following.subscription_id !== subscription_id) return;
    following.subscription_id = null;
    if (reason === "log_trimmed") this.#subscribe(following);
    else this.#end(following, reason);
  }

  #mend(following: Following, verdict: Verdict): void {
    if (verdict === "gap") this.#resume(following);
    if (verdict === "lost") this.#startAfresh(following);
  }

  #subscribe(following: Following): void {
    if (following.asking) return;
    following.cancelRetry();
    following.asking = true;
    this.#ask("subscribe", following.params(), (outcome) => {
      this.#answered(following, outcome);
      this.#changed();
    });
    this.#changed();
  }

  #answered(following: Following, outcome: Outcome): void {
    following.asking = false;
    if ("error" in outcome) return this.#failed(following, outcome.error);
    const reply = outcome.result;
    if (!isSubscribed(reply)) {
      const message = "The server confirmed a subscription in a form that this client cannot read.";
      return this.#failed(following, new ProtocolError("invalid_params", message));
    }
    const current = this.#all.get(following.session_id);
    if (current === following) return following.confirmed(reply);
    // A successor replaces it on the server too; without one it has to be ended.
    if (current === undefined) this.#unsubscribe(reply.subscription_id);
    return undefined;
  }

  #failed(following: Following, error: ProtocolError): void {
    following.unconfirmed();
    if (this.#all.get(following.session_id) !== following || !this.#connected) return;
    // The client as a whole is refused, and this goes on after `signIn`.
    if (error.code === "unauthenticated") return;
    if (!errors[error.code].retryable) {
      this.#all.delete(following.session_id);
      following.end();
      following.options.onError?.(error);
      return;
    }
    const wait = backoffMs(following.failures, () => this.#around.random());
    following.failures += 1;
    following.cancelRetry = this.#around.after(wait, () => this.#subscribe(following));
  }

  #resume(following: Following): void {
    if (following.asking) return;
    if (following.mayResume(maxResumes)) this.#subscribe(following);
    else this.#startAfresh(following);
  }

  #startAfresh(following: Following): void {
    if (following.asking) return;
    following.forget();
    this.#subscribe(following);
  }

  #end(following: Following, reason: EndReason): void {
    if (this.#all.get(following.session_id) !== following) return;
    this.#remove(following);
    following.tell(() => following.options.onEnded?.(reason));
    this.#changed();
  }

  #remove(following: Following): void {
    const { subscription_id } = following;
    const current = this.#all.get(following.session_id);
    following.end();
    if (current !== following) return;
    this.#all.delete(following.session_id);
    if (subscription_id !== null) this.#unsubscribe(subscription_id);
    this.#changed();
  }

  #unsubscribe(subscription_id: string): void {
    // Whatever is answered, nothing of it is listened to any more.
    if (this.#connected) this.#ask("unsubscribe", { subscription_id }, nothing);
  }
}
