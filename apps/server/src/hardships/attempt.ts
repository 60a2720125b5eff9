import { randomUUID } from "node:crypto";
import type { ErrorCode } from "@cairn/shared/errors";
import type { Random } from "../simulation/random.ts";
import type { Call } from "./facts.ts";
import { listOperations } from "./facts.ts";

export type Kind =
  | "checkpoint"
  | "restore"
  | "undo"
  | "redo"
  | "compact"
  | "delete"
  | "purge"
  | "undelete"
  | "collect";

/** How often each is asked for: as people do, or as somebody does who tidies up all the time. */
const mixes: Record<Kind, [weight: number, tidying: number]> = {
  checkpoint: [30, 40],
  restore: [24, 8],
  undo: [12, 6],
  redo: [8, 3],
  compact: [5, 15],
  delete: [4, 6],
  purge: [6, 15],
  undelete: [3, 4],
  collect: [8, 25],
};

/** What one session's caller does, from one seed to the next. */
export function chooseMix(random: Random): (readonly [number, Kind])[] {
  const isTidying = random.chance(0.5);
  return Object.entries(mixes).map(([kind, [weight, tidying]]) => {
    return [isTidying ? tidying : weight, kind as Kind];
  });
}

export interface Answered {
  operation_id?: string | undefined;
  checkpoint_id?: string | null;
  safety_checkpoint_id?: string | null;
  removed?: { checkpoint_id: string }[];
  differences?: unknown[];
}

/** A call that was made, and what it leads to if it comes to its end. */
export interface Attempt {
  kind: Kind;
  make: (call: Call) => Promise<Answered>;
  /** The folder when the call was made. */
  before: string[];
  /** The folder once it is done. */
  after: string[];
  /** The checkpoint, or for undo and redo the removal, that it is about. */
  about: string | null;
  /** Found done after a crash, and asked for again under its key. */
  done?: boolean;
  /** The code that it was refused with, null when there was no answer. */
  refusal?: ErrorCode | null;
}

/** What is known of the session for which a call is chosen. */
interface Known {
  session_id: string;
  /** The folder now. */
  before: string[];
  trees: ReadonlyMap<string, string[]>;
  live: ReadonlySet<string>;
  trash: ReadonlySet<string>;
  safeties: ReadonlySet<string>;
}

/** A call of that kind, under an idempotency key; null when there is nothing to do it to. */
export async function chooseAttempt(
  kind: Kind,
  { session_id, before, trees, live, trash, safeties }: Known,
  random: Random,
  call: Call,
): Promise<Attempt | null> {
  const idempotency_key = randomUUID();
  const base = { kind, before, after: before, about: null };
  const pick = (from: Iterable<string>): string | null => {
    const all = [...from];
    return all.length === 0 ? null : random.pick(all);
  };
  if (kind === "collect") return { ...base, make: (call) => call("collect", {}) };
  if (kind === "checkpoint") {
    const params = { session_id, message: `${trees.size}`, idempotency_key };
    return { ...base, make: (call) => call("checkpoint", params) };
  }
  if (kind === "compact") {
    const params = { session_id, keep_recent: random.between(3, 12), idempotency_key };
    return { ...base, make: (call) => call("compact", params) };
  }
  if (kind === "undo" || kind === "redo") {
    const subject = (await listOperations(call, session_id)).find(({ next }) => next === kind);
    if (subject === undefined) return null;
    const params = { session_id, operation_id: subject.operation_id, idempotency_key };
    const make = (call: Call): Promise<Answered> => call(kind, params);
    if (subject.safety_checkpoint_id !== null) {
      return { ...base, after: trees.get(subject.safety_checkpoint_id) ?? [], make };
    }
    return { ...base, about: kind === "undo" ? subject.operation_id : subject.subject_id, make };
  }
  if (kind === "restore") {
    const about = pick(live);
    if (about === null) return null;
    // As the page does, or as a base client.
    const own = random.chance(0.5) ? { operation_id: randomUUID() } : {};
    const params = { session_id, checkpoint_id: about, idempotency_key, ...own };
    const after = trees.get(about) ?? [];
    return { ...base, after, about, make: (call) => call("restore", params) };
  }
  // A safety checkpoint that an undo may need is not for others to purge.
  const about = kind === "undelete" ? pick(trash) : pick(live.difference(safeties));
  if (about === null) return null;
  const params = { session_id, checkpoint_id: about, idempotency_key };
  if (kind === "undelete") return { ...base, about, make: (call) => call("undelete", params) };
  const permanent = kind === "purge";
  return { ...base, about, make: (call) => call("delete", { ...params, permanent }) };
}
