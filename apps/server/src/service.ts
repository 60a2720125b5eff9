import type { LoggedEvent } from "@cairn/shared/events";
import type { MethodName, ParsedParams, Result } from "@cairn/shared/methods";
import type { ServiceMessage } from "./checkpoints/long-calls.ts";
import type { LiveFacts } from "./sessions/live-facts.ts";
import type { KeyedCall, Tx } from "./storage/store.ts";

/** Keeps what a call under an idempotency key answers, for when it is sent again. */
export interface Receipt {
  /** For what ends in a later transaction, maybe after a crash: that one keeps the answer. */
  readonly call: KeyedCall;
  /** To be called in the transaction that does what was asked for: both are kept, or neither. */
  keep(tx: Tx, answer: unknown): Promise<void>;
}

/** Who calls. `actor` stands in events and operations: `admin`, or the label of a browser key. */
export interface CallContext {
  actor: string;
  /** Only of a call under an idempotency key. */
  receipt?: Receipt | undefined;
}

/** Methods that belong to a connection, to signing in or to the process, not to the service. */
export type OutsideService =
  | "authenticate"
  | "subscribe"
  | "unsubscribe"
  | "ack"
  | "list_consumers"
  | "delete_consumer"
  | "list_connections"
  | "download_ticket"
  | "list_keys"
  | "revoke_key"
  | "metrics"
  | "health";

export type ServiceMethod = Exclude<MethodName, OutsideService>;

/** Checkpoints and sessions, the same for every way in. Params are already parsed. */
export type Service = {
  [M in ServiceMethod]: (params: ParsedParams<M>, context: CallContext) => Promise<Result<M>>;
} & {
  /** The session's logged events from now on (or after `after`), without any socket. */
  subscribe(session_id: string, after?: number): AsyncIterableIterator<LoggedEvent>;
  /** What it says without any event: how long calls get on, and where sessions stand. */
  onProgress(listener: (message: ServiceMessage) => void): () => void;
  /** Facts of the moment, such as how many files differ from the head. */
  readonly live: LiveFacts;
  /** What is done without being asked for; `run` does what is due now. */
  readonly upkeep: { run(): Promise<void> };
  /** The clock in ms, never ahead of the time that has passed: for what is dropped by its age. */
  cautiousNow(): number;
  /** Ends what a crash left of a session's operations; `workspace_unavailable` if it cannot yet. */
  recover(session_id: string): Promise<void>;
  /**
   * An automatic checkpoint, if the files of the session, which is open, differ from its head's.
   * Says whether it made one.
   */
  checkpointIfChanged(session_id: string, reason: "interval" | "quiet"): Promise<boolean>;
  /** Refuses new mutations as `shutting_down` and resolves when the running ones are done. */
  drain(): Promise<void>;
};
