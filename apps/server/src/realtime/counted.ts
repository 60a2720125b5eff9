import type { Slices } from "./slices.ts";

/** What happens to subscriptions, for the metrics. */
export interface Counted {
  delivered: (events: number) => void;
  redelivered: (events: number) => void;
  /** Several events left in one frame. */
  batched: () => void;
  /** A live subscription fell behind. */
  lagged: () => void;
  /** A sink took nothing for too long. */
  stalled: () => void;
  /** A subscription fell behind what the log still has. */
  behind: () => void;
  /** Of a named reader, another connection took the name. */
  taken: () => void;
}

const nothing = (): void => undefined;

/** Deliveries are told of once a round, not once a socket: counters cost more than deliveries. */
export function counting(
  slices: Pick<Slices, "add">,
  onDelivered: (events: number) => void,
  others: Partial<Omit<Counted, "delivered">> = {},
): Counted {
  let delivered = 0;
  const job = {
    run: () => {
      onDelivered(delivered);
      delivered = 0;
    },
  };
  return {
    redelivered: nothing,
    batched: nothing,
    lagged: nothing,
    stalled: nothing,
    behind: nothing,
    taken: nothing,
    ...others,
    delivered: (events) => {
      if (delivered === 0) slices.add(job);
      delivered += events;
    },
  };
}
