import { describe, expect, test } from "vitest";
import { onlyBase, time } from "./base-expectations.contract.ts";
import type { PlainClient } from "./plain-client.ts";
import { checkpoint, type Scene, type Stage } from "./stage.ts";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

async function total(client: PlainClient, { session_id }: Scene): Promise<unknown> {
  return (await client.result("list_checkpoints", { session_id }))["total"];
}

async function listed(client: PlainClient, { session_id }: Scene): Promise<unknown[]> {
  const { checkpoints } = await client.result("list_checkpoints", { session_id, limit: 200 });
  return (checkpoints as { checkpoint_id: string }[]).map((one) => one.checkpoint_id);
}

/** The four events, and subscribing to them. */
export function eventConformance(stage: () => Stage): void {
  describe("events", () => {
    test("[EVT1] [EVT3] two clients of one session get identical checkpoint_created", async () => {
      const [first, second] = [await stage().client(), await stage().client()];
      const scene = await stage().scene(first);
      const { session_id } = scene;
      for (const client of [first, second]) await client.result("subscribe", { session_id });
      const checkpoint_id = await checkpoint(first, scene, { message: "one" });
      const heard = [
        await first.event("checkpoint_created"),
        await second.event("checkpoint_created"),
      ];
      expect(heard[0]?.data).toEqual(heard[1]?.data);
      expect(heard[0]?.data).toEqual({
        checkpoint_id,
        session_id,
        timestamp: expect.stringMatching(time),
      });
      expect(checkpoint_id).toMatch(uuid);
    });

    test("[EVT1] restore writes the files back and broadcasts its checkpoint, after its safety checkpoint", async () => {
      const [actor, watcher] = [await stage().client(), await stage().client()];
      const scene = await stage().scene(actor);
      const { session_id } = scene;
      const checkpoint_id = await checkpoint(actor, scene);
      await scene.write("src/main.txt", "second\n");
      await scene.write("added.txt", "new\n");
      await watcher.result("subscribe", { session_id });
      const result = await actor.result("restore", { session_id, checkpoint_id });
      expect(result["status"]).toBe("restored");
      expect(await scene.read("src/main.txt")).toBe("first\n");
      await expect(scene.read("added.txt")).rejects.toThrow("ENOENT");

      const restored = await watcher.event("checkpoint_restored");
      expect(restored.data).toEqual({
        checkpoint_id,
        session_id,
        timestamp: expect.stringMatching(time),
      });
      expect(
        watcher.events.map(({ event_type, data }) => [event_type, data["checkpoint_id"]]),
      ).toEqual([
        ["checkpoint_created", result["safety_checkpoint_id"]],
        ["checkpoint_restored", checkpoint_id],
      ]);
      onlyBase(watcher.events);
    });

    test("[EVT1] undo and redo of a restore are checkpoint_restored, and the files follow", async () => {
      const [actor, watcher] = [await stage().client(), await stage().client()];
      const scene = await stage().scene(actor);
      const { session_id } = scene;
      const checkpoint_id = await checkpoint(actor, scene);
      await scene.write("src/main.txt", "second\n");
      await actor.result("restore", { session_id, checkpoint_id });
      await watcher.result("subscribe", { session_id });

      const undone = await actor.result("undo", { session_id });
      expect(await scene.read("src/main.txt")).toBe("second\n");
      await watcher.event("checkpoint_restored", { checkpoint_id: undone["checkpoint_id"] });
      const redone = await actor.result("redo", { session_id });
      expect(await scene.read("src/main.txt")).toBe("first\n");
      await watcher.event("checkpoint_restored", { checkpoint_id: redone["checkpoint_id"] });
      onlyBase(watcher.events);
    });

    test("[EVT1] delete broadcasts the right checkpoint and the right session", async () => {
      const [actor, watcher] = [await stage().client(), await stage().client()];
      const scenes = [
        await stage().scene(actor),
        await stage().scene(actor),
        await stage().scene(actor),
      ];
      for (const { session_id } of scenes) await watcher.result("subscribe", { session_id });
      for (const scene of scenes) {
        const { session_id } = scene;
        const checkpoint_id = await checkpoint(actor, scene);
        await checkpoint(actor, scene);
        await actor.result("delete", { session_id, checkpoint_id });
        const deleted = await watcher.event("checkpoint_deleted", { checkpoint_id });
        expect(deleted.data).toEqual({
          checkpoint_id,
          session_id,
          timestamp: expect.stringMatching(time),
        });
        expect(await listed(actor, scene)).not.toContain(checkpoint_id);
      }
    });

    test("[EVT1] compact broadcasts the true remaining, and keeps what is tagged", async () => {
      const [actor, watcher] = [await stage().client(), await stage().client()];
      const scene = await stage().scene(actor);
      const { session_id } = scene;
      const tagged = await checkpoint(actor, scene, { tags: ["release"] });
      for (let n = 0; n < 5; n += 1) {
        await scene.write("src/main.txt", `${n}\n`);
        await checkpoint(actor, scene);
      }
      await watcher.result("subscribe", { session_id });

      const all = await actor.result("compact", { session_id, keep_recent: 100 });
      expect(all["remaining"]).toBe(6);
      expect(await total(actor, scene)).toBe(6);

      const result = await actor.result("compact", { session_id, keep_recent: 2 });
      const compacted = await watcher.event("checkpoints_compacted", { remaining: 3 });
      expect(compacted.data).toEqual({
        session_id,
        remaining: 3,
        timestamp: expect.stringMatching(time),
      });
      expect(result["remaining"]).toBe(3);
      expect(await total(actor, scene)).toBe(3);
      expect(await listed(actor, scene)).toContain(tagged);
      onlyBase(watcher.events);
    });

    test("[EVT2] [EVT3] whatever is done, only the four types arrive, each event once, one a frame", async () => {
      const [actor, watcher] = [await stage().client(), await stage().client()];
      const scene = await stage().scene(actor);
      const { session_id } = scene;
      await watcher.result("subscribe", { session_id });
      await actor.result("update_session", { session_id, name: "renamed", labels: { a: "b" } });
      await checkpoint(actor, scene, { message: "for compaction" });
      const kept = await checkpoint(actor, scene, { message: "kept", tags: ["t"] });
      const checkpoint_id = await checkpoint(actor, scene, { message: "to go" });
      await actor.result("update_checkpoint", {
        session_id,
        checkpoint_id,
        tags: ["x"],
        pinned: true,
      });
      await actor.result("annotate", {
        session_id,
        checkpoint_id,
        note: "look",
        severity: "warning",
      });
      await actor.result("update_checkpoint", { session_id, checkpoint_id, pinned: false });
      await actor.result("delete", { session_id, checkpoint_id });
      await actor.result("undelete", { session_id, checkpoint_id });
      await actor.result("validate", { session_id });
      await actor.result("compact", { session_id, keep_recent: 1 });
      await actor.result("undo", { session_id });
      await actor.result("restore", { session_id, checkpoint_id: kept });
      await watcher.event("checkpoint_restored", { checkpoint_id: kept });

      onlyBase(watcher.events);
      for (const frame of watcher.frames) {
        expect("success" in frame || "event_type" in frame).toBe(true);
      }
      const seen = watcher.events.map(({ event_type, data }) => JSON.stringify([event_type, data]));
      expect(new Set(seen).size).toBe(seen.length);
      expect(watcher.events.map(({ event_type }) => event_type)).toEqual([
        "checkpoint_created",
        "checkpoint_created",
        "checkpoint_created",
        "checkpoint_deleted",
        "checkpoints_compacted",
        "checkpoint_created",
        "checkpoint_restored",
      ]);
    });
  });

  describe("subscribe", () => {
    test("[SUB1] once it is confirmed, every later event arrives, however busy the session is", async () => {
      const actor = await stage().client();
      const scene = await stage().scene(actor);
      const { session_id } = scene;
      const busy = { running: true };
      const background = await stage().client();
      const others = (async () => {
        while (busy.running) await checkpoint(background, scene);
      })();
      const watchers: { client: PlainClient; due: string[] }[] = [];
      for (let n = 0; n < 8; n += 1) {
        const client = await stage().client();
        await client.result("subscribe", { session_id });
        watchers.push({ client, due: [] });
        // Asked for after the reply, so committed after it.
        const due = await checkpoint(actor, scene);
        for (const watcher of watchers) watcher.due.push(due);
      }
      busy.running = false;
      await others;
      for (const { client, due } of watchers) {
        for (const checkpoint_id of due)
          await client.event("checkpoint_created", { checkpoint_id });
        const ids = client.events.map(({ data }) => data["checkpoint_id"]);
        expect(new Set(ids).size).toBe(ids.length);
      }
    });

    test("[SUB2] events of other sessions never arrive", async () => {
      const [actor, watcher] = [await stage().client(), await stage().client()];
      const [mine, other] = [await stage().scene(actor), await stage().scene(actor)];
      await watcher.result("subscribe", { session_id: mine.session_id });
      for (let n = 0; n < 5; n += 1) await checkpoint(actor, other);
      const last = await checkpoint(actor, mine);
      await watcher.event("checkpoint_created", { checkpoint_id: last });
      expect(watcher.events.map(({ data }) => data["session_id"])).toEqual([mine.session_id]);
      expect(actor.events).toEqual([]);
    });

    test("[SUB4] a second subscribe to the same session replaces the first", async () => {
      const [actor, watcher] = [await stage().client(), await stage().client()];
      const scene = await stage().scene(actor);
      const { session_id } = scene;
      const first = await watcher.result("subscribe", { session_id });
      const second = await watcher.result("subscribe", { session_id });
      expect(first["subscribed"]).toBe(true);
      expect(second["subscribed"]).toBe(true);
      const made = [await checkpoint(actor, scene), await checkpoint(actor, scene)];
      await watcher.event("checkpoint_created", { checkpoint_id: made[1] });
      expect(watcher.events.map(({ data }) => data["checkpoint_id"])).toEqual(made);
    });

    test("[SUB7] one connection may follow several sessions", async () => {
      const [actor, watcher] = [await stage().client(), await stage().client()];
      const scenes = [await stage().scene(actor), await stage().scene(actor)];
      for (const { session_id } of scenes) await watcher.result("subscribe", { session_id });
      for (const scene of scenes) {
        const checkpoint_id = await checkpoint(actor, scene);
        const { data } = await watcher.event("checkpoint_created", { checkpoint_id });
        expect(data["session_id"]).toBe(scene.session_id);
      }
    });
  });
}
