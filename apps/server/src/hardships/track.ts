import { listTree, removeTree } from "@cairn/runner/testing/tree";
import { ProtocolError } from "@cairn/shared/errors";
import type { Operation } from "@cairn/shared/operation";
import type { Random } from "../simulation/random.ts";
import { chooseAttempt, chooseMix } from "./attempt.ts";
import type { Answered, Attempt, Kind } from "./attempt.ts";
import type { Folder } from "./edited-folder.ts";
import type { Call, Facts } from "./facts.ts";
import { faultsOfLog, readFacts } from "./facts.ts";
import { Restored } from "./restored.ts";

/** A promise that was broken. */
export class Broken extends Error {
  override readonly name = "Broken";
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, index) => line === b[index]);
}

function differing(a: readonly string[], b: readonly string[]): string {
  const [left, right] = [new Set(a), new Set(b)];
  const lines = [
    ...a.filter((line) => !right.has(line)).map((line) => `- ${line}`),
    ...b.filter((line) => !left.has(line)).map((line) => `+ ${line}`),
  ];
  return lines.slice(0, 12).join("\n");
}

/**
 * One session and its folder, with a model of what the server has acknowledged. After a crash it
 * is compared with what is there: all of that, and of the call that was cut all or nothing.
 */
export class Track {
  readonly session_id: string;
  readonly folder: Folder;
  readonly #random: Random;
  readonly #mix: (readonly [number, Kind])[];
  /** What the folder held at each checkpoint. */
  readonly trees = new Map<string, string[]>();
  readonly #live = new Set<string>();
  readonly #trash = new Set<string>();
  readonly #safeties = new Set<string>();
  readonly #removedBy = new Map<string, string[]>();
  readonly #operations = new Set<string>();
  #events: string[] = [];
  /** What the caller waits for, or never heard of again. */
  #cut: Attempt | null = null;
  #restored = new Restored();
  /** After a power cut: what was edited and never synced may be lost, and nothing is retried. */
  readonly #unplugged: boolean;
  #isFaulty = false;
  #wasFaulty = false;

  /** `from`: a track of which this is a copy, as it stands now. */
  constructor(session_id: string, folder: Folder, random: Random, from?: Track) {
    this.session_id = session_id;
    this.folder = folder;
    this.#random = random;
    this.#mix = chooseMix(random);
    this.#unplugged = from !== undefined;
    if (from === undefined) return;
    this.trees = new Map(from.trees);
    this.#live = new Set(from.#live);
    this.#trash = new Set(from.#trash);
    this.#safeties = new Set(from.#safeties);
    this.#removedBy = new Map(from.#removedBy);
    this.#operations = new Set(from.#operations);
    this.#events = from.#events;
    this.#cut = from.#cut === null ? null : { ...from.#cut };
    this.#restored = from.#restored;
  }

