import { ProtocolError, type ErrorCode } from "./errors.ts";
import type { MethodName } from "./methods.ts";
import type { Surroundings } from "./surroundings.ts";

export type Outcome = { result: unknown } | { error: ProtocolError };
/** Called in the very turn in which the answer's frame was read, before the next frame. */
export type Answered = (outcome: Outcome) => void;
export type Send = (text: string) => void;

interface Pending {
  method: MethodName;
  text: string;
  /** It carries an idempotency key: sent twice, it is done once. */
  keyed: boolean;
  /** On the connection of now. */
  sent: boolean;
  /** On one before. */
  sentBefore: boolean;
  answered: Answered;
  cancelTimer: () => void;
}

/** Work on files takes as long as it takes: a dead connection is found by the heartbeat instead. */
const unhurried: readonly MethodName[] = [
  "checkpoint",
  "restore",
  "undo",
  "redo",
  "compact",
  "validate",
  "scan_workspace",
  "plan_restore",
  "diff",
];
const unhurriedFactor = 20;
/** Calls that may wait for a connection. */
const maxWaiting = 100;

/** There is no connection, and the call was never sent. */
export function offlineError(): ProtocolError {
  return new ProtocolError(
    "shutting_down",
    "You are offline: there is no connection to the Cairn server. Nothing was sent.",
    { details: { offline: true } },
  );
}

function fullError(): ProtocolError {
  return new ProtocolError(
    "limit_reached",
    `${maxWaiting} calls wait for a connection to the Cairn server already. Nothing was sent.`,
    { details: { offline: true } },
  );
}

export function closedError(): ProtocolError {
  return new ProtocolError("shutting_down", "This client was closed. Nothing was sent.", {
    details: { offline: true },
  });
}

export function refusedError(code: ErrorCode): ProtocolError {
  return new ProtocolError(
    code,
    "The Cairn server does not accept this sign-in. Sign in again; nothing was sent.",
  );
}

function unknownOutcome(method: MethodName): ProtocolError {
  return new ProtocolError(
    "shutting_down",
    `The connection was lost before ${method} was answered. Whether it was done is unknown: look before you repeat it.`,
    { details: { offline: true, outcome_unknown: true } },
  );
}

function timedOut(method: MethodName, ms: number): ProtocolError {
  return new ProtocolError(
    "internal",
    `The server did not answer ${method} within ${Math.round(ms / 1000)} s. Whether it was done is unknown: look before you repeat it.`,
    { details: { timed_out: true, outcome_unknown: true } },
  );
}

/** Whether a call with these params may be sent twice and is done once. */
export function isKeyed(params: object): boolean {
  return "idempotency_key" in params && typeof params.idempotency_key === "string";
}

/** Calls that wait for their answer, or for a connection to be sent on. */
export class Calls {
  readonly #around: Surroundings;
  readonly #timeoutMs: number;
  readonly #pending = new Map<string, Pending>();
  #send: Send | null = null;
  #count = 0;

  constructor(around: Surroundings, timeoutMs: number) {
    this.#around = around;
    this.#timeoutMs = timeoutMs;
  }

  /** How many were sent and are not answered yet. */
  get size(): number {
    return [...this.#pending.values()].filter(({ sent }) => sent).length;
  }

  /** Sends now by `send` if given, else as soon as there is a connection. */
  start(
    method: MethodName,
    params: object,
    answered: Answered,
    send: Send | null = this.#send,
  ): void {
    if (send === null && this.#pending.size - this.size >= maxWaiting) {
      return answered({ error: fullError() });
    }
    this.#count += 1;
    const id = String(this.#count);
    const pending: Pending = {
      method,
      text: JSON.stringify({ id, method, params }),
      keyed: isKeyed(params),
      sent: false,
      sentBefore: false,
      answered,
      cancelTimer: () => undefined,
    };
    this.#pending.set(id, pending);
    if (send === null) this.#wait(id, pending);
    else this.#transmit(id, pending, send);
    return undefined;
  }

  /** Sends what waited, in the order of the calls, and from now on at once. */
  open(send: Send): void {
    this.#send = send;
    for (const [id, pending] of this.#pending) {
      if (!pending.sent) this.#transmit(id, pending, send);
    }
  }

  /** An answer came. */
  settle(id: string, outcome: Outcome): void {
    const pending = this.#pending.get(id);
    // Answered after its time-out, or never asked.
    if (pending === undefined) return;
    // It was not done, and the connection is about to be closed.
    const later = "error" in outcome && outcome.error.code === "shutting_down" && pending.keyed;
    if (later) this.#wait(id, pending);
    else this.#end(id, pending, outcome);
  }

  /**
   * The connection is gone. What has a key waits for the next, unless there will be none; all else
   * fails, what was sent with an unknown outcome.
   */
  drop(unsentError: ProtocolError, final: boolean): void {
    this.#send = null;
    for (const [id, pending] of this.#pending) {
      const { method, keyed, sent, sentBefore } = pending;
      if (keyed && !final) this.#wait(id, pending);
      else
        this.#end(id, pending, {
          error: sent || sentBefore ? unknownOutcome(method) : unsentError,
        });
    }
  }

  #transmit(id: string, pending: Pending, send: Send): void {
    pending.sent = true;
    this.#limit(
      id,
      pending,
      this.#timeoutMs * (unhurried.includes(pending.method) ? unhurriedFactor : 1),
    );
    send(pending.text);
  }

  #wait(id: string, pending: Pending): void {
    pending.sentBefore ||= pending.sent;
    pending.sent = false;
    this.#limit(id, pending, this.#timeoutMs);
  }

  #limit(id: string, pending: Pending, ms: number): void {
    pending.cancelTimer();
    pending.cancelTimer = this.#around.after(ms, () => {
      const { method, sent, sentBefore } = pending;
      const error = sent || sentBefore ? timedOut(method, ms) : offlineError();
      this.#end(id, pending, { error });
    });
  }

  #end(id: string, pending: Pending, outcome: Outcome): void {
    this.#pending.delete(id);
    pending.cancelTimer();
    pending.answered(outcome);
  }
}
