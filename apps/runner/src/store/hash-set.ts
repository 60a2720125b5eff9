const hashBytes = 32;

/**
 * A set of SHA-256 hashes, each in 32 bytes of one buffer: a collection looks up millions, and a
 * string for each would cost it three times the time and memory.
 */
export class HashSet {
  #keys = Buffer.allocUnsafe(hashBytes * 512);
  /** Number of the key at each slot from 1, 0 where there is none. */
  #slots = new Uint32Array(1024);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Whether the hash at `at` in `bytes` is in it. */
  has(bytes: Uint8Array, at = 0): boolean {
    return this.#slots[this.#slotOf(bytes, at)] !== 0;
  }

  /** Adds the hash at `at` in `bytes`; false when it was there. */
  add(bytes: Uint8Array, at = 0): boolean {
    const slot = this.#slotOf(bytes, at);
    if (this.#slots[slot] !== 0) return false;
    const start = this.#size * hashBytes;
    for (let i = 0; i < hashBytes; i += 1) this.#keys[start + i] = bytes[at + i] ?? 0;
    this.#size += 1;
    this.#slots[slot] = this.#size;
    if (this.#size * 2 >= this.#slots.length) this.#grow();
    return true;
  }

  *all(): Generator<Buffer, void> {
    for (let key = 0; key < this.#size; key += 1) {
      yield this.#keys.subarray(key * hashBytes, (key + 1) * hashBytes);
    }
  }

  /** Where the hash is, or the free slot where it would be. */
  #slotOf(bytes: Uint8Array, at: number): number {
    const mask = this.#slots.length - 1;
    let slot = start(bytes, at) & mask;
    for (;;) {
      const key = this.#slots[slot] ?? 0;
      if (key === 0 || this.#isAt(key - 1, bytes, at)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #isAt(key: number, bytes: Uint8Array, at: number): boolean {
    const start = key * hashBytes;
    for (let i = 0; i < hashBytes; i += 1) {
      if (this.#keys[start + i] !== bytes[at + i]) return false;
    }
    return true;
  }

  #grow(): void {
    const keys = Buffer.allocUnsafe(this.#keys.length * 2);
    this.#keys.copy(keys);
    this.#keys = keys;
    this.#slots = new Uint32Array(this.#slots.length * 2);
    const mask = this.#slots.length - 1;
    for (let key = 1; key <= this.#size; key += 1) {
      let slot = start(keys, (key - 1) * hashBytes) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = key;
    }
  }
}

function start(bytes: Uint8Array, at: number): number {
  const [a, b] = [bytes[at] ?? 0, bytes[at + 1] ?? 0];
  const [c, d] = [bytes[at + 2] ?? 0, bytes[at + 3] ?? 0];
  return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
}
