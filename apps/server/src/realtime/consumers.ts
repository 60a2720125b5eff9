import { ProtocolError } from "@cairn/shared/errors";
import type { ConsumerRow, Store, Tx } from "../storage/store.ts";
import type { Timers } from "./timers.ts";

/** Between two writes of floors: an answered `ack` waits at most so long, and for the commit. */
const apartMs = 50;

type EndReason = "consumer_taken" | "consumer_deleted";

/** The subscription that reads under a name. */
export interface Holder {
  endBecause(reason: EndReason): void;
}

type Row = Pick<ConsumerRow, "session_id" | "consumer" | "epoch" | "floor">;

interface Options {
  store: Pick<Store, "consumer" | "consumers" | "transact">;
  timers: Timers;
  /** The time of day in ms. */
  now: () => number;
  onError: (error: unknown) => void;
  onTaken: () => void;
}

interface Write {
  rows: Map<string, Row>;
  done: Promise<void>;
  settle: (work: Promise<void>) => void;
}

const keyOf = (session_id: string, consumer: string): string => `${session_id} ${consumer}`;

function newWrite(): Write {
  let settle: Write["settle"] = () => undefined;
  const done = new Promise<void>((resolve) => (settle = resolve));
  // Whoever does not wait for it is not to end the process.
  done.catch(() => undefined);
  return { rows: new Map(), done, settle };
}

/** Named readers of logs: who holds which name, and how far each has acknowledged. */
export class Consumers {
  readonly #options: Options;
  readonly #holders = new Map<string, Holder>();
  /** What is stored of those that are held. */
  readonly #stored = new Map<string, Pick<Row, "epoch" | "floor">>();
  /** What the next write takes with it. */
  #next = newWrite();
  #writing: Promise<void> = Promise.resolve();
  #scheduled: (() => void) | null = null;
  #notBefore = 0;

  constructor(options: Options) {
    this.#options = options;
  }

  /** What is stored under a name, once all that was acknowledged under it is. */
  async load(session_id: string, consumer: string): Promise<ConsumerRow | null> {
    // One whose floor could not be stored is sent again what it has had.
    await this.flush().catch(this.#options.onError);
    return await this.#options.store.consumer(session_id, consumer);
  }

  /** The newest holder wins; the one before is told. */
  take(session_id: string, consumer: string, holder: Holder): void {
    const key = keyOf(session_id, consumer);
    const before = this.#holders.get(key);
    this.#holders.set(key, holder);
    if (before === undefined) return;
    this.#options.onTaken();
    before.endBecause("consumer_taken");
  }

  release(session_id: string, consumer: string, holder: Holder): void {
    const key = keyOf(session_id, consumer);
    if (this.#holders.get(key) !== holder) return;
    this.#holders.delete(key);
    this.#stored.delete(key);
  }

  isHeld(session_id: string, consumer: string): boolean {
    return this.#holders.has(keyOf(session_id, consumer));
  }

  /** Resolves when the floor is stored; many that come close together are one write. */
  async save(row: Row): Promise<void> {
    const key = keyOf(row.session_id, row.consumer);
    const stored = this.#stored.get(key);
    if (stored?.epoch === row.epoch && stored.floor >= row.floor) return;
    const write = this.#next;
    const other = write.rows.get(key);
    if (other?.epoch !== row.epoch || other.floor < row.floor) write.rows.set(key, row);
    if (this.#scheduled === null) {
      const { timers } = this.#options;
      const pause = this.#notBefore - timers.now();
      const begin = (): void => void this.flush().catch(this.#options.onError);
      this.#scheduled = pause <= 0 ? timers.soon(begin) : timers.after(pause, begin);
    }
    await write.done;
  }

  /** Resolves when the floor is stored, without waiting for others. */
  async saveAtOnce(row: Row): Promise<void> {
    // Together: were one left to be awaited later, its failure would be nobody's.
    await Promise.all([this.save(row), this.flush()]);
  }

  /** Stores at once all that is to be stored. */
  async flush(): Promise<void> {
    const isAwaited = this.#scheduled !== null;
    this.#scheduled?.();
    this.#scheduled = null;
    const write = this.#next;
    if (isAwaited) {
      this.#next = newWrite();
      this.#notBefore = this.#options.timers.now() + apartMs;
      const work = this.#writing.then(async () => await this.#write([...write.rows.values()]));
      write.settle(work);
      this.#writing = work.catch(() => undefined);
      await work;
      return;
    }
    await this.#writing;
  }

  async #write(rows: readonly Row[]): Promise<void> {
    if (rows.length === 0) return;
    const { store, now } = this.#options;
    const updated_at = new Date(now()).toISOString();
    try {
      await store.transact(async (tx) => {
        for (const row of rows) await tx.saveConsumer({ ...row, updated_at });
      });
      for (const { session_id, consumer, epoch, floor } of rows) {
        const key = keyOf(session_id, consumer);
        if (this.#holders.has(key)) this.#stored.set(key, { epoch, floor });
      }
    } catch (error) {
      if (rows.length > 1) {
        // One of them spoils it for the others: each by itself.
        for (const row of rows) await this.#write([row]);
      } else if (!(error instanceof ProtocolError && error.code === "session_not_found")) {
        throw error;
      }
    }
  }

  /** Forgets a name; whoever holds it is told and ended. `also` is done in the same transaction. */
  async delete(
    session_id: string,
    consumer: string,
    also?: (tx: Tx, deleted: boolean) => Promise<void>,
  ): Promise<boolean> {
    const key = keyOf(session_id, consumer);
    // Its end would store the floor once more.
    this.#holders.get(key)?.endBecause("consumer_deleted");
    this.#next.rows.delete(key);
    await this.#writing;
    return await this.#options.store.transact(async (tx) => {
      const deleted = await tx.deleteConsumer(session_id, consumer);
      await also?.(tx, deleted);
      return deleted;
    });
  }

  /** What is stored of a session's readers, once all that was acknowledged is, and who is here. */
  async list(session_id: string): Promise<(ConsumerRow & { connected: boolean })[]> {
    await this.flush();
    const rows = await this.#options.store.consumers(session_id);
    return rows.map((row) => ({ ...row, connected: this.isHeld(session_id, row.consumer) }));
  }
}
