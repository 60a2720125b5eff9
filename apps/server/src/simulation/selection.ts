import { baseEventTypes, eventTypes } from "@cairn/shared/events";
import type { EventType } from "@cairn/shared/events";
import type { Wants } from "./log-model.ts";
import type { Random } from "./random.ts";

export const tags = ["green", "red", "wip"];
export const authors = ["ada", "agent", "grace"];

/** Any types and any filter, and the params of `subscribe` that ask for them. */
export function anySelection(random: Random): {
  wants: Wants;
  params: { events?: EventType[]; filter?: Wants["filter"] };
} {
  const events = random.weighted<EventType[] | undefined>([
    [1, undefined],
    [2, random.some(eventTypes, 0.4)],
    [1, ["checkpoint_created"]],
    [1, ["operation_updated"]],
  ]);
  const filter = random.weighted<Wants["filter"] | undefined>([
    [4, undefined],
    [1, { tags: [random.pick(tags)] }],
    [1, { authors: random.some(authors, 0.5) }],
    [1, { triggers: [random.pick(["manual", "automatic", "tool_call"])] }],
    [1, { pinned: random.chance(0.5), text: random.pick(["", "RUN"]) }],
  ]);
  return {
    wants: { types: new Set(events ?? baseEventTypes), filter: filter ?? {} },
    params: {
      ...(events === undefined ? {} : { events }),
      ...(filter === undefined ? {} : { filter }),
    },
  };
}
