import type { TransientMessage } from "@cairn/shared/events";
import { pino } from "pino";
import { Subscriptions } from "../realtime/subscriptions.ts";
import { openEventLog } from "./event-log.ts";
import type { EventLog } from "./event-log.ts";
import { FrameClient } from "./frame-client.ts";

type Options = ConstructorParameters<typeof Subscriptions>[0];
type Changes = Partial<Omit<Options, "store" | "bus" | "log" | "onProgress">> & {
  /** Stands before the real store. */
  wrap?: (store: EventLog["store"]) => EventLog["store"];
  /** One that another rig has left: it is not closed with this one. */
  eventLog?: EventLog;
};

/** `Subscriptions` on a real store, and clients that keep their frames in place of a wire. */
export interface SubscriptionRig {
  log: EventLog;
  subscriptions: Subscriptions;
  client: () => FrameClient;
  progress: (message: TransientMessage) => void;
  commitMany: (...args: [session_id: string, count: number]) => Promise<void>;
  close: () => Promise<void>;
}

/** By default no timer fires within a test. */
export async function startSubscriptions(changes: Changes = {}): Promise<SubscriptionRig> {
  const { wrap = (store) => store, eventLog, ...options } = changes;
  const log = eventLog ?? (await openEventLog());
  const listeners = new Set<(message: TransientMessage) => void>();
  const subscriptions = new Subscriptions({
    store: wrap(log.store),
    bus: log.bus,
    log: pino({ level: "silent" }),
    onProgress: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onDelivered: () => undefined,
    syncMs: 3_600_000,
    pollMs: 3_600_000,
    ...options,
  });
  return {
    log,
    subscriptions,
    client: () => new FrameClient(subscriptions),
    progress: (message) => {
      for (const listener of listeners) listener(message);
    },
    commitMany: async (session_id, count) => {
      for (let i = 0; i < count; i += 1) await log.commit(session_id);
    },
    close: async () => {
      await subscriptions.close();
      if (eventLog === undefined) await log.close();
    },
  };
}
