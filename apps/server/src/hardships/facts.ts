import type { LoggedEvent } from "@cairn/shared/events";
import type { MethodName, Params, Result } from "@cairn/shared/methods";
import type { Operation } from "@cairn/shared/operation";

export type Call = <M extends MethodName>(method: M, params: Params<M>) => Promise<Result<M>>;

/** All that a server says of one session. */
export interface Facts {
  session: Result<"get_session">["session"];
  live: string[];
  trash: string[];
  /** Newest first. */
  operations: Operation[];
  events: LoggedEvent[];
}

const limit = 200;

async function all<T>(page: (cursor?: string) => Promise<[T[], string | undefined]>): Promise<T[]> {
  const rows: T[] = [];
  let cursor: string | undefined;
  do {
    const [more, next] = await page(cursor);
    rows.push(...more);
    cursor = next;
  } while (cursor !== undefined);
  return rows;
}

export async function listOperations(call: Call, session_id: string): Promise<Operation[]> {
  return await all(async (cursor) => {
    const page = await call("list_operations", { session_id, limit, ...(cursor && { cursor }) });
    return [page.operations, page.next_cursor];
  });
}

async function listEvents(call: Call, session_id: string): Promise<LoggedEvent[]> {
  const events: LoggedEvent[] = [];
  for (;;) {
    const after = events.at(-1)?.seq ?? 0;
    const page = await call("list_events", { session_id, after, limit });
    events.push(...(page.events as LoggedEvent[]));
    if (page.events.length < limit) return events;
  }
}

export async function readFacts(call: Call, session_id: string): Promise<Facts> {
  const { session } = await call("get_session", { session_id });
  const live = await all(async (cursor) => {
    const page = await call("list_checkpoints", { session_id, limit, ...(cursor && { cursor }) });
    return [page.checkpoints.map((row) => row.checkpoint_id), page.next_cursor];
  });
  const trash = await all(async (cursor) => {
    const page = await call("list_trash", { session_id, limit, ...(cursor && { cursor }) });
    return [page.checkpoints.map((row) => row.checkpoint_id), page.next_cursor];
  });
  const operations = await listOperations(call, session_id);
  return { session, live, trash, operations, events: await listEvents(call, session_id) };
}

/** What is wrong with a log and the rows beside it: a gap, a double, a row without its event. */
export function faultsOfLog(facts: Facts, mayFail = false): string[] {
  const { events, operations, live, trash, session } = facts;
  const faults: string[] = [];
  events.forEach(({ seq }, index) => {
    if (seq !== index + 1) faults.push(`event ${index + 1} has seq ${seq}`);
  });
  if (events.at(-1)?.head !== undefined && events.at(-1)?.head !== session.head) {
    faults.push(`the last event leads to another head than ${session.head}`);
  }
  const created = new Map<string, number>();
  const ended = new Map<string, number>();
  const count = (map: Map<string, number>, id: string) => map.set(id, (map.get(id) ?? 0) + 1);
  for (const event of events) {
    if (event.event_type === "checkpoint_created") count(created, event.data.checkpoint_id);
    else if (event.operation_id !== undefined) count(ended, event.operation_id);
  }
  for (const [id, times] of created) {
    if (times !== 1) faults.push(`checkpoint ${id} was created ${times} times`);
  }
  for (const id of [...live, ...trash]) {
    if (!created.has(id)) faults.push(`checkpoint ${id} has no event`);
  }
  for (const { operation_id, kind, status } of operations) {
    if (status === "pending" || (status === "failed" && !mayFail))
      faults.push(`a ${kind} is ${status}`);
    const times = ended.get(operation_id) ?? 0;
    // What was purged from the trash had its event before.
    if (times > 1 || (times === 0 && kind !== "delete")) {
      faults.push(`the ${kind} ${operation_id} ended ${times} times`);
    }
  }
  return faults;
}
