import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Random } from "../simulation/random.ts";
import { callService } from "./call-service.ts";
import { type Known, keptBy, type Rules, shownParent } from "./retention-reference.ts";
import type { TestService } from "./service.ts";

const hour = 60 * 60 * 1000;
const day = 24 * hour;

/** What is wrong, with where it was seen. */
class Broken extends Error {}

function same(what: string, found: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
  if (a !== b) throw new Broken(`${what}: ${a} instead of ${b}`);
}

/**
 * One session with a random history of checkpoints, restores, deletes, compactions and clocks that
 * are set, beside a model of what is to be there. After each step both must agree, and what is
 * kept must read back.
 */
export class RetentionTrial {
  readonly #cairn: TestService;
  readonly #random: Random;
  readonly #known: Known[] = [];
  #session = "";
  #file = "";
  #head: string | null = null;
  /** By how much the clock is ahead of the time that has passed. */
  #set = 0;
  #contents = 0;

  constructor(cairn: TestService, random: Random) {
    this.#cairn = cairn;
    this.#random = random;
  }

  get #call() {
    return callService(this.#cairn.service);
  }

  /** In a folder that no other trial uses now. Null when all was right. */
  async run(folder: string, steps: number): Promise<string | null> {
    const done: string[] = [];
    try {
      this.#file = path.join(folder, "a.txt");
      this.#session = (await this.#call("create_session", { workspace: folder })).session_id;
      for (let n = this.#random.between(4, 10); n > 0; n -= 1) {
        await this.#checkpoint();
        this.#cairn.advance(this.#random.below(this.#random.pick([hour, 20 * hour, 5 * day])));
      }
      for (let step = 0; step < steps; step += 1) {
        const [name, work] = this.#random.weighted([
          [3, ["checkpoint", () => this.#checkpoint()]],
          [3, ["restore", () => this.#restore()]],
          [1, ["pin", () => this.#pin()]],
          [3, ["delete", () => this.#delete()]],
          [4, ["compact", () => this.#compact()]],
          [6, ["wait", () => this.#wait()]],
          [1, ["clock", () => this.#setClock()]],
          [1, ["collect", () => this.#call("collect", {})]],
        ] as const);
        done.push(name);
        await work();
        await this.#agree();
      }
      await this.#readBack();
      return null;
    } catch (error) {
      const text = error instanceof Broken ? error.message : (error as Error).stack;
      return `after ${done.join(", ")}: ${text}`;
    } finally {
      // The next trial begins with a folder that is free and a clock that is right.
      await this.#call("update_session", { session_id: this.#session, status: "closed" });
      this.#cairn.setClock(-this.#set);
    }
  }

  /** Of all that is not purged. */
  get contents(): string[] {
    return [...this.#of("live"), ...this.#of("trash")].map(({ content }) => content);
  }

  #of(state: Known["state"]): Known[] {
    return this.#known.filter((one) => one.state === state);
  }

  async #note(checkpoint_id: string, content: string): Promise<void> {
    const { session_id, checkpoint } = await this.#call("get_checkpoint", {
      session_id: this.#session,
      checkpoint_id,
    }).then((found) => ({ session_id: this.#session, ...found }));
    this.#known.push({
      id: checkpoint_id,
      parent: checkpoint.parent_id,
      made: Date.parse(checkpoint.created_at) - this.#set,
      content,
      safety: checkpoint.trigger.reason === "before_restore",
      tagged: checkpoint.tags.length > 0,
      pinned: false,
      critical: false,
      state: "live",
      due: null,
    });
    if (!this.#random.chance(0.05)) return;
    const severity = this.#random.pick(["info", "critical"] as const);
    await this.#call("annotate", { session_id, checkpoint_id, note: "look", severity });
    const noted = this.#known.at(-1);
    if (noted !== undefined) noted.critical = severity === "critical";
  }

  async #checkpoint(): Promise<void> {
    const content = `${(this.#contents += 1)}`.repeat(this.#random.between(1, 200));
    await writeFile(this.#file, content);
    const tags = this.#random.chance(0.1) ? ["v1"] : [];
    const made = await this.#call("checkpoint", { session_id: this.#session, tags });
    this.#head = made.checkpoint_id;
    await this.#note(made.checkpoint_id, content);
  }

  async #restore(): Promise<void> {
    const live = this.#of("live");
    if (live.length > 0) await this.#restoreTo(this.#random.pick(live));
  }

  async #restoreTo(target: Known): Promise<void> {
    const content = await readFile(this.#file, "utf8");
    const restored = await this.#call("restore", {
      session_id: this.#session,
      checkpoint_id: target.id,
    });
    same("restored", await readFile(this.#file, "utf8"), target.content);
    this.#head = target.id;
    await this.#note(restored.safety_checkpoint_id ?? "", content);
  }

  async #pin(): Promise<void> {
    const live = this.#of("live");
    if (live.length === 0) return;
    const one = this.#random.pick(live);
    one.pinned = !one.pinned;
    const { id: checkpoint_id, pinned } = one;
    await this.#call("update_checkpoint", { session_id: this.#session, checkpoint_id, pinned });
  }

  async #delete(): Promise<void> {
    const live = this.#of("live");
    if (live.length === 0) return;
    const one = this.#random.pick(live);
    const permanent = this.#random.chance(0.3);
    const of = { session_id: this.#session, checkpoint_id: one.id };
    await this.#call("delete", { ...of, permanent });
    one.state = permanent ? "purged" : "trash";
    if (permanent || this.#random.chance(0.6)) return;
    await this.#call("undelete", of);
    Object.assign(one, { state: "live", due: null });
  }

  #rules(): Rules {
    const { pick, chance } = {
      pick: <T>(from: readonly T[]) => this.#random.pick(from),
      chance: (part: number) => this.#random.chance(part),
    };
    const rules: Rules = { keep_tags: chance(0.7) };
    for (const rule of ["keep_recent", "keep_hourly", "keep_daily", "keep_weekly"] as const) {
      if (chance(0.4)) rules[rule] = pick([0, 1, 2, 3, 10]);
    }
    if (chance(0.3)) rules.keep_within = pick([hour, day, 5 * day, 30 * day]) / 1000;
    const { keep_tags: _, ...counts } = rules;
    if (Object.values(counts).every((count) => count === 0)) rules.keep_recent = 1;
    return rules;
  }

  /** What rules would do, which is to be what the model says. */
  async #weigh(rules: Rules) {
    const asked = { session_id: this.#session, ...rules };
    const kept = keptBy(this.#known, this.#head, rules, this.#now());
    const gone = this.#of("live").filter(({ id }) => !kept.includes(id));
    const dry = await this.#call("compact", { ...asked, dry_run: true });
    const names = (list: { checkpoint_id: string }[]) => list.map((each) => each.checkpoint_id);
    const about = JSON.stringify(rules);
    same(`kept by ${about}`, names(dry.kept), kept);
    same(
      `removed by ${about}`,
      names(dry.removed),
      gone.map(({ id }) => id),
    );
    same("remaining", dry.remaining, kept.length);
    if (dry.kept.some(({ reasons }) => reasons.length === 0)) throw new Broken("kept for nothing");
    return { asked, gone };
  }

  async #compact(): Promise<void> {
    for (let n = 0; n < 4; n += 1) await this.#weigh(this.#rules());
    const { asked, gone } = await this.#weigh(this.#rules());
    await this.#call("compact", asked);
    for (const one of gone) one.state = "trash";
    if (gone.length === 0 || this.#random.chance(0.7)) return;
    await this.#call("undo", { session_id: this.#session });
    for (const one of gone) Object.assign(one, { state: "live", due: null });
  }

  #now(): number {
    return this.#cairn.now() - this.#set;
  }

  /** Lets time pass, then looks at the trash as the server does once an hour. */
  async #wait(): Promise<void> {
    const ms = this.#random.pick([2 * hour, 7 * hour, day, 3 * day, 7.2 * day]);
    this.#cairn.advance(ms + this.#random.below(hour));
    const now = this.#now();
    await this.#cairn.service.upkeep.run();
    for (const one of this.#of("trash")) {
      one.due ??= now + 7 * day;
      if (one.due <= now) one.state = "purged";
    }
  }

  async #setClock(): Promise<void> {
    const ms = this.#random.pick([-400 * day, -day, -hour, hour, day, 400 * day]);
    this.#set += ms;
    this.#cairn.setClock(ms);
    if (this.#random.chance(0.1)) await this.#cairn.restart();
  }

  async #agree(): Promise<void> {
    const session_id = this.#session;
    const live = this.#of("live");
    const listed = await this.#call("list_checkpoints", { session_id, order: "asc", limit: 200 });
    same(
      "live",
      listed.checkpoints.map((each) => each.checkpoint_id),
      live.map(({ id }) => id),
    );
    const among = new Set(live);
    for (const { checkpoint_id, shown_parent_id } of listed.checkpoints) {
      const one = this.#known.find(({ id }) => id === checkpoint_id);
      const above = one === undefined ? null : shownParent(one, this.#known, among);
      same("shown parent", shown_parent_id, above?.id ?? null);
    }
    const { checkpoints } = await this.#call("list_trash", { session_id, limit: 200 });
    const trash = this.#of("trash").map(({ id }) => id);
    same("trash", checkpoints.map((each) => each.checkpoint_id).toSorted(), trash.toSorted());
  }

  /** Nothing that is kept has lost a byte, in the trash neither. */
  async #readBack(): Promise<void> {
    await this.#call("collect", {});
    const session_id = this.#session;
    for (const one of this.#of("trash")) {
      await this.#call("undelete", { session_id, checkpoint_id: one.id });
      Object.assign(one, { state: "live", due: null });
    }
    const live = this.#of("live");
    const checked = await this.#call("validate", { session_id, deep: true });
    same("valid", [checked.valid, checked.invalid], [live.length, 0]);
    for (const one of live.length === 0 ? [] : this.#random.some(live, 0.2)) {
      await this.#restoreTo(one);
    }
  }
}

/**
 * Whether the store holds what these trials have left, and no object more. Each content is one, so
 * is the folder with it, and all share the ignore rules.
 */
export async function excess(cairn: TestService, trials: readonly RetentionTrial[]) {
  const contents = new Set(trials.flatMap((trial) => trial.contents));
  await callService(cairn.service)("collect", {});
  return (await cairn.runner.facts()).objects - (2 * contents.size + 1);
}

/** Deletes all that is left for good. Gives what the store keeps of it: nothing, unless it leaks. */
export async function leaked(cairn: TestService): Promise<number> {
  const call = callService(cairn.service);
  const { sessions } = await call("list_sessions", { limit: 200 });
  for (const { session_id } of sessions) await call("delete_session", { session_id });
  await cairn.service.upkeep.run();
  cairn.advance(2 * hour);
  await cairn.service.upkeep.run();
  cairn.advance(8 * day);
  await cairn.service.upkeep.run();
  await call("collect", {});
  return (await call("store_facts", {})).objects;
}