  /** Pins that the store may hold for this session. */
  get kept(): string[] {
    return [...this.#live, ...this.#trash];
  }

  /** While the machine fails on purpose a call may be refused, and then has no effect. */
  set faulty(isFaulty: boolean) {
    this.#isFaulty = isFaulty;
    this.#wasFaulty ||= isFaulty;
  }

  /** The last call and the code that it was refused with; null when it was answered. */
  get refused(): string | null {
    const { kind, refusal = null } = this.#cut ?? {};
    return kind === undefined || refusal === null ? null : `${kind}: ${refusal}`;
  }

  get cut(): Kind | null {
    return this.#cut?.kind ?? null;
  }

  /** One edit and call; true when it was answered, false when the server was gone before. */
  async step(call: Call, started: (kind: Kind) => void): Promise<boolean> {
    const kind = this.#random.weighted(this.#mix);
    if (kind === "checkpoint" || this.#random.chance(0.5)) {
      this.folder.edit();
      this.#restored = new Restored();
    }
    let attempt: Attempt | null;
    try {
      const [live, trash, safeties] = [this.#live, this.#trash, this.#safeties];
      const { session_id, trees } = this;
      const known = { session_id, before: this.folder.list(), trees, live, trash, safeties };
      attempt = await chooseAttempt(kind, known, this.#random, call);
    } catch (error) {
      if (error instanceof ProtocolError) throw error;
      return false;
    }
    if (attempt === null) return true;
    started(kind);
    return await this.#make(attempt, call);
  }

  async #make(attempt: Attempt, call: Call): Promise<boolean> {
    let answer: Answered;
    this.#cut = attempt;
    try {
      answer = await attempt.make(call);
    } catch (error) {
      if (error instanceof ProtocolError && this.#isGone(attempt, error)) {
        this.#cut = null;
        return true;
      }
      if (error instanceof ProtocolError && !this.#isFaulty) {
        throw new Broken(`${attempt.kind}: ${error.code} ${error.message}`, { cause: error });
      }
      attempt.refusal = error instanceof ProtocolError ? error.code : null;
      return attempt.refusal !== null;
    }
    this.#cut = null;
    this.#acknowledge(attempt, answer);
    this.#requireFolder(attempt.after, `after a ${attempt.kind} that was answered`);
    return true;
  }

  /** Whether what an undo would have brought back was purged since, and so refused. */
  #isGone({ kind, about }: Attempt, { code }: ProtocolError): boolean {
    if (kind !== "undo" || code !== "nothing_to_undo") return false;
    return (this.#removedBy.get(about ?? "") ?? []).every((id) => !this.#trash.has(id));
  }

  /** Brings the model to where an answer says that the session is. */
  #acknowledge(attempt: Attempt, answer: Answered): void {
    const { kind, about, before } = attempt;
    // It is of the whole store, and in no session's log.
    if (kind === "collect") return;
    if (answer.operation_id !== undefined) this.#operations.add(answer.operation_id);
    if ((answer.differences ?? []).length > 0) {
      throw new Broken(`${kind}: differences ${JSON.stringify(answer.differences)}`);
    }
    if (kind === "checkpoint") this.#keep(answer.checkpoint_id ?? "", before);
    const safety = answer.safety_checkpoint_id ?? null;
    if (safety !== null) {
      this.#keep(safety, before);
      this.#safeties.add(safety);
      this.#restored = this.#restored.and(before, attempt.after);
    } else if (kind === "undo" || kind === "redo") {
      const ids = this.#removedBy.get(about ?? "") ?? [];
      if (kind === "undo") this.#bringBack(ids);
      else this.#throwAway(ids);
    } else if (kind === "compact" || kind === "delete") {
      const ids =
        kind === "delete"
          ? [about ?? ""]
          : (answer.removed ?? []).map(({ checkpoint_id }) => checkpoint_id);
      this.#throwAway(ids);
      if (answer.operation_id !== undefined) this.#removedBy.set(answer.operation_id, ids);
    } else if (kind === "undelete") this.#bringBack([about ?? ""]);
    else if (kind === "purge") {
      this.#live.delete(about ?? "");
      this.#trash.delete(about ?? "");
    }
  }

  #keep(id: string, tree: string[]): void {
    this.trees.set(id, tree);
    this.#live.add(id);
  }

  #throwAway(ids: string[]): void {
    for (const id of ids) if (this.#live.delete(id)) this.#trash.add(id);
  }

  #bringBack(ids: string[]): void {
    for (const id of ids) if (this.#trash.delete(id)) this.#live.add(id);
  }

