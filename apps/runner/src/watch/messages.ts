/** What the watching process is told. */
export type ToWatcher =
  | { kind: "watch"; id: number; folder: string; names: string[]; paths: string[] }
  | { kind: "unwatch"; id: number };

/** What it tells. `changed` also when it watches at last, or anew: something may have changed. */
export type FromWatcher =
  | { kind: "changed"; id: number }
  /** Nothing more is told of this folder. What it took, if anything, is given back only by ending. */
  | { kind: "lost"; id: number; reason: string; tookNothing: boolean };
