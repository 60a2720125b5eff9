import fc from "fast-check";
import { expect, test } from "vitest";
import { StoredLine } from "../storage/sql/event-line.ts";
import { EventClass } from "./event-class.ts";
import type { Kept } from "./event-class.ts";
import { Ring } from "./ring.ts";
import type { RingItem } from "./ring.ts";
import { selectionOf } from "./selection.ts";

const types = ["checkpoint_created", "checkpoint_updated"] as const;

function itemOf(seq: number, size = 0): RingItem {
  const event_type = types[seq % 3 === 0 ? 1 : 0];
  const event = JSON.stringify({ event_type, pad: "x".repeat(size), seq, epoch: "e" });
  return { seq, line: new StoredLine({ seq, event_type, event }), paths: null };
}

const sizeOf = (items: readonly RingItem[]): number =>
  items.reduce((sum, { line }) => sum + line.json.length, 0);

const change = fc.oneof(
  fc.record({
    kind: fc.constant("append" as const),
    n: fc.integer({ min: 1, max: 40 }),
    size: fc.nat({ max: 300 }),
  }),
  fc.record({
    kind: fc.constant("prepend" as const),
    n: fc.integer({ min: 1, max: 20 }),
    size: fc.nat({ max: 100 }),
  }),
  fc.record({ kind: fc.constant("reset" as const), n: fc.constant(0), size: fc.constant(0) }),
);

test("a ring is the tail of its log, within its bounds, whatever is added at either end", () => {
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 60 }),
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 100, max: 4_000 }),
      (changes, events, bytes) => {
        const ring = new Ring(100, { events, bytes });
        let head = 100;
        for (const { kind, n, size } of changes) {
          let isKept = true;
          if (kind === "append")
            for (let i = 0; i < n; i += 1) ring.append(itemOf((head += 1), size));
          else if (kind === "reset") ring.reset(head);
          else {
            const before = ring.from;
            const first = Math.max(1, before - n + 1);
            const older = Array.from({ length: before - first + 1 }, (_, i) =>
              itemOf(first + i, size),
            );
            ring.prepend(older);
            isKept = ring.from <= before;
          }
          expect(isKept).toBe(true);
          const items = [...ring.after(0)];
          expect(items.map(({ seq }) => seq)).toEqual(
            Array.from({ length: head - ring.from }, (_, i) => ring.from + 1 + i),
          );
          expect(ring.size).toBe(items.length);
          expect(ring.bytes).toBe(sizeOf(items));
          // One event is kept, however large.
          const isAlone = items.length <= 1;
          expect(isAlone || ring.size <= events).toBe(true);
          expect(isAlone || ring.bytes <= bytes).toBe(true);
          expect(ring.get(ring.from)).toBeUndefined();
          expect(ring.get(head + 1)).toBeUndefined();
        }
      },
    ),
  );
});

test("what does not lie right before a ring is not put there", () => {
  const ring = new Ring(10, { events: 100, bytes: 100_000 });
  ring.append(itemOf(11));
  ring.prepend([itemOf(7), itemOf(8)]);
  expect(ring.from).toBe(10);
  ring.prepend([itemOf(8), itemOf(10)]);
  expect(ring.from).toBe(9);
});

