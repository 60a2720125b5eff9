import type { Disk } from "../store/disk.ts";
import type { StoreIndex } from "../store/store-index.ts";
import { Crash } from "./faults.ts";

/** One call of a store on its disk, or the begin or end of a transaction of its index. */
export type Step = keyof Disk | "begin" | "end";

/** Counts the steps of a store from 1, and breaks at one of them. */
export class Faults {
  /** The step that breaks; 0 for none. */
  at = 0;
  steps = 0;
  readonly #fault: string;

  /** An error code, `short` for calls that do half, or `crash`: nothing is done from there on. */
  constructor(fault: string) {
    this.#fault = fault;
  }

  /** Whether it came to the step. */
  get met(): boolean {
    return this.at > 0 && this.steps >= this.at;
  }

  disk(disk: Disk): Disk {
    return new Proxy(disk, {
      get: (target, key) => {
        const method: unknown = Reflect.get(target, key);
        if (typeof method !== "function") return method;
        return (...args: unknown[]): unknown => {
          this.#step(key as Step, () => half(disk, key as Step, args));
          if (this.#isShort(key)) return half(disk, key as Step, args);
          return Reflect.apply(method, target, args);
        };
      },
    });
  }

  watch(index: StoreIndex): void {
    const write = index.write.bind(index);
    index.write = (work) => {
      this.#step("begin", () => undefined);
      const result = write(work);
      // Too late to fail: only a crash comes between a commit and what follows it.
      if (this.#fault === "crash") this.#step("end", () => undefined);
      return result;
    };
  }

  #isShort(key: string | symbol): boolean {
    const some = key === "read" || key === "write";
    return some && this.#fault === "short" && this.steps === this.at;
  }

  #step(step: Step, tear: () => unknown): void {
    this.steps += 1;
    if (this.at === 0 || this.steps < this.at || this.#fault === "short") return;
    if (this.#fault === "crash") {
      // What was being written then is cut in half.
      if (this.steps === this.at) tear();
      throw new Crash(`crashed at step ${this.at}, ${step}`);
    }
    if (this.steps !== this.at) return;
    const code = this.#fault;
    const message = `${code}: injected, ${step}`;
    if (step !== "begin") throw Object.assign(new Error(message), { code, syscall: step });
    // As SQLite tells the same.
    const errcode = code === "ENOSPC" || code === "EDQUOT" ? 13 : 10;
    throw Object.assign(new Error(message), { code: "ERR_SQLITE_ERROR", errcode });
  }
}

/** A write or read of half of what was asked; a close is whole, since it always closes. */
function half(disk: Disk, step: Step, args: unknown[]): unknown {
  if (step === "close") {
    disk.close(args[0] as number);
    return undefined;
  }
  if (step === "write") {
    const [fd, [first = Buffer.alloc(0)], position] = args as Parameters<Disk["write"]>;
    const some = first.subarray(0, Math.ceil(first.length / 2));
    return disk.write(fd, [some], position);
  }
  if (step === "read") {
    const [fd, into, position] = args as Parameters<Disk["read"]>;
    return disk.read(fd, into.subarray(0, Math.ceil(into.length / 2)), position);
  }
  return undefined;
}
