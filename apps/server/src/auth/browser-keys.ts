import { randomUUID } from "node:crypto";
import type { KeyRow, Store, Tx } from "../storage/store.ts";
import { hashOf, newSecret } from "./secrets.ts";

/** "Last used" is as exact as this: a write for each call would cost more than it tells. */
const touchMs = 60_000;

type KeyStore = Pick<Store, "keys" | "keyByHash" | "transact">;

/** Keys that browsers trade their login codes for. The store has only their hashes. */
export class BrowserKeys {
  readonly #store: KeyStore;
  readonly #now: () => number;
  readonly #touched = new Map<string, number>();
  readonly #listeners = new Set<(key_id: string) => void>();

  constructor(store: KeyStore, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  async create(label: string): Promise<{ key: string; key_id: string }> {
    const key = newSecret(256);
    const key_id = randomUUID();
    const at = new Date(this.#now()).toISOString();
    const row = { key_id, hash: hashOf(key), label, created_at: at, last_used_at: at };
    await this.#store.transact((tx) => tx.insertKey(row));
    this.#touched.set(key_id, this.#now());
    return { key, key_id };
  }

  /** The row of a key that is good, else null. */
  async verify(key: string): Promise<KeyRow | null> {
    const row = await this.#store.keyByHash(hashOf(key));
    if (row === null) return null;
    if (this.#now() - (this.#touched.get(row.key_id) ?? 0) > touchMs) {
      this.#touched.set(row.key_id, this.#now());
      const at = new Date(this.#now()).toISOString();
      await this.#store.transact((tx) => tx.touchKey(row.key_id, at));
    }
    return row;
  }

  async list(): Promise<KeyRow[]> {
    return await this.#store.keys();
  }

  /** False when there is no such key; `also` is done in the transaction that deletes it. */
  async revoke(key_id: string, also?: (tx: Tx) => Promise<void> | undefined): Promise<boolean> {
    const revoked = await this.#store.transact(async (tx) => {
      if (!(await tx.deleteKey(key_id))) return false;
      await also?.(tx);
      return true;
    });
    this.#touched.delete(key_id);
    if (revoked) for (const listener of this.#listeners) listener(key_id);
    return revoked;
  }

  /** Calls `listener` with the id of each key that is revoked from now on. */
  onRevoked(listener: (key_id: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
