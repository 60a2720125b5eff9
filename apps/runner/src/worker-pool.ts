import type { Answer, Ask, Method } from "./calls.ts";
import type { Hooks } from "./runner.ts";
import type { WorkerData } from "./worker.ts";
import { WorkerThread } from "./worker-thread.ts";

interface Member {
  thread: WorkerThread;
  idle: NodeJS.Timeout | undefined;
}

/** Worker threads by name, started by the first call and ended when nothing is asked for a while. */
export class WorkerPool {
  readonly #data: WorkerData;
  readonly #idleMs: number;
  readonly #isHeld: (name: string) => boolean;
  readonly #members = new Map<string, Member>();
  readonly #ending = new Set<Promise<void>>();

  /** A thread for which `isHeld` is true is kept however long it idles. */
  constructor(data: WorkerData, idleMs: number, isHeld: (name: string) => boolean) {
    this.#data = data;
    this.#idleMs = idleMs;
    this.#isHeld = isHeld;
  }

  get size(): number {
    return this.#members.size;
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
    for (const [name, member] of this.#members) this.#end(name, member);
    await Promise.all(this.#ending);
  }

  #start(name: string): Member {
    const thread = new WorkerThread(this.#data, () => {
      if (this.#members.get(name) === member) this.#members.delete(name);
    });
    const member: Member = { thread, idle: undefined };
    this.#members.set(name, member);
    return member;
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
