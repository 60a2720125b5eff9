import type { CheckpointSummary, Filter } from "@cairn/shared/checkpoint";
import { baseEventTypes } from "@cairn/shared/events";
import type { EventType } from "@cairn/shared/events";
import { filePattern } from "@cairn/shared/file-pattern";
import { fold } from "../storage/sql/fold.ts";
import type { EventLine } from "../storage/store.ts";

type Passes = (checkpoint: CheckpointSummary, paths: readonly string[]) => boolean;

/** What a subscription wants of a log. Those with the same key want the same. */
export interface Selection {
  readonly key: string;
  readonly types: ReadonlySet<EventType>;
  /** Whether anything beyond the type is looked at. */
  readonly filtered: boolean;
  /** Whether it asks for changed paths, which stand beside the event. */
  readonly byPath: boolean;
  /** `paths` are those that the event's checkpoint changed. */
  matches(line: EventLine, paths: readonly string[]): boolean;
}

function sorted(values: readonly string[]): string[] {
  return [...new Set(values)].toSorted();
}

/** The same text for filters that mean the same. */
function keyOf(types: ReadonlySet<EventType>, filter: Filter): string {
  const { tags, triggers, authors, text, file, before, after, partial, pinned } = filter;
  return JSON.stringify([
    sorted([...types]),
    tags === undefined || tags.length === 0 ? null : sorted(tags),
    triggers === undefined ? null : sorted(triggers),
    authors === undefined ? null : sorted(authors),
    text === undefined ? null : fold(text),
    file ?? null,
    before === undefined ? null : Date.parse(before),
    after === undefined ? null : Date.parse(after),
    partial ?? null,
    pinned ?? null,
  ]);
}

/** The keys of a filter as tests, the cheap ones first; the meaning is that of `list_checkpoints`. */
function testsOf(filter: Filter): Passes[] {
  const { tags, triggers, authors, text, file, before, after, partial, pinned } = filter;
  const tests: Passes[] = [];
  if (partial !== undefined) tests.push((checkpoint) => checkpoint.partial === partial);
  if (pinned !== undefined) tests.push((checkpoint) => checkpoint.pinned === pinned);
  if (authors !== undefined) tests.push(({ author }) => authors.includes(author));
  if (triggers !== undefined) {
    tests.push(
      ({ trigger }) =>
        triggers.includes(trigger.kind) ||
        (trigger.reason !== undefined && triggers.includes(trigger.reason)),
    );
  }
  for (const tag of tags ?? []) tests.push((checkpoint) => checkpoint.tags.includes(tag));
  if (before !== undefined) {
    const end = Date.parse(before);
    tests.push(({ created_at }) => Date.parse(created_at) < end);
  }
  if (after !== undefined) {
    const begin = Date.parse(after);
    tests.push(({ created_at }) => Date.parse(created_at) >= begin);
  }
  if (text !== undefined) {
    const wanted = fold(text);
    tests.push(({ message }) => fold(message).includes(wanted));
  }
  if (file !== undefined) {
    const { matches } = filePattern(file);
    tests.push((_checkpoint, paths) => paths.some(matches));
  }
  return tests;
}

/**
 * Events that carry no checkpoint (of sessions and operations), or several (a compaction, an
 * undelete), pass every filter: whoever lists what a filter finds would miss their effect.
 */
export function selectionOf(
  events: readonly EventType[] = baseEventTypes,
  filter: Filter = {},
): Selection {
  const types = new Set(events);
  const tests = testsOf(filter);
  return {
    key: keyOf(types, filter),
    types,
    filtered: tests.length > 0,
    byPath: filter.file !== undefined,
    matches: (line, paths) => {
      if (!types.has(line.event_type)) return false;
      if (tests.length === 0) return true;
      const { checkpoint } = line.event;
      return checkpoint === undefined || tests.every((passes) => passes(checkpoint, paths));
    },
  };
}
