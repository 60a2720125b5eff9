import type { Fs } from "../fs.ts";

/** Stands in for the end of the process: nothing that is done after it reaches the disk. */
export class Crash extends Error {
  override readonly name = "Crash";
}

/** The filesystem with `before` called ahead of each call, with its number from 1. */
export function watchedFs<F extends object>(
  fs: F,
  before: (call: number, name: keyof F, args: unknown[]) => void,
): F {
  let calls = 0;
  return new Proxy(fs, {
    get(target, key) {
      const method: unknown = Reflect.get(target, key);
      if (typeof method !== "function") return method;
      return (...args: unknown[]): unknown => {
        calls += 1;
        before(calls, key as keyof F, args);
        return Reflect.apply(method, target, args);
      };
    },
  });
}

/** Fails the n-th call with this code, as the machine would; all others go through. */
export function faultingFs(fs: Fs, at: number, code: string): Fs {
  return watchedFs(fs, (call, name, args) => {
    if (call !== at) return;
    // A failed close has closed all the same.
    if (name === "close") fs.close(args[0] as number);
    throw Object.assign(new Error(`${code}: injected, ${name}`), { code, syscall: name });
  });
}

/** Stops at the n-th call: a write is cut in half, and from then on every call throws `Crash`. */
export function crashingFs(fs: Fs, at: number): Fs {
  return watchedFs(fs, (call, name, args) => {
    if (call < at) return;
    if (name === "close") fs.close(args[0] as number);
    if (name === "write" && call === at) {
      const data = args[1] as Uint8Array;
      fs.write(args[0] as number, data.subarray(0, data.length >> 1));
    }
    throw new Crash(`crashed at call ${at}, ${name}`);
  });
}
