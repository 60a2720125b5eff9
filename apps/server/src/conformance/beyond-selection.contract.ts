import { describe, expect, test } from "vitest";
import { checkpoint, type Stage } from "./stage.ts";
import { come, log, logged, seqs, written } from "./written.ts";

/** What selects events, and where replays begin. */
export function selectionConformance(stage: () => Stage): void {
  describe("filters", () => {
    test("[FIL1] [FIL3] a filter lets through what matches all of its keys, linked by prev", async () => {
      const { actor, scene } = await written(stage(), 0);
      const { session_id } = scene;
      const watcher = await stage().client();
      const filter = { tags: ["release"], text: "NEW" };
      const { seq } = await watcher.result("subscribe", { session_id, filter });
      const made = async (message: string, tags: string[]) =>
        await checkpoint(actor, scene, { message, tags });
      await made("new, not tagged", []);
      const one = await made("new one", ["release"]);
      await made("old", ["release"]);
      const two = await made("a new two", ["release", "more"]);
      await watcher.event("checkpoint_created", { checkpoint_id: two });
      const events = logged(watcher);
      expect(events.map(({ data }) => data["checkpoint_id"])).toEqual([one, two]);
      expect(events.map(({ prev }) => prev)).toEqual([seq, events[0]?.["seq"]]);
    });

    test("[FIL1] by file: what the checkpoint changed", async () => {
      const { actor, scene } = await written(stage(), 1);
      const { session_id } = scene;
      const watcher = await stage().client();
      await watcher.result("subscribe", { session_id, filter: { file: "docs/**" } });
      await scene.write("src/main.txt", "second\n");
      await checkpoint(actor, scene);
      await scene.write("docs/guide.md", "# Guide\n");
      const checkpoint_id = await checkpoint(actor, scene);
      await watcher.event("checkpoint_created", { checkpoint_id });
      expect(logged(watcher)).toHaveLength(1);
    });

    test("[FIL2] what is about no checkpoint or about several passes every filter", async () => {
      const { actor, scene } = await written(stage(), 3);
      const { session_id } = scene;
      const watcher = await stage().client();
      const filter = { tags: ["no such tag"] };
      const events = ["checkpoint_created", "checkpoints_compacted", "session_updated"];
      await watcher.result("subscribe", { session_id, filter, events });
      await checkpoint(actor, scene);
      await actor.result("update_session", { session_id, name: "renamed" });
      await actor.result("compact", { session_id, keep_recent: 1 });
      await watcher.event("checkpoints_compacted");
      expect(logged(watcher).map(({ event_type }) => event_type)).toEqual([
        "session_updated",
        "checkpoints_compacted",
      ]);
    });

    test.each([{ tags: "release" }, { before: "yesterday" }, { pinned: 1 }, "release"])(
      "[FIL1] %j is no filter",
      async (filter) => {
        const { actor, scene } = await written(stage(), 0);
        const { session_id } = scene;
        expect(await actor.request("subscribe", { session_id, filter })).toMatchObject({
          success: false,
          error_code: "invalid_params",
        });
      },
    );

    test("[FIL3] [RPL2] the last n are of those that pass", async () => {
      const { actor, scene } = await written(stage(), 0);
      const { session_id } = scene;
      const ids: string[] = [];
      for (let n = 0; n < 6; n += 1) {
        ids.push(await checkpoint(actor, scene, { tags: n % 2 === 0 ? ["even"] : [] }));
      }
      const watcher = await stage().client();
      const params = { session_id, filter: { tags: ["even"] }, since: { last: 2 } };
      expect(await watcher.result("subscribe", params)).toMatchObject({ replayed: 2 });
      await watcher.event("sync");
      expect(logged(watcher).map(({ data }) => data["checkpoint_id"])).toEqual([ids[2], ids[4]]);
    });
  });

  describe("replays from elsewhere", () => {
    test("[RPL4] since a time: from the first event of that time on", async () => {
      const { actor, scene } = await written(stage(), 4);
      const { session_id } = scene;
      const created = await log(actor, session_id, "checkpoint_created");
      const time = created[2]?.data["timestamp"];
      const wanted = created.filter(({ data }) => String(data["timestamp"]) >= String(time));
      const watcher = await stage().client();
      const reply = await watcher.result("subscribe", { session_id, since: { time } });
      expect(reply).toMatchObject({ recovered: true, replayed: wanted.length });
      await watcher.event("sync");
      expect(seqs(logged(watcher))).toEqual(seqs(wanted));
    });

    test("[RPL4] a time that is to come replays nothing; one long ago everything", async () => {
      const { scene } = await written(stage(), 2);
      const { session_id } = scene;
      for (const [time, count] of [
        ["2999-01-01T00:00:00.000Z", 0],
        ["1999-01-01T00:00:00.000Z", 2],
      ] as const) {
        const watcher = await stage().client();
        const reply = await watcher.result("subscribe", { session_id, since: { time } });
        expect(reply).toMatchObject({ recovered: true, replayed: count });
      }
    });

    test("[RPL5] since the start: all there is", async () => {
      const { actor, scene } = await written(stage(), 3);
      const { session_id } = scene;
      const watcher = await stage().client();
      const events = ["session_created", "checkpoint_created"];
      const reply = await watcher.result("subscribe", { session_id, events, since: "start" });
      expect(reply).toMatchObject({ recovered: true, replayed: 4, seq: 0 });
      await watcher.event("sync");
      expect(seqs(logged(watcher))).toEqual(seqs(await log(actor, session_id, ...events)));
    });
  });
}

