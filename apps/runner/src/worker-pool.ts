import type { Answer, Ask, Method } from "./calls.ts";
import type { Hooks } from "./runner.ts";
import type { WorkerData } from "./worker.ts";
import { WorkerThread } from "./worker-thread.ts";

interface Member {
  thread: WorkerThread;
  idle: NodeJS.Timeout | undefined;
}

/** After the start, and after one was taken. */
const usualSpareMs = 2_000;

/**
 * Worker threads by name, taken by the first call and ended when nothing is asked for a while. One
 * that is ready and has no name yet spares that call two thirds of what else it would wait for, as
 * to load its code and open the store takes longer than a capture.
 */
export class WorkerPool {
  readonly #data: WorkerData;
  readonly #idleMs: number;
  readonly #isHeld: (name: string) => boolean;
  readonly #spareMs: number;
  readonly #members = new Map<string, Member>();
  readonly #ending = new Set<Promise<void>>();
  #spare: WorkerThread | undefined;
  #spareTimer: NodeJS.Timeout | undefined;
  #closed = false;

  /** A thread for which `isHeld` is true is kept however long it idles. */
  constructor(
    data: WorkerData,
    idleMs: number,
    isHeld: (name: string) => boolean,
    spareMs = usualSpareMs,
  ) {
    this.#data = data;
    this.#idleMs = idleMs;
    this.#isHeld = isHeld;
    this.#spareMs = spareMs;
    this.#spareSoon();
  }

  /** Whether a thread is there that nobody has taken yet. */
  get hasSpare(): boolean {
    return this.#spare !== undefined;
  }

  async call<M extends Method>(
    name: string,
    method: M,
    request: Ask<M>,
    hooks?: Hooks,
  ): Promise<Answer<M>> {
    const member = this.#members.get(name) ?? this.#start(name);
    clearTimeout(member.idle);
    try {
      return await member.thread.call(method, request, hooks);
    } finally {
      this.#rest(name, member);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#spareTimer);
    for (const [name, member] of this.#members) this.#end(name, member);
    await Promise.all([...this.#ending, this.#spare?.drop()]);
  }

  #start(name: string): Member {
    const thread = this.#spare ?? new WorkerThread(this.#data);
    this.#spare = undefined;
    this.#spareSoon();
    const member: Member = { thread, idle: undefined };
    thread.onEnd = () => {
      if (this.#members.get(name) === member) this.#members.delete(name);
    };
    this.#members.set(name, member);
    return member;
  }

  #spareSoon(): void {
    clearTimeout(this.#spareTimer);
    if (this.#closed) return;
    this.#spareTimer = setTimeout(() => {
      try {
        this.#spare = new WorkerThread(this.#data);
        this.#spare.onEnd = () => (this.#spare = undefined);
      } catch {
        // The system has no room for a thread now; whoever needs one is told.
      }
    }, this.#spareMs).unref();
  }

  #rest(name: string, member: Member): void {
    clearTimeout(member.idle);
    if (member.thread.busy || this.#members.get(name) !== member) return;
    member.idle = setTimeout(() => {
      if (this.#isHeld(name)) this.#rest(name, member);
      else this.#end(name, member);
    }, this.#idleMs).unref();
  }

  #end(name: string, member: Member): void {
    clearTimeout(member.idle);
    this.#members.delete(name);
    const ended = member.thread.close();
    this.#ending.add(ended);
    void ended.finally(() => this.#ending.delete(ended));
  }
}
