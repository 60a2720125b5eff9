/** What a frame is about, for framings that show it outside the JSON. */
export interface Framed {
  event_type: string;
  /** Of logged events only. */
  epoch?: string;
  seq?: number;
}

/**
 * Puts one JSON text into bytes as a kind of sink carries it. Sinks with the same function share
 * the same bytes, so there is one for each kind, made once.
 */
export type Framing = (json: string, about: Framed) => Uint8Array;

/**
 * Where the frames of a subscriber go: a WebSocket, an SSE response, a test. Whoever sends bounds
 * what is held; a sink only counts.
 */
export interface Sink {
  readonly framing: Framing;
  /**
   * Takes whole frames (or several in one buffer), in order. The buffers are shared with other
   * sinks: they are not to be written to. What is sent after its end is dropped.
   */
  send(frames: readonly Uint8Array[]): void;
  /** Bytes that were sent and that the kernel has not taken. */
  held(): number;
  /** Resolves once nothing is held, or the sink has ended. */
  drained(): Promise<void>;
}
