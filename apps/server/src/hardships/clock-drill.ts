import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { writeTree } from "@cairn/runner/testing/tree";
import { readFacts } from "./facts.ts";
import { HardPlace } from "./hard-place.ts";

const program = join(import.meta.dirname, "shifted-server.ts");
const dayMs = 24 * 60 * 60 * 1000;

interface Options {
  /** Jumps of the clock, in days from the right time, one after the other. */
  days: number[];
  /** How long the server is left to itself after each, in ms; in 20 s it has looked at everything. */
  waitMs: number;
}

/**
 * Sets the clock of a server that keeps live and deleted checkpoints, has policies and a bound of
 * its logs in days. Gives what has gone after each jump that is no older than it was before.
 */
export async function clockDrill({ days, waitMs }: Options): Promise<string[]> {
  await using place = new HardPlace();
  const clock = join(place.root, "clock");
  writeFileSync(clock, "0");
  const started = { program, env: { CAIRN_TORTURE_CLOCK: clock }, args: ["--log-days", "1"] };
  await place.serve(started);
  const work = place.folder("work");
  const session_id = await place.session(work);
  const call = place.call.bind(place);
  const retention = { keep_within: 3600, keep_recent: 2, every_hours: 1 };
  await call("update_session", { session_id, settings: { retention } });
  const made: string[] = [];
  const wrong: string[] = [];
  const make = async (): Promise<void> => {
    writeTree(work, { "a.txt": `${made.length}` });
    made.push(await place.checkpoint(session_id));
  };
  for (let n = 0; n < 6; n += 1) await make();
  const deleted = made.splice(2, 2);
  for (const checkpoint_id of deleted) await call("delete", { session_id, checkpoint_id });

  for (const [index, day] of days.entries()) {
    // Half of them meet a server at work, half one that was stopped.
    const isLive = index % 2 === 0;
    if (!isLive) await place.server.end();
    writeFileSync(clock, String(day * dayMs));
    if (!isLive) await place.serve(started);
    await make();
    await setTimeout(waitMs);
    const { removed } = await call("compact", { session_id, keep_within: 3600 });
    if (removed.length > 0) wrong.push(`day ${day}: ${removed.length} compacted`);
    const facts = await readFacts(call, session_id);
    const gone = made.filter((id) => !facts.live.includes(id));
    if (gone.length > 0) wrong.push(`day ${day}: ${gone.length} checkpoints gone`);
    const purged = deleted.filter((id) => !facts.trash.includes(id));
    if (purged.length > 0) wrong.push(`day ${day}: ${purged.length} gone from the trash`);
    if (facts.events[0]?.seq !== 1) wrong.push(`day ${day}: events are gone`);
    const order = facts.live.toReversed().join();
    if (gone.length === 0 && order !== made.join()) wrong.push(`day ${day}: another order`);
  }
  writeFileSync(clock, "0");
  const [first = "", second = ""] = deleted;
  await call("undelete", { session_id, checkpoint_id: first });
  await call("restore", { session_id, checkpoint_id: second }).catch(() => null);
  for (const checkpoint_id of [...made, first]) {
    const lines = await place.copyOf(session_id, checkpoint_id);
    if (lines.length !== 1) wrong.push(`checkpoint ${checkpoint_id} holds ${lines.join()}`);
  }
  const { invalid } = await call("validate", { deep: true });
  if (invalid > 0) wrong.push(`${invalid} are invalid`);
  if ((await place.server.end()) !== 0) wrong.push("it did not end well");
  return wrong;
}
