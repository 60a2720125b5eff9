import type { Frame, PlainClient, PlainEvent } from "./plain-client.ts";
import { checkpoint, type Scene, type Stage } from "./stage.ts";

/** Seqs, as they stand. */
export const seqs = (events: Frame[]): unknown[] => events.map(({ seq }) => seq);

/** Logged events in the order in which they came, those of batches too. */
export function logged(client: PlainClient): PlainEvent[] {
  return client.events
    .flatMap((frame) =>
      frame.event_type === "batch" ? (frame["events"] as PlainEvent[]) : [frame],
    )
    .filter((event) => "seq" in event);
}

/** Waits until that many logged events have come, and then until all that was under way has. */
export async function come(client: PlainClient, count: number): Promise<PlainEvent[]> {
  await client.first(
    (_frame, at): _frame is Frame =>
      at + 1 === client.frames.length && logged(client).length >= count,
    `${count} events`,
  );
  await client.result("health");
  return logged(client);
}

/** What `list_events` gives, of these types if any are named. */
export async function log(client: PlainClient, session_id: string, ...events: string[]) {
  const named = events.length === 0 ? {} : { events };
  const result = await client.result("list_events", { session_id, limit: 200, ...named });
  return result["events"] as PlainEvent[];
}

/** A session with that many checkpoints. */
export async function written(
  stage: Stage,
  count: number,
): Promise<{ actor: PlainClient; scene: Scene }> {
  const actor = await stage.client();
  const scene = await stage.scene(actor);
  for (let n = 0; n < count; n += 1) await checkpoint(actor, scene, { message: `${n}` });
  return { actor, scene };
}
