// What the simulation commits: events of every type, with checkpoints that filters can tell apart.
import { eventTypes } from "@cairn/shared/events";
import type { EventType, LoggedEvent } from "@cairn/shared/events";
import type { NewEvent, Store } from "../storage/store.ts";
import { asListed, checkpointRow, sessionRow } from "../storage/testing/rows.ts";
import type { LogModel } from "./log-model.ts";
import type { Random } from "./random.ts";
import { authors, tags } from "./selection.ts";

const aboutOne: readonly EventType[] = [
  "checkpoint_created",
  "checkpoint_restored",
  "checkpoint_deleted",
  "checkpoint_updated",
];

/** A session that is deleted ends its subscriptions: none is here. */
const weights: Partial<Record<EventType, number>> = { checkpoint_created: 10, session_deleted: 0 };
const typeWeights = eventTypes.map((type) => [weights[type] ?? 1, type] as const);

function idOf(random: Random): string {
  const hex = (): string =>
    random
      .below(2 ** 32)
      .toString(16)
      .padStart(8, "0");
  const [a, b, c, d] = [hex(), hex(), hex(), hex()];
  return `${a}-${b.slice(0, 4)}-4${b.slice(5)}-a${c.slice(1, 4)}-${c.slice(4)}${d}`;
}

export async function openSession(
  store: Store,
  log: LogModel,
  random: Random,
  name: string,
): Promise<void> {
  const session_id = idOf(random);
  const epoch = idOf(random);
  await store.transact((tx) => tx.insertSession(sessionRow({ session_id, epoch, name })));
  log.open(session_id);
}

function anyEvent(random: Random, session_id: string): NewEvent {
  const timestamp = new Date().toISOString();
  const event_type = random.weighted(typeWeights);
  const checkpoint_id = idOf(random);
  const about = { session_id, timestamp };
  if (aboutOne.includes(event_type)) {
    const checkpoint = asListed(
      checkpointRow({
        checkpoint_id,
        session_id,
        sequence_number: random.below(1e6),
        // Now and then one that fills the kernel by itself.
        message: `Run ${random.below(100)}`.repeat(random.chance(0.03) ? 800 : 1),
        tags: random.some(tags, 0.3),
        author: random.pick(authors),
        pinned: random.chance(0.3),
        trigger: random.pick([
          { kind: "manual" as const },
          { kind: "automatic" as const, reason: "tool_call" },
        ]),
      }),
    );
    const data = { checkpoint_id, ...about };
    return { event_type, data, actor: "tester", checkpoint } as unknown as NewEvent;
  }
  const data = {
    ...about,
    ...(event_type === "checkpoints_compacted" ? { remaining: random.below(100) } : {}),
    ...(event_type === "operation_updated" ? { operation_id: checkpoint_id } : {}),
  };
  return { event_type, data, actor: "tester" } as unknown as NewEvent;
}

/** Commits one event and enters it into the model. */
export async function commitAny(
  store: Store,
  log: LogModel,
  random: Random,
  session_id: string,
): Promise<LoggedEvent> {
  const event = anyEvent(random, session_id);
  const logged = await store.transact((tx) => tx.appendEvent(event));
  log.committed(logged);
  return logged;
}
