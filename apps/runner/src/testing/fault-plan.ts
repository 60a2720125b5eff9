import type { Fs } from "../fs.ts";
import { realFs } from "../fs.ts";
import type { Journals } from "../store/journals.ts";
import type { ObjectStore } from "../store/objects.ts";
import { writeError } from "../store/errors.ts";
import { Crash } from "./faults.ts";

/** What a disk, a full table of files, or the end of the process does to a call. */
export const faults = [
  "EIO",
  "ENOSPC",
  "EACCES",
  "EMFILE",
  "EROFS",
  "short write",
  "crash",
] as const;
export type Fault = (typeof faults)[number];

/** Calls of the store that touch its disk; hashing does not. */
const storeCalls = new Set<string | symbol>([
  "readTree",
  "readBlob",
  "readRecord",
  "putFile",
  "putBlob",
  "putTree",
  "putRecord",
  "commit",
  "unpin",
]);

/**
 * The disk under one restorer, workspace and store alike: what is done with either is counted as
 * one row of calls, and the fault happens to the n-th; a short write to the first write from there.
 */
export class FaultPlan {
  /** Descriptors that are open. */
  open = 0;
  calls = 0;
  /** What the fault happened to. */
  struck: string | undefined;
  readonly #at: number;
  readonly #fault: Fault;

  /** `at` 0 lets everything through. */
  constructor(at = 0, fault: Fault = "EIO") {
    this.#at = at;
    this.#fault = fault;
  }

  get crashed(): boolean {
    return this.struck !== undefined && this.#fault === "crash";
  }

  fs(): Fs {
    return this.#over(
      realFs,
      () => true,
      (name, args) => this.#failing(name, args),
    );
  }

  store(store: ObjectStore): ObjectStore {
    const fail = (name: string): unknown => writeError(this.#error(name));
    return this.#over(store, (key) => storeCalls.has(key), fail);
  }

  journals(journals: Journals): Journals {
    const fail = (name: string): unknown => writeError(this.#error(name));
    return this.#over(journals, () => true, fail);
  }

  #over<T extends object>(
    target: T,
    counts: (key: string | symbol) => boolean,
    fail: (name: string, args: unknown[]) => unknown,
  ): T {
    return new Proxy(target, {
      get: (_, key) => {
        const method: unknown = Reflect.get(target, key);
        if (typeof method !== "function") return method;
        return (...args: unknown[]): unknown => {
          const name = String(key);
          if (counts(key)) {
            this.calls += 1;
            if (this.#strikes(name)) {
              this.struck ??= name;
              if (this.#fault !== "short write") throw fail(name, args);
              return Reflect.apply(method, target, [args[0], half(args[1])]);
            }
          }
          const result: unknown = Reflect.apply(method, target, args);
          if (target === realFs && name === "open") this.open += 1;
          if (target === realFs && name === "close") this.open -= 1;
          return result;
        };
      },
    });
  }

  #strikes(name: string): boolean {
    if (this.crashed) return true;
    if (this.#fault !== "short write") return this.calls === this.#at;
    return name === "write" && this.calls >= this.#at && this.struck === undefined;
  }

  #failing(name: string, args: unknown[]): unknown {
    // A failed close has closed all the same; a process that ends closes what it had open.
    if (name === "close") {
      realFs.close(args[0] as number);
      this.open -= 1;
    }
    if (name === "write" && this.#fault === "crash" && this.calls === this.#at) {
      realFs.write(args[0] as number, half(args[1]));
    }
    return this.#error(name);
  }

  #error(name: string): Error {
    if (this.#fault === "crash") return new Crash(`crashed at call ${this.calls}, ${name}`);
    return Object.assign(new Error(`${this.#fault}: injected, ${name}`), { code: this.#fault });
  }
}

/** At least one byte, so that it is short and not nothing. */
function half(data: unknown): Uint8Array {
  const bytes = data as Uint8Array;
  return bytes.subarray(0, Math.max(bytes.length >> 1, Math.min(bytes.length, 1)));
}
