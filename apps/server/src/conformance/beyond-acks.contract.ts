import { describe, expect, test } from "vitest";
import { nobody } from "./base-expectations.contract.ts";
import { checkpoint, type Stage } from "./stage.ts";
import { come, log, logged, seqs, written } from "./written.ts";

/** Acknowledged delivery, and named consumers. */
export function ackConformance(stage: () => Stage): void {
  async function reading(session_id: string, ack: object, more: object = {}) {
    const reader = await stage().client();
    const reply = await reader.result("subscribe", { session_id, ack, ...more });
    const { subscription_id } = reply;
    return {
      reader,
      reply,
      subscription_id,
      ack: async (seq: unknown) => await reader.result("ack", { subscription_id, seq }),
    };
  }

  describe("acknowledged delivery", () => {
    test("[ACK1] [ACK2] no more than a window is sent and not acknowledged; acks are cumulative", async () => {
      const { actor, scene } = await written(stage(), 6);
      const { session_id } = scene;
      const all = seqs(await log(actor, session_id, "checkpoint_created"));
      const { reader, reply, ack } = await reading(session_id, { window: 2 }, { since: "start" });
      expect(reply["replayed"]).toBe(6);
      expect(seqs(await come(reader, 2))).toEqual(all.slice(0, 2));
      expect(await ack(all[0])).toEqual({ acknowledged: all[0] });
      expect(seqs(await come(reader, 3))).toEqual(all.slice(0, 3));
      expect(await ack(all[2])).toEqual({ acknowledged: all[2] });
      expect(seqs(await come(reader, 5))).toEqual(all.slice(0, 5));
      // Below the floor: nothing changes.
      expect(await ack(all[0])).toEqual({ acknowledged: all[2] });
      expect(seqs(await come(reader, 5))).toEqual(all.slice(0, 5));
      await ack(all[4]);
      await reader.event("sync");
      expect(seqs(logged(reader))).toEqual(all);
    });

    test("[ACK3] what is not acknowledged in time is sent again, in order, and counted", async () => {
      const { actor, scene } = await written(stage(), 3);
      const { session_id } = scene;
      const all = seqs(await log(actor, session_id, "checkpoint_created"));
      const { reader, ack } = await reading(session_id, { wait_ms: 100 }, { since: "start" });
      const events = (await come(reader, 6)).slice(0, 6);
      expect(seqs(events)).toEqual([...all, ...all]);
      expect(events.map(({ redelivered }) => redelivered)).toEqual([
        undefined,
        undefined,
        undefined,
        1,
        1,
        1,
      ]);
      await ack(all[2]);
      const before = logged(reader).length;
      await checkpoint(actor, scene);
      const [next] = (await come(reader, before + 1)).slice(before);
      expect(next).not.toHaveProperty("redelivered");
      expect(next?.["seq"]).toBe(Number(all[2]) + 1);
    });

    test("[ACK4] an ack of nothing, or of what was not asked to be acknowledged", async () => {
      const { scene } = await written(stage(), 0);
      const { session_id } = scene;
      const client = await stage().client();
      const { subscription_id } = await client.result("subscribe", { session_id });
      expect(await client.request("ack", { subscription_id, seq: 1 })).toMatchObject({
        error_code: "invalid_params",
      });
      expect(await client.request("ack", { subscription_id: nobody, seq: 1 })).toMatchObject({
        error_code: "not_found",
      });
      // Of another connection.
      const other = await reading(session_id, {});
      const params = { subscription_id: other.subscription_id, seq: 1 };
      expect(await client.request("ack", params)).toMatchObject({ error_code: "not_found" });
    });

    test("[ACK4] an ack beyond what was sent acknowledges what was", async () => {
      const { actor, scene } = await written(stage(), 2);
      const { session_id } = scene;
      const all = seqs(await log(actor, session_id, "checkpoint_created"));
      const { reader, ack } = await reading(session_id, { window: 1 }, { since: "start" });
      await come(reader, 1);
      expect(await ack(1_000)).toEqual({ acknowledged: all[0] });
      expect(seqs(await come(reader, 2))).toEqual(all);
    });

    test("[ACK5] an ack without an id has its effect and no answer", async () => {
      const { actor, scene } = await written(stage(), 2);
      const { session_id } = scene;
      const all = seqs(await log(actor, session_id, "checkpoint_created"));
      const { reader, subscription_id } = await reading(
        session_id,
        { window: 1 },
        { since: "start" },
      );
      await come(reader, 1);
      const replies = () => reader.frames.filter((frame) => "success" in frame).length;
      const before = replies();
      reader.send(JSON.stringify({ method: "ack", params: { subscription_id, seq: all[0] } }));
      expect(seqs(await come(reader, 2))).toEqual(all);
      // That of `come` alone.
      expect(replies()).toBe(before + 1);
    });

    test.each([
      { window: 0 },
      { wait_ms: 1 },
      { consumer: "" },
      { consumer: "a b" },
      { consumer: "x".repeat(101) },
      true,
    ])("[ACK1] %j is no ack", async (ack) => {
      const { actor, scene } = await written(stage(), 0);
      const { session_id } = scene;
      expect(await actor.request("subscribe", { session_id, ack })).toMatchObject({
        error_code: "invalid_params",
      });
    });
  });

  describe("consumers", () => {
    test("[CON1] a name goes on after what was acknowledged, over reconnects and restarts", async () => {
      const { actor, scene } = await written(stage(), 4);
      const { session_id } = scene;
      const all = seqs(await log(actor, session_id, "checkpoint_created"));
      const ack = { consumer: "mirror" };
      const first = await reading(session_id, ack, { since: "start" });
      await come(first.reader, 4);
      await first.ack(all[1]);
      first.reader.close();

      const second = await reading(session_id, ack);
      expect(second.reply).toMatchObject({ recovered: true, seq: all[1], replayed: 2 });
      expect(seqs(await come(second.reader, 2))).toEqual(all.slice(2));
      await second.ack(all[2]);
      await stage().restart();

      const third = await reading(session_id, ack);
      expect(third.reply).toMatchObject({ recovered: true, seq: all[2], replayed: 1 });
      expect(seqs(await come(third.reader, 1))).toEqual(all.slice(3));
    });

    test("[CON1] a new name begins at the head", async () => {
      const { actor, scene } = await written(stage(), 2);
      const { session_id } = scene;
      const head = (await log(actor, session_id)).at(-1)?.["seq"];
      const { reply } = await reading(session_id, { consumer: "new" });
      expect(reply).toMatchObject({ recovered: true, seq: head, replayed: 0 });
    });

    test("[CON2] [TRN3] the newer takes the name, and the older is told and gets nothing more", async () => {
      const { actor, scene } = await written(stage(), 1);
      const { session_id } = scene;
      const older = await reading(session_id, { consumer: "mirror" });
      const newer = await reading(session_id, { consumer: "mirror" });
      const ended = await older.reader.event("subscription_ended");
      expect(ended.data).toEqual({
        session_id,
        subscription_id: older.subscription_id,
        reason: "consumer_taken",
      });
      await checkpoint(actor, scene);
      await come(newer.reader, 1);
      await older.reader.result("health");
      expect(logged(older.reader)).toEqual([]);
    });

    test("[CON2] another name, or another session, is nobody's business", async () => {
      const { scene } = await written(stage(), 0);
      const { scene: elsewhere } = await written(stage(), 0);
      const one = await reading(scene.session_id, { consumer: "one" });
      await reading(scene.session_id, { consumer: "two" });
      await reading(elsewhere.session_id, { consumer: "one" });
      await one.reader.result("health");
      expect(one.reader.events).toEqual([]);
    });

    test("[CON3] they are listed with how far they are, and forgotten on demand", async () => {
      const { actor, scene } = await written(stage(), 3);
      const { session_id } = scene;
      const all = seqs(await log(actor, session_id, "checkpoint_created"));
      const { reader, ack } = await reading(
        session_id,
        { consumer: "a.b:c-1" },
        { since: "start" },
      );
      await come(reader, 3);
      await ack(all[1]);
      const listed = async () =>
        (await actor.result("list_consumers", { session_id }))["consumers"];
      expect(await listed()).toEqual([
        {
          consumer: "a.b:c-1",
          session_id,
          floor: all[1],
          epoch: expect.any(String),
          behind: 1,
          connected: true,
          updated_at: expect.any(String),
        },
      ]);
      const named = { session_id, consumer: "a.b:c-1" };
      expect(await actor.result("delete_consumer", named)).toEqual({ deleted: true });
      const ended = await reader.event("subscription_ended");
      expect(ended.data["reason"]).toBe("consumer_deleted");
      expect(await listed()).toEqual([]);
      expect(await actor.result("delete_consumer", named)).toEqual({ deleted: false });
    });
  });

  describe("connections", () => {
    test("[CNX1] list_connections tells who follows what, and what is not acknowledged", async () => {
      const { actor, scene } = await written(stage(), 2);
      const { session_id } = scene;
      const { reader, subscription_id } = await reading(
        session_id,
        { consumer: "mirror" },
        { since: "start" },
      );
      await come(reader, 2);
      const { connections } = await actor.result("list_connections");
      const all = connections as Record<string, unknown>[];
      expect(all.filter(({ current }) => current)).toHaveLength(1);
      const head = (await log(actor, session_id)).at(-1)?.["seq"];
      const theirs = all.find(({ subscriptions }) =>
        (subscriptions as Record<string, unknown>[]).some(
          (one) => one["subscription_id"] === subscription_id,
        ),
      );
      expect(theirs).toMatchObject({
        current: false,
        actor: expect.any(String),
        since: expect.any(String),
        subscriptions: [
          { subscription_id, session_id, seq: head, lag: 0, unacked: 2, consumer: "mirror" },
        ],
      });
      expect(Number(theirs?.["sent_bytes"])).toBeGreaterThan(0);
      expect(Number(theirs?.["received_bytes"])).toBeGreaterThan(0);
    });
  });
}
