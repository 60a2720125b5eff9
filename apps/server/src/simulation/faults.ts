// Faults that are planted into the server, to show that the simulation finds each of them.
import type { ParsedParams } from "@cairn/shared/methods";
import type { Sink } from "../realtime/sink.ts";
import type { Subscriber, Subscriptions } from "../realtime/subscriptions.ts";
import { FrameReader, eventsIn } from "./frame-reader.ts";
import type { ServerFrame } from "./frame-reader.ts";
import type { ServerSocket } from "./link.ts";
import type { Random } from "./random.ts";

export type Subscribing = Pick<
  Subscriptions,
  "subscribe" | "unsubscribe" | "acknowledge" | "consumers"
>;

/** Wrappers around what the server is given; none without a fault. */
export interface Faults {
  subscriptions?: (subscriptions: Subscribing) => Subscribing;
  socket?: (socket: ServerSocket) => ServerSocket;
}

/** Replaces one property of an object and leaves the rest. */
function altered<T extends object, K extends keyof T>(target: T, name: K, value: T[K]): T {
  return new Proxy(target, {
    get: (of, key) => {
      if (key === name) return value;
      const found: unknown = Reflect.get(of, key, of);
      return typeof found === "function" ? (found.bind(of) as unknown) : found;
    },
  });
}

/** Of the events, how many are hit. */
const part = 0.05;

/** Passes on what is written, frame by frame, as `alter` has it. */
function rewritten(
  socket: ServerSocket,
  alter: (frame: ServerFrame) => ServerFrame[],
): ServerSocket {
  const reader = new FrameReader();
  const write = socket.write.bind(socket);
  let opened = false;
  socket.write = (chunk: Buffer | string, ...rest: unknown[]): boolean => {
    const frames = reader.push(Buffer.from(chunk));
    if (!opened && reader.head !== null) {
      opened = true;
      write(reader.head);
    }
    const parts = frames.flatMap(alter).map(({ raw }) => raw);
    return write(Buffer.concat(parts), ...rest);
  };
  return socket;
}

/** An event is counted as sent and never was. */
function skip(random: Random): Faults {
  return {
    socket: (socket) =>
      rewritten(socket, (frame) =>
        eventsIn(frame).length > 0 && random.chance(part) ? [] : [frame],
      ),
  };
}

/** The writer forgets what it has written. */
function double(random: Random): Faults {
  return {
    socket: (socket) =>
      rewritten(socket, (frame) =>
        eventsIn(frame).length > 0 && random.chance(part) ? [frame, frame] : [frame],
      ),
  };
}

/** Two events change places on their way out. */
function reorder(random: Random): Faults {
  return {
    socket: (socket) => {
      let kept: ServerFrame[] = [];
      return rewritten(socket, (frame) => {
        const before = kept;
        kept =
          eventsIn(frame).length > 0 && before.length === 0 && random.chance(part) ? [frame] : [];
        return kept.length > 0 ? [] : [frame, ...before];
      });
    },
  };
}

/** The reply says "from here", and the subscription begins a while later. */
function lateSubscribe(random: Random): Faults {
  return {
    subscriptions: (real) =>
      altered(real, "subscribe", async (params, subscriber) => {
        const { result, start, ...rest } = await real.subscribe(params, subscriber);
        const late = params.since === undefined && params.ack === undefined && random.chance(0.5);
        if (!late) return { result, start, ...rest };
        const again = (): void => {
          if (!subscriber.closed) void renew(real, params, subscriber);
        };
        return { result, start: () => void setTimeout(again, 500), ...rest };
      }),
  };
}

async function renew(
  real: Subscribing,
  params: ParsedParams<"subscribe">,
  subscriber: Subscriber,
): Promise<void> {
  try {
    (await real.subscribe(params, subscriber)).start();
  } catch {
    // The store could not be read: nothing comes then, which is a fault too.
  }
}

/** What a client does not take is held for it without bound, and for each by itself. */
export function heedless(real: Subscribing): Subscribing {
  return altered(real, "subscribe", async (params, subscriber) => {
    const { outbox } = subscriber;
    const sink: Sink = {
      framing: outbox.framing,
      send: (frames) => outbox.send(frames.map((frame) => Buffer.from(frame))),
      held: () => 0,
      drained: () => Promise.resolve(),
    };
    return await real.subscribe(params, altered(subscriber, "outbox", sink));
  });
}

function unbounded(): Faults {
  return { subscriptions: heedless };
}

export const plants = { skip, double, reorder, lateSubscribe, unbounded } as const;
export type FaultName = keyof typeof plants;
