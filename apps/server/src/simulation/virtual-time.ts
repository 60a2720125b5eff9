interface Timer {
  at: number;
  every: number | null;
  run: () => void;
}

/** What `setTimeout` gives; Node's own has these too. */
class Handle {
  readonly #time: VirtualTime;
  readonly #key: number;

  constructor(time: VirtualTime, key: number) {
    this.#time = time;
    this.#key = key;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return false;
  }

  refresh(): this {
    this.#time.refresh(this.#key);
    return this;
  }

  close(): this {
    this.#time.cancel(this);
    return this;
  }

  [Symbol.toPrimitive](): number {
    return this.#key;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Stands in for the timers and clocks of the process, so that 25 s of pings take no time and come
 * in the same order each time. What is due at once (`setImmediate`, promises) stays as it is.
 */
export class VirtualTime {
  readonly #began = performance.now();
  #ms = 0;
  #made = 0;
  readonly #timers = new Map<number, Timer & { ms: number }>();

  /** Ms since it began. */
  get ms(): number {
    return this.#ms;
  }

  get pending(): number {
    return this.#timers.size;
  }

  /** Replaces the globals; the result puts the real ones back. */
  install(): () => void {
    const { setTimeout, setInterval, clearTimeout, clearInterval } = globalThis;
    const { now: dateNow } = Date;
    const performanceNow = performance.now.bind(performance);
    const start = dateNow();
    const make =
      (every: boolean) =>
      (run: (...args: unknown[]) => void, ms: number = 0, ...args: unknown[]): Handle => {
        this.#made += 1;
        const wait = Math.max(1, ms);
        this.#timers.set(this.#made, {
          at: this.#ms + wait,
          ms: wait,
          every: every ? wait : null,
          run: () => run(...args),
        });
        return new Handle(this, this.#made);
      };
    const cancel = (handle: unknown): void => this.cancel(handle);
    Object.assign(globalThis, {
      setTimeout: make(false),
      setInterval: make(true),
      clearTimeout: cancel,
      clearInterval: cancel,
    });
    Date.now = () => start + Math.floor(this.#ms);
    performance.now = () => this.#began + this.#ms;
    return () => {
      Object.assign(globalThis, { setTimeout, setInterval, clearTimeout, clearInterval });
      Date.now = dateNow;
      performance.now = performanceNow;
    };
  }

  cancel(handle: unknown): void {
    if (handle instanceof Handle) this.#timers.delete(Number(handle));
  }

  refresh(key: number): void {
    const timer = this.#timers.get(key);
    if (timer !== undefined) timer.at = this.#ms + timer.ms;
  }

  /** Runs what falls due within the next `ms`, in order, with `settle` after each. */
  async advance(ms: number, settle: () => Promise<void>): Promise<void> {
    const end = this.#ms + ms;
    for (;;) {
      let first: number | undefined;
      let at = end;
      for (const [key, timer] of this.#timers) {
        if (timer.at > at || (timer.at === at && first !== undefined)) continue;
        first = key;
        ({ at } = timer);
      }
      const timer = first === undefined ? undefined : this.#timers.get(first);
      if (first === undefined || timer === undefined) break;
      this.#ms = Math.max(this.#ms, timer.at);
      if (timer.every === null) this.#timers.delete(first);
      else timer.at += timer.every;
      timer.run();
      await settle();
    }
    this.#ms = end;
  }
}
