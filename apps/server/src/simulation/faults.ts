// Faults that are planted into the server, to show that the simulation finds each of them.
import type { LoggedEvent } from "@cairn/shared/events";
import type { Subscriptions } from "../realtime/subscriptions.ts";
import type { Store } from "../storage/store.ts";
import type { ServerSocket } from "./link.ts";
import type { Random } from "./random.ts";

type Subscribing = Pick<Subscriptions, "subscribe" | "unsubscribe">;

/** Wrappers around what the server is given; none without a fault. */
export interface Faults {
  store?: (store: Store) => Store;
  subscriptions?: (subscriptions: Subscribing) => Subscribing;
  socket?: (socket: ServerSocket) => ServerSocket;
}

/** Replaces one method of an object and leaves the rest. */
function altered<T extends object, K extends keyof T>(target: T, name: K, value: T[K]): T {
  return new Proxy(target, {
    get: (of, key) => {
      if (key === name) return value;
      const found: unknown = Reflect.get(of, key, of);
      return typeof found === "function" ? (found.bind(of) as unknown) : found;
    },
  });
}

export type FaultName = keyof typeof plants;

/** The reader of the log loses one event out of a page that it has read. */
function skip(random: Random): Faults {
  return {
    store: (store) =>
      altered(store, "events", async (query) => {
        const events: LoggedEvent[] = await store.events(query);
        const lost = random.chance(0.05) ? random.below(events.length) : -1;
        return events.filter((_event, at) => at !== lost);
      }),
  };
}

export const plants = { skip } as const;