  /** After a restart: what was cut is settled, the same call made again at times, all compared. */
  async resume(call: Call): Promise<void> {
    let facts = await readFacts(call, this.session_id);
    const cut = this.#cut;
    this.#cut = null;
    if (cut !== null) {
      const done = cut.done === true || this.#settle(cut, facts);
      if (done && (cut.refusal ?? null) !== null)
        throw new Broken(`a ${cut.kind} that was refused was done`);
      cut.done = done;
      const wanted = done ? cut.after : cut.before;
      if (!this.#unplugged) this.#requireFolder(wanted, `after a ${cut.kind} that was cut`);
      this.#compare(facts);
      if (!this.#unplugged && this.#random.chance(0.5)) {
        const operations = facts.operations.length;
        const checkpoints = this.trees.size;
        if (!(await this.#make(cut, call))) throw new Error("the server is gone");
        facts = await readFacts(call, this.session_id);
        const isDouble = facts.operations.length > operations || this.trees.size > checkpoints;
        if (done && isDouble) throw new Broken(`a ${cut.kind} was done twice under one key`);
      }
    }
    this.#compare(facts);
  }

  /** What the rows say of a call that was never answered: whether it came to its end. */
  #settle(cut: Attempt, facts: Facts): boolean {
    const fresh = facts.operations.filter(
      ({ operation_id }) => !this.#operations.has(operation_id),
    );
    if (fresh.length > 1) throw new Broken(`one call made ${fresh.length} operations`);
    const [operation] = fresh;
    if (cut.kind === "checkpoint") {
      const [id, ...more] = facts.live.filter((id) => !this.trees.has(id));
      if (id === undefined) return false;
      if (more.length > 0) throw new Broken("one call made several checkpoints");
      this.#keep(id, cut.before);
      return true;
    }
    if (cut.kind === "collect" || operation === undefined) return false;
    this.#operations.add(operation.operation_id);
    if (operation.status === "rolled_back" || operation.status === "failed") {
      const safety = operation.safety_checkpoint_id ?? "";
      this.#keep(safety, cut.before);
      this.#safeties.add(safety);
      return false;
    }
    if (operation.status !== "done") throw new Broken(`a ${cut.kind} is ${operation.status}`);
    this.#acknowledge(cut, {
      operation_id: operation.operation_id,
      safety_checkpoint_id: operation.safety_checkpoint_id,
      removed: removedIn(facts, operation),
    });
    return true;
  }

  #compare(facts: Facts): void {
    const faults = faultsOfLog(facts, this.#wasFaulty);
    if (facts.session.status !== "open") faults.push(`the session is ${facts.session.status}`);
    const compare = (what: string, wanted: Set<string>, found: string[]): void => {
      const [a, b] = [[...wanted].toSorted(), found.toSorted()];
      if (!same(a, b)) faults.push(`${what}:\n${differing(a, b)}`);
    };
    compare("checkpoints", this.#live, facts.live);
    compare("trash", this.#trash, facts.trash);
    const known = facts.operations.map(({ operation_id }) => operation_id);
    compare("operations", this.#operations, known);
    const events = facts.events.map((event) => JSON.stringify(event));
    const before = events.slice(0, this.#events.length);
    if (!same(before, this.#events)) {
      faults.push(`events that were read before have changed:\n${differing(this.#events, before)}`);
    }
    this.#events = events;
    const trespass = this.#unplugged ? null : this.folder.trespass();
    if (trespass !== null) faults.push(`what is ignored was touched:\n${trespass}`);
    const lost = this.#unplugged ? this.#restored.lostIn(this.folder.list()) : [];
    if (lost.length > 0) faults.push(`of what was restored is lost:\n${lost.join("\n")}`);
    if (faults.length > 0) throw new Broken(faults.join("\n"));
  }

  #requireFolder(wanted: string[], when: string): void {
    const now = this.folder.list();
    if (!same(now, wanted)) throw new Broken(`${when} the folder is\n${differing(wanted, now)}`);
  }

  /** Restores checkpoints as copies into `into`, and compares each with what was captured. */
  async readBack(call: Call, into: string, atMost: number, seen = into): Promise<number> {
    const ids = [...this.#live];
    while (ids.length > atMost) ids.splice(this.#random.below(ids.length), 1);
    for (const checkpoint_id of ids) {
      await call("restore", { session_id: this.session_id, checkpoint_id, into });
      const found = listTree(seen).slice(1);
      const wanted = this.trees.get(checkpoint_id) ?? [];
      if (!same(found, wanted)) {
        throw new Broken(`checkpoint ${checkpoint_id} reads\n${differing(wanted, found)}`);
      }
      removeTree(seen);
    }
    return ids.length;
  }
}

function removedIn({ events }: Facts, { operation_id }: Operation): { checkpoint_id: string }[] {
  const event = events.find((event) => event.operation_id === operation_id);
  return (event?.removed ?? []).map((checkpoint_id) => ({ checkpoint_id }));
}
