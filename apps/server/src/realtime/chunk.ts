/** Events in a row as bytes that everyone of a class can be sent. */
export interface Chunk {
  readonly bytes: Uint8Array;
  readonly seqs: readonly number[];
  /** Of the first: the seq of the event before it in its class, or where the class began. */
  readonly prev: number;
}

export interface Bounds {
  events: number;
  /** At least one event is given, however large. */
  bytes: number;
  /** Seq of the last that may be given. */
  until: number;
}
