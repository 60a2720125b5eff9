import type { Dirty, Rules, Runner, WatchHint } from "@cairn/runner/runner";
import { ProtocolError } from "@cairn/shared/errors";
import type { Log } from "../checkpoints/deps.ts";
import type { Timers } from "../realtime/timers.ts";

/** How often is looked without any hint: they may be missed, or not come at all. */
const pollMs = 60_000;
const unheardPollMs = 10_000;
/** Looks at large folders take at most a hundredth of the time, on hints a fifth. */
const pollShare = 100;
const hintShare = 4;
/** Something else was at work there. */
const againMs = 500;

/** What a look at the folder found. */
export interface Look {
  /** Files that differ from the head; null when that could not be found out. */
  files: number | null;
  /** Whether it is exactly as its head: empty folders and their modes count too. */
  isAsHead: boolean;
  /** The folder is not as it was at the look before. */
  changed: boolean;
}

interface Options {
  runner: Pick<Runner, "dirty" | "watch">;
  timers: Timers;
  log: Log;
  session_id: string;
  workspace: string;
  rules: Rules;
  /** Tree of the head, null for none. */
  head: string | null;
  onLook: (look: Look) => void;
  /** It is told of changes now, or no more. */
  onHearing: () => void;
}

/** Keeps up with how a session's folder differs from its head: on hints, and by a slow poll. */
export class FolderWatch {
  readonly #options: Options;
  #head: string | null;
  #end: (() => Promise<void>) | null = null;
  #opening: Promise<void> | null = null;
  #looking: AbortController | null = null;
  #look: Promise<void> = Promise.resolve();
  #isHeard = false;
  #unheard: string | null = null;
  #again = false;
  #due: { at: number; cancel: () => void } | null = null;
  #restUntil = 0;
  #took = 0;
  #tree: string | null = null;
  #failed: string | null = null;
  #closed = false;

  constructor(options: Options) {
    this.#options = options;
    this.#head = options.head;
    this.#open();
    this.#lookAt(options.timers.now());
  }

  /** Whether changes are hinted; otherwise the folder is only looked at now and then. */
  get isHeard(): boolean {
    return this.#isHeard;
  }

  /** Why no changes are hinted; null while they are, and until that is known. */
  get unheard(): string | null {
    return this.#unheard;
  }

  /** Somebody wants to know how things stand now. */
  lookSoon(): void {
    if (this.#looking !== null) this.#again = true;
    else this.#lookAt(Math.max(this.#options.timers.now(), this.#restUntil));
  }

  /** The head is another now: what was found is about the old one. */
  setHead(head: string | null): void {
    if (head === this.#head) return;
    this.#head = head;
    this.#again = true;
    this.#looking?.abort();
    this.#lookAt(this.#options.timers.now());
  }

  #open(): void {
    const { runner, workspace, rules, session_id, log } = this.#options;
    const onHint = (hint: WatchHint): void => this.#hear(hint);
    this.#opening ??= runner
      .watch({ workspace, rules }, onHint)
      .then(async (end) => {
        if (this.#closed) await end();
        else this.#end = end;
      })
      // Tried again when the folder can be looked at.
      .catch((error: unknown) => {
        log.warn({ session_id, err: error }, "a folder is not watched, only looked at");
        this.#setHeard(false, error instanceof Error ? error.message : String(error));
      })
      .finally(() => (this.#opening = null));
  }

  #hear({ lost }: WatchHint): void {
    if (this.#closed) return;
    if (lost === undefined) {
      this.#setHeard(true, null);
      this.lookSoon();
      return;
    }
    const { session_id, log } = this.#options;
    log.warn({ session_id, reason: lost }, "a folder is not watched, only looked at");
    const wasHeard = this.#isHeard;
    this.#setHeard(false, lost);
    // Perhaps because it is gone: then what was found of it holds no more.
    if (wasHeard) this.lookSoon();
  }

  #setHeard(isHeard: boolean, unheard: string | null): void {
    const isNews = isHeard !== this.#isHeard || unheard !== this.#unheard;
    this.#isHeard = isHeard;
    this.#unheard = unheard;
    if (isNews && !this.#closed) this.#options.onHearing();
  }

  /** Looks at that time, or earlier if that was said before. */
  #lookAt(at: number): void {
    if (this.#closed || this.#looking !== null) return;
    if (this.#due !== null && this.#due.at <= at) return;
    this.#due?.cancel();
    const { timers } = this.#options;
    const cancel = timers.after(Math.max(at - timers.now(), 0), () => {
      this.#due = null;
      this.#look = this.#lookNow();
    });
    this.#due = { at, cancel };
  }

  async #lookNow(): Promise<void> {
    const { runner, timers, workspace, rules } = this.#options;
    const began = timers.now();
    this.#looking = new AbortController();
    const { signal } = this.#looking;
    this.#again = false;
    let cut = false;
    try {
      const found = await runner.dirty({ workspace, rules, tree: this.#head }, { signal });
      if (!signal.aborted) this.#found(found);
    } catch (error) {
      cut = error instanceof ProtocolError && error.code === "cancelled";
      if (!cut && !this.#closed) this.#fail(error);
    }
    this.#looking = null;
    const now = timers.now();
    // One slow look, such as the first that reads everything, says nothing of the next.
    const took = Math.min(now - began, this.#took);
    this.#took = now - began;
    this.#restUntil = now + (cut ? againMs : took * hintShare);
    if (signal.aborted) this.#restUntil = now;
    const poll = this.#isHeard ? pollMs : unheardPollMs;
    const soon = this.#again || cut;
    this.#lookAt(soon ? this.#restUntil : now + Math.max(poll, took * pollShare));
  }

  #found({ files, tree }: Dirty): void {
    const changed = tree !== this.#tree;
    this.#tree = tree;
    this.#failed = null;
    if (this.#end === null) this.#open();
    this.#options.onLook({ files, isAsHead: tree === this.#head, changed });
  }

  #fail(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    if (reason !== this.#failed) {
      const { log, session_id } = this.#options;
      log.warn({ session_id, err: error }, "a folder could not be compared with its head");
    }
    this.#failed = reason;
    this.#options.onLook({ files: null, isAsHead: false, changed: false });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#due?.cancel();
    this.#looking?.abort();
    await this.#look;
    await this.#opening;
    await this.#end?.();
  }
}