/** Events in frames of several. */
export function batchConformance(stage: () => Stage): void {
  describe("batches", () => {
    test("[BAT1] a replay comes in frames of at most max whole events, in order", async () => {
      const { actor, scene } = await written(stage(), 12);
      const { session_id } = scene;
      const watcher = await stage().client();
      const batch = { max: 5, interval_ms: 0 };
      await watcher.result("subscribe", { session_id, batch, since: "start" });
      await watcher.event("sync");
      const frames = watcher.events.filter(({ event_type }) => event_type === "batch");
      expect(frames.length).toBeGreaterThan(1);
      for (const frame of frames) {
        expect(Object.keys(frame).toSorted()).toEqual(["event_type", "events"]);
        expect((frame["events"] as unknown[]).length).toBeLessThanOrEqual(5);
      }
      const created = await log(actor, session_id, "checkpoint_created");
      expect(logged(watcher).map(({ prev: _prev, ...event }) => event)).toEqual(created);
    });

    test("[BAT2] the first event after a silence waits for nothing", async () => {
      const { actor, scene } = await written(stage(), 0);
      const { session_id } = scene;
      const watcher = await stage().client();
      // Longer than anything here is waited for.
      await watcher.result("subscribe", { session_id, batch: { interval_ms: 10_000 } });
      await checkpoint(actor, scene);
      expect(await come(watcher, 1)).toHaveLength(1);
    });

    test("[BAT3] what waits is not overtaken, and leaves when there is enough of it", async () => {
      const { actor, scene } = await written(stage(), 1);
      const { session_id } = scene;
      const watcher = await stage().client();
      const batch = { max: 3, interval_ms: 10_000 };
      await watcher.result("subscribe", { session_id, batch });
      for (let n = 0; n < 4; n += 1) await checkpoint(actor, scene);
      const events = await come(watcher, 4);
      expect(seqs(events)).toEqual(
        seqs(await log(actor, session_id, "checkpoint_created")).slice(1),
      );
    });

    test("[BAT1] whoever did not ask for them gets none", async () => {
      const { actor, scene } = await written(stage(), 0);
      const { session_id } = scene;
      const [batched, plain] = [await stage().client(), await stage().client()];
      await batched.result("subscribe", { session_id, batch: {} });
      await plain.result("subscribe", { session_id });
      await Promise.all(Array.from({ length: 8 }, () => checkpoint(actor, scene)));
      const seen = [await come(batched, 8), await come(plain, 8)];
      expect(seen[0]).toEqual(seen[1]);
      expect(plain.events.map(({ event_type }) => event_type)).toEqual(
        Array.from({ length: 8 }, () => "checkpoint_created"),
      );
    });

    test.each([{ max: 1 }, { max: 5_000 }, { interval_ms: -1 }, 5])(
      "[BAT1] %j is no batch",
      async (batch) => {
        const { actor, scene } = await written(stage(), 0);
        const { session_id } = scene;
        expect(await actor.request("subscribe", { session_id, batch })).toMatchObject({
          error_code: "invalid_params",
        });
      },
    );
  });
}
