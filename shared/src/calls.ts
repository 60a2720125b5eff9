import { ProtocolError, type ErrorCode } from "./errors.ts";
import type { MethodName } from "./methods.ts";
import type { Surroundings } from "./surroundings.ts";

export type Outcome = { result: unknown } | { error: ProtocolError };
/** Called in the very turn in which the answer's frame was read, before the next frame. */
export type Answered = (outcome: Outcome) => void;
export type Send = (text: string) => void;

interface Pending {
  method: MethodName;
  /** Null once it was sent. */
  unsent: string | null;
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

/** There is no connection, and the call was never sent. */
export function offlineError(): ProtocolError {
  return new ProtocolError(
    "shutting_down",
    "You are offline: there is no connection to the Cairn server. Nothing was sent.",
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

  /** How many are not answered yet. */
  get size(): number {
    return this.#pending.size;
  }

  /** Sends now by `send` if given, else as soon as there is a connection. */
  start(
    method: MethodName,
    params: object,
    answered: Answered,
    send: Send | null = this.#send,
  ): void {
    this.#count += 1;
    const id = String(this.#count);
    const text = JSON.stringify({ id, method, params });
    const ms = this.#timeoutMs * (unhurried.includes(method) ? unhurriedFactor : 1);
    const cancelTimer = this.#around.after(ms, () => this.#timedOut(id, ms));
    this.#pending.set(id, { method, unsent: send === null ? text : null, answered, cancelTimer });
    send?.(text);
  }

  /** Sends what waited, in the order of the calls, and from now on at once. */
  open(send: Send): void {
    this.#send = send;
    for (const pending of this.#pending.values()) {
      if (pending.unsent !== null) send(pending.unsent);
      pending.unsent = null;
    }
  }

  settle(id: string, outcome: Outcome): void {
    const pending = this.#pending.get(id);
    // Answered after its time-out, or never asked.
    if (pending === undefined) return;
    this.#pending.delete(id);
    pending.cancelTimer();
    pending.answered(outcome);
  }

  /** The connection is gone: everything fails, what was sent with an unknown outcome. */
  drop(unsentError: ProtocolError): void {
    this.#send = null;
    for (const [id, { method, unsent }] of this.#pending) {
      this.settle(id, { error: unsent === null ? unknownOutcome(method) : unsentError });
    }
  }

  #timedOut(id: string, ms: number): void {
    const method = this.#pending.get(id)?.method ?? "call";
    const error = new ProtocolError(
      "internal",
      `The server did not answer ${method} within ${Math.round(ms / 1000)} s. Whether it was done is unknown: look before you repeat it.`,
      { details: { timed_out: true, outcome_unknown: true } },
    );
    this.settle(id, { error });
  }
}
