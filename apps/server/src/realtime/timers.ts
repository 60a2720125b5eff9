/** Time as the delivery of events needs it, so that tests can make it pass. */
export interface Timers {
  /** Milliseconds that never go back. */
  now(): number;
  /** Runs `work` once after `ms`, without keeping the process alive; the result cancels. */
  after(ms: number, work: () => void): () => void;
  /** Runs `work` once after what other I/O is ready; the result cancels. */
  soon(work: () => void): () => void;
}

export const realTimers: Timers = {
  now: () => performance.now(),
  after: (ms, work) => {
    const timer = setTimeout(work, ms).unref();
    return () => clearTimeout(timer);
  },
  soon: (work) => {
    const immediate = setImmediate(work);
    return () => clearImmediate(immediate);
  },
};
