import type { LoggedEvent } from "@cairn/shared/events";
import type { CallContext } from "../service.ts";
import type { NewEvent, Tx } from "../storage/store.ts";
import type { ServiceDeps } from "./deps.ts";

/** Writes a mutation's event; every `commit` calls it exactly once. */
export type Emit = (event: NewEvent) => Promise<LoggedEvent>;

/**
 * One mutation: rows and event in one transaction, then the hint. The hint comes after the
 * commit, so whoever follows it finds the event in the log.
 */
export async function commit<T>(
  deps: ServiceDeps,
  work: (tx: Tx, emit: Emit) => Promise<T>,
): Promise<T> {
  const logged: LoggedEvent[] = [];
  const result = await deps.store.transact(async (tx) => {
    logged.length = 0;
    return work(tx, async (event) => {
      const placed = await tx.appendEvent(event);
      logged.push(placed);
      return placed;
    });
  });
  for (const event of logged) {
    deps.bus.publish({ session_id: event.data.session_id, seq: event.seq });
  }
  return result;
}

/**
 * As `commit`, for the mutation that answers a call: `work` gives the whole answer, which is kept
 * in the same transaction when the call came under an idempotency key.
 */
export async function commitAnswer<T>(
  deps: ServiceDeps,
  { receipt }: CallContext,
  work: (tx: Tx, emit: Emit) => Promise<T>,
): Promise<T> {
  return await commit(deps, async (tx, emit) => {
    const answer = await work(tx, emit);
    await receipt?.keep(tx, answer);
    return answer;
  });
}
