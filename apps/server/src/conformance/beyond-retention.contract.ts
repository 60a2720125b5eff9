import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PlainClient } from "./plain-client.ts";
import { checkpoint, Stage, type Scene, type Suite } from "./stage.ts";
import { come, log, logged, seqs } from "./written.ts";

/** A server whose logs keep 10 events, and lose the others within moments. */
export function retentionConformance({ start }: Suite): void {
  describe("a log that is kept short", () => {
    let stage: Stage;

    beforeAll(async () => {
      stage = new Stage(await start());
    });
    afterAll(() => stage.end());

    /** Writes until the log has lost its beginning; the seq of its oldest event. */
    async function outgrown(actor: PlainClient, scene: Scene, beyond = 1): Promise<number> {
      const { session_id } = scene;
      for (let n = 0; n < 12; n += 1) await checkpoint(actor, scene);
      for (;;) {
        const { oldest_seq } = await actor.result("list_events", { session_id, limit: 1 });
        if (Number(oldest_seq) > beyond) return Number(oldest_seq);
        await checkpoint(actor, scene);
      }
    }

    test("[LOG2] keeps its newest events, and says where it begins", async () => {
      const actor = await stage.client();
      const scene = await stage.scene(actor);
      const { session_id } = scene;
      const before = await log(actor, session_id);
      const oldest = await outgrown(actor, scene);
      const page = await actor.result("list_events", { session_id, after: oldest - 1, limit: 200 });
      const events = page["events"] as { seq: number; epoch: string }[];
      expect(events.length).toBeGreaterThanOrEqual(10);
      expect(seqs(events)).toEqual(events.map((_, at) => oldest + at));
      expect(events.at(-1)?.seq).toBe(page["head"]);
      expect(page["epoch"]).toBe(before[0]?.["epoch"]);
    });

    test("[LOG3] a subscription that is live misses nothing by it", async () => {
      const actor = await stage.client();
      const scene = await stage.scene(actor);
      const watcher = await stage.client();
      const { session_id } = scene;
      const { seq } = await watcher.result("subscribe", { session_id });
      const oldest = await outgrown(actor, scene, Number(seq) + 5);
      const { head } = await actor.result("list_events", { session_id, after: oldest });
      const count = Number(head) - Number(seq);
      expect(seqs(await come(watcher, count))).toEqual(
        Array.from({ length: count }, (_, at) => Number(seq) + 1 + at),
      );
    });

    test.each([{ last: 0 }, { last: 5 }])(
      "[RPL2] [LOG2] since %j needs nothing that is gone",
      async (since) => {
        const actor = await stage.client();
        const scene = await stage.scene(actor);
        await outgrown(actor, scene);
        const { session_id } = scene;
        const reply = await actor.result("subscribe", { session_id, since });
        expect(reply).toMatchObject({ recovered: true, replayed: since.last });
      },
    );

    test("[RPL3] [RPL4] [RPL5] what needs what is gone is told so, and nothing is replayed", async () => {
      const actor = await stage.client();
      const scene = await stage.scene(actor);
      const { session_id } = scene;
      const [first] = await log(actor, session_id);
      await outgrown(actor, scene);
      const { epoch } = first as { epoch?: string };
      for (const since of ["start", { epoch, seq: 0 }, { time: first?.data["timestamp"] }]) {
        const watcher = await stage.client();
        const reply = await watcher.result("subscribe", { session_id, since });
        expect(reply).toMatchObject({ recovered: false, replayed: 0 });
        const checkpoint_id = await checkpoint(actor, scene);
        await watcher.event("checkpoint_created", { checkpoint_id });
        expect(logged(watcher)).toHaveLength(1);
      }
    });

    test("[CON4] a consumer that is behind it is told so once, and goes on from the head", async () => {
      const actor = await stage.client();
      const scene = await stage.scene(actor);
      const { session_id } = scene;
      const ack = { consumer: "mirror" };
      const reader = async () => {
        const client = await stage.client();
        return { client, reply: await client.result("subscribe", { session_id, ack }) };
      };
      const { client: first, reply } = await reader();
      await checkpoint(actor, scene);
      const [event] = await come(first, 1);
      const { subscription_id } = reply;
      await first.result("ack", { subscription_id, seq: event?.["seq"] });
      first.close();

      await outgrown(actor, scene, Number(event?.["seq"]) + 1);
      const { client: second, reply: told } = await reader();
      expect(told).toMatchObject({ recovered: false, replayed: 0 });
      await checkpoint(actor, scene);
      const [next] = await come(second, 1);
      expect(Number(next?.["seq"])).toBeGreaterThan(Number(told["seq"]));
      await second.result("ack", {
        subscription_id: told["subscription_id"],
        seq: next?.["seq"],
      });
      second.close();
      const { reply: again } = await reader();
      expect(again).toMatchObject({ recovered: true, seq: next?.["seq"], replayed: 0 });
    });
  });
}