test("a class gives what a plain look at the log gives, and keeps count of its bytes", () => {
  const ask = fc.record({
    after: fc.nat({ max: 80 }),
    until: fc.nat({ max: 90 }),
    events: fc.integer({ min: 1, max: 12 }),
    bytes: fc.integer({ min: 1, max: 2_000 }),
  });
  const step = fc.oneof(
    fc.record({ kind: fc.constant("append" as const), n: fc.integer({ min: 1, max: 15 }), ask }),
    fc.record({
      kind: fc.constantFrom("cover" as const, "forget" as const, "ask" as const),
      n: fc.nat({ max: 60 }),
      ask,
    }),
  );
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 40 }),
      fc.integer({ min: 5, max: 40 }),
      (steps, events) => {
        const ring = new Ring(0, { events, bytes: 1_000_000 });
        let head = 0;
        const grow = (): RingItem => {
          const item = itemOf((head += 1), head % 50);
          ring.append(item);
          return item;
        };
        for (let i = 0; i < 10; i += 1) grow();
        const kept: Kept = { bytes: 0 };
        const encoded: string[] = [];
        const framing = (json: string): Buffer => {
          encoded.push(json);
          return Buffer.from(`${json}\n`);
        };
        const selection = selectionOf(["checkpoint_updated"]);
        const atOnce = { events: 100, bytes: 1_000_000 };
        const one = new EventClass({ selection, framing, ring, from: head, atOnce, kept });
        for (const { kind, n, ask: bounds } of steps) {
          if (kind === "append") {
            for (let i = 0; i < n; i += 1) {
              one.append(grow());
              one.trim(Infinity);
            }
          } else if (kind === "cover") one.cover(n, () => false);
          else if (kind === "forget") one.forget();
          const wanted = (after: number, until: number): number[] =>
            Array.from({ length: head }, (_, i) => i + 1).filter(
              (seq) => seq % 3 === 0 && seq > after && seq <= until,
            );
          const after = Math.max(bounds.after, one.from);
          const next = wanted(after, bounds.until);
          expect(one.count(after, bounds.until)).toBe(next.length);
          expect(one.isNoneIn(after, bounds.until)).toBe(next.length === 0);
          for (const chunk of [one.chunk(after, bounds), one.batch(after, bounds)]) {
            const seqs = chunk?.seqs ?? [];
            expect(seqs).toEqual(next.slice(0, seqs.length));
            expect(seqs.length).toBeLessThanOrEqual(bounds.events);
            expect(seqs.length > 0).toBe(next.length > 0);
            const isBounded = (chunk?.bytes.length ?? 0) <= bounds.bytes + 100;
            expect(seqs.length <= 1 || isBounded).toBe(true);
            // The event before it, or a place after that where the class has begun.
            const before = wanted(0, (seqs[0] ?? 0) - 1).at(-1) ?? 0;
            expect(chunk?.prev ?? 0).toBeGreaterThanOrEqual(seqs.length === 0 ? 0 : before);
            expect(chunk?.prev ?? 0).toBeLessThan(seqs[0] ?? 1);
          }
          const again = one.chunk(after, bounds);
          encoded.length = 0;
          // Asked again, nothing is encoded again.
          expect(one.chunk(after, bounds)).toBe(again);
          expect(encoded).toEqual([]);
        }
        one.forget();
        expect(kept.bytes).toBe(0);
      },
    ),
  );
});

test("a round gives everyone the same, stops for others, and another takes what came meanwhile", () => {
  const ring = new Ring(0, { events: 100, bytes: 100_000 });
  const framing = (json: string): Buffer => Buffer.from(json);
  const selection = selectionOf();
  const atOnce = { events: 3, bytes: 100_000 };
  const kept: Kept = { bytes: 0 };
  const one = new EventClass({ selection, framing, ring, from: 0, atOnce, kept });
  const add = (seq: number): void => {
    const item = itemOf(seq);
    ring.append(item);
    one.append(item);
  };
  const given: (readonly number[] | null)[] = [];
  for (let i = 0; i < 70; i += 1) {
    one.members.add({ take: (news) => given.push(news?.seqs ?? null), lose: () => undefined });
  }
  add(1);
  // Every look at the clock says that time is up.
  expect(one.run(() => false)).toBe(true);
  expect(given).toHaveLength(32);
  add(2);
  expect(one.run(() => false)).toBe(true);
  expect(one.run(() => false)).toBe(true);
  expect(given).toEqual(Array.from({ length: 70 }, () => [1]));
  given.length = 0;
  expect(one.run(() => true)).toBe(false);
  expect(given).toEqual(Array.from({ length: 70 }, () => [2]));
  given.length = 0;
  // More than may go at once: everyone takes it in their own turns.
  for (const seq of [3, 4, 5, 6, 7, 8]) add(seq);
  expect(one.run(() => true)).toBe(false);
  expect(given).toEqual(Array.from({ length: 70 }, () => null));
});
