import { createStore } from "zustand/vanilla";

export interface Loading<T> {
  /** The newest answer; it stays while another is asked for, and when that fails. */
  value: T | null;
  error: unknown;
  loading: boolean;
}

type Work<T> = (value: T | null) => Promise<T>;

/** Something asked of the server for one place of the screen: a later question drops an earlier answer. */
export class Resource<T> {
  readonly store = createStore<Loading<T>>(() => ({ value: null, error: null, loading: true }));
  readonly #first: () => Promise<T>;
  #latest: Work<T>;
  #runs = 0;

  constructor(first: () => Promise<T>) {
    this.#first = first;
    this.#latest = first;
  }

  /** Asks (again) from the start. */
  readonly load = (): void => this.run(this.#first);

  /** Asks what failed last once more. */
  readonly retry = (): void => this.run(this.#latest);

  /** Makes the next value from the present one. */
  run(work: Work<T>): void {
    this.#runs += 1;
    this.#latest = work;
    const mine = this.#runs;
    const { value } = this.store.getState();
    this.store.setState({ error: null, loading: true });
    work(value).then(
      (next) => this.#settle(mine, { value: next, error: null, loading: false }),
      (error: unknown) => this.#settle(mine, { error, loading: false }),
    );
  }

  /** Takes a value that came another way. */
  readonly set = (value: T): void => {
    this.#runs += 1;
    this.store.setState({ value, error: null, loading: false });
  };

  /** Drops what is still to come. */
  stop(): void {
    this.#runs += 1;
  }

  #settle(run: number, state: Partial<Loading<T>>): void {
    if (run === this.#runs) this.store.setState(state);
  }
}
