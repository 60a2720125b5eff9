import type { Dial } from "./browser-socket.ts";
import type { LogModel } from "./log-model.ts";
import type { Random } from "./random.ts";

/** What an actor has around it. */
export interface Stage {
  log: LogModel;
  random: Random;
  dial: Dial;
  breach: (error: unknown) => void;
  /** One event was delivered. */
  counted: () => void;
  /** One client was told to load afresh. */
  resynced: () => void;
}

/** One client of the simulation, and the judge of what it is sent. */
export interface Actor {
  readonly name: string;
  start(): void;
  /** Does something that such a client may do. */
  step(): void;
  /** From now on it behaves: acknowledges at once, does not leave. */
  calm?(): void;
  /** What it still has to get; null when its state is that of the log. */
  lacking(): string | null;
  stop(): void;
}
