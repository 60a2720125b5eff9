/** Says that a session's log has grown to at least `seq`. May be lost, doubled or reordered. */
export interface Hint {
  session_id: string;
  seq: number;
}

/** Carries hints between whoever commits and whoever follows. The log is the truth, never this. */
export interface Bus {
  publish(hint: Hint): void;
  /** Calls `listener` on every hint of every session; the result ends that. */
  listen(listener: (hint: Hint) => void): () => void;
  close(): Promise<void>;
}
