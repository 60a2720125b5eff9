import type { TransientMessage } from "@cairn/shared/events";
import type { LogPosition } from "../storage/store.ts";
import { Follower } from "./follower.ts";
import type { LogReads } from "./follower.ts";
import type { RingBounds } from "./ring.ts";
import type { Slices } from "./slices.ts";

interface Options {
  store: LogReads;
  slices: Pick<Slices, "add">;
  bounds: RingBounds;
  atOnce: { events: number; bytes: number };
  /** Lets others have the thread. */
  breathe: () => Promise<void>;
  /** What failed is tried again on the next hint or poll. */
  onError: (error: unknown) => void;
  /** Somebody watches a session, or nobody does any more. */
  onWatched: (session_id: string, isWatched: boolean) => void;
}

/** The one follower of each session that is watched. */
export class Followers {
  readonly #options: Options;
  readonly #followers = new Map<string, { follower: Follower; users: number }>();

  constructor(options: Options) {
    this.#options = options;
  }

  get count(): number {
    return this.#followers.size;
  }

  /** To be released again. A new one begins at the position. */
  acquire(session_id: string, { epoch, seq }: LogPosition): Follower {
    let entry = this.#followers.get(session_id);
    if (entry === undefined) {
      const follower = new Follower({ ...this.#options, session_id, epoch, after: seq });
      entry = { follower, users: 0 };
      this.#followers.set(session_id, entry);
      this.#options.onWatched(session_id, true);
    }
    entry.users += 1;
    return entry.follower;
  }

  release(follower: Follower): void {
    const entry = this.#followers.get(follower.session_id);
    if (entry?.follower !== follower) return;
    entry.users -= 1;
    if (entry.users > 0) return;
    follower.close();
    this.#followers.delete(follower.session_id);
    this.#options.onWatched(follower.session_id, false);
  }

  #read(follower: Follower): void {
    follower.catchUp().catch(this.#options.onError);
  }

  /** The log of a session is said to have grown. */
  hint(session_id: string, seq: number): void {
    const follower = this.#followers.get(session_id)?.follower;
    if (follower !== undefined && follower.cursor < seq) this.#read(follower);
  }

  /** Looks for what no hint has told of. */
  poll(): void {
    for (const { follower } of this.#followers.values()) this.#read(follower);
  }

  sendSync(): void {
    for (const { follower } of this.#followers.values()) follower.sendSync();
  }

  sendTransient(message: TransientMessage): void {
    this.#followers.get(message.data.session_id)?.follower.sendTransient(message);
  }

  close(): void {
    for (const { follower } of this.#followers.values()) follower.close();
  }
}
