import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nobody } from "./base-expectations.contract.ts";
import type { Frame, PlainClient, PlainEvent } from "./plain-client.ts";
import { ackConformance } from "./beyond-acks.contract.ts";
import { idempotencyConformance } from "./beyond-idempotency.contract.ts";
import { batchConformance, selectionConformance } from "./beyond-selection.contract.ts";
import { slowConformance } from "./beyond-slow.contract.ts";
import { httpConformance, limitConformance } from "./edges.contract.ts";
import { checkpoint, Stage, type Scene, type Suite } from "./stage.ts";

function withoutPrev({ prev: _prev, ...event }: PlainEvent): Frame {
  return event;
}

async function logged(
  client: PlainClient,
  session_id: string,
  more: object = {},
): Promise<PlainEvent[]> {
  const { events } = await client.result("list_events", { session_id, ...more });
  return events as PlainEvent[];
}

const seqs = (events: Frame[]): unknown[] => events.map(({ seq }) => seq);

/** What a client may ask for that knows more than the base. */
export function beyondConformance({ start }: Suite): void {
  describe("beyond the base", () => {
    let stage: Stage;

    beforeAll(async () => {
      stage = new Stage(await start());
    });
    afterAll(() => stage.end());

    async function written(count: number): Promise<{ actor: PlainClient; scene: Scene }> {
      const actor = await stage.client();
      const scene = await stage.scene(actor);
      for (let n = 0; n < count; n += 1) await checkpoint(actor, scene, { message: `${n}` });
      return { actor, scene };
    }

    describe("events", () => {
      test("[EVT4] live events are those of the log, with prev, and the log is gapless", async () => {
        const [actor, watcher] = [await stage.client(), await stage.client()];
        const scene = await stage.scene(actor);
        const { session_id } = scene;
        const events = [
          "session_updated",
          "checkpoint_created",
          "checkpoint_updated",
          "checkpoint_deleted",
          "checkpoints_undeleted",
        ];
        const reply = await watcher.result("subscribe", { session_id, events });
        const checkpoint_id = await checkpoint(actor, scene);
        await actor.result("annotate", { session_id, checkpoint_id, note: "n" });
        await actor.result("update_session", { session_id, name: "renamed" });
        await actor.result("delete", { session_id, checkpoint_id });
        await actor.result("undelete", { session_id, checkpoint_id });
        await watcher.event("checkpoints_undeleted");

        const log = await logged(actor, session_id);
        expect(seqs(log)).toEqual(log.map((_, at) => at + 1));
        const after = log.filter(({ seq }) => Number(seq) > Number(reply["seq"]));
        expect(watcher.events.map(withoutPrev)).toEqual(after);
        expect(watcher.events.map(({ prev }) => prev)).toEqual([
          reply["seq"],
          ...seqs(after).slice(0, -1),
        ]);
        for (const event of watcher.events) {
          expect(event).toMatchObject({ epoch: reply["epoch"], actor: expect.any(String) });
        }
        const created = await watcher.event("checkpoint_created");
        expect(created["checkpoint"]).toMatchObject({ checkpoint_id, session_id });
        expect(created["head"]).toBe(checkpoint_id);
      });

      test("[EVT4] the operation's id stands on the events of a restore", async () => {
        const { actor, scene } = await written(1);
        const { session_id } = scene;
        const [first] = await logged(actor, session_id, { events: ["checkpoint_created"] });
        await scene.write("src/main.txt", "changed\n");
        const result = await actor.result("restore", {
          session_id,
          checkpoint_id: first?.data["checkpoint_id"],
        });
        const [restored] = await logged(actor, session_id, { events: ["checkpoint_restored"] });
        expect(restored).toMatchObject({ operation_id: result["operation_id"] });
      });

      test("[LOG1] list_events pages forward, by type, and says where the log stands", async () => {
        const { actor, scene } = await written(5);
        const { session_id } = scene;
        const all = await logged(actor, session_id);
        const page = await actor.result("list_events", { session_id, after: 2, limit: 2 });
        expect(seqs(page["events"] as Frame[])).toEqual([3, 4]);
        expect(page).toMatchObject({ head: all.length, oldest_seq: 1, epoch: all[0]?.["epoch"] });
        const created = await logged(actor, session_id, { events: ["checkpoint_created"] });
        expect(created).toHaveLength(5);
        expect(await logged(actor, session_id, { after: all.length })).toEqual([]);
      });
    });

    describe("subscribe", () => {
      test("[SUB5] a subscription that names event types gets those alone, linked by prev", async () => {
        const [actor, watcher] = [await stage.client(), await stage.client()];
        const scene = await stage.scene(actor);
        const { session_id } = scene;
        const reply = await watcher.result("subscribe", {
          session_id,
          events: ["checkpoint_deleted"],
        });
        for (let n = 0; n < 3; n += 1) {
          const checkpoint_id = await checkpoint(actor, scene);
          await actor.result("delete", { session_id, checkpoint_id });
          await watcher.event("checkpoint_deleted", { checkpoint_id });
        }
        expect(watcher.events.map(({ event_type }) => event_type)).toEqual(
          Array.from({ length: 3 }, () => "checkpoint_deleted"),
        );
        let position = Number(reply["seq"]);
        for (const { prev, seq } of watcher.events) {
          expect(Number(prev)).toBeLessThanOrEqual(position);
          expect(Number(seq)).toBeGreaterThan(position);
          position = Number(seq);
        }
      });

      test.each([[[]], [["no_such_event"]], ["checkpoint_created"], [[5]]])(
        "[SUB5] events: %j is refused",
        async (events) => {
          const client = await stage.client();
          const { session_id } = await stage.scene(client);
          expect(await client.request("subscribe", { session_id, events })).toMatchObject({
            success: false,
            error_code: "invalid_params",
          });
        },
      );

      test("[SUB6] unsubscribe ends it by session or by subscription, and says whether there was one", async () => {
        const [actor, watcher] = [await stage.client(), await stage.client()];
        const scenes = [
          await stage.scene(actor),
          await stage.scene(actor),
          await stage.scene(actor),
        ];
        const [one, two, three] = scenes as [Scene, Scene, Scene];
        const ids: unknown[] = [];
        for (const { session_id } of scenes) {
          ids.push((await watcher.result("subscribe", { session_id }))["subscription_id"]);
        }
        const unsubscribed = async (params: object) =>
          (await watcher.result("unsubscribe", params))["unsubscribed"];
        expect(await unsubscribed({ session_id: one.session_id })).toBe(true);
        expect(await unsubscribed({ subscription_id: ids[1] })).toBe(true);
        expect(await unsubscribed({ subscription_id: ids[1] })).toBe(false);
        expect(await unsubscribed({ session_id: nobody })).toBe(false);
        await checkpoint(actor, one);
        await checkpoint(actor, two);
        const checkpoint_id = await checkpoint(actor, three);
        await watcher.event("checkpoint_created", { checkpoint_id });
        expect(watcher.events.map(({ data }) => data["session_id"])).toEqual([three.session_id]);
      });

      test("[SUB8] a connection may have 128 subscriptions, and still replace one of them", async () => {
        const client = await stage.client();
        const made = Array.from({ length: 129 }, (_, n) =>
          client.result("create_session", { name: `s${n}` }),
        );
        const ids = (await Promise.all(made)).map(({ session_id }) => session_id);
        for (const session_id of ids.slice(0, 128))
          await client.result("subscribe", { session_id });
        expect(await client.request("subscribe", { session_id: ids[128] })).toMatchObject({
          success: false,
          error_code: "limit_reached",
        });
        await client.result("subscribe", { session_id: ids[0] });
        await client.result("unsubscribe", { session_id: ids[0] });
        await client.result("subscribe", { session_id: ids[128] });
      });
    });

    describe("replay", () => {
      test("[RPL1] since a cursor: reply, exactly the missed events, sync, then live", async () => {
        const { actor, scene } = await written(4);
        const { session_id } = scene;
        const all = await logged(actor, session_id, { events: ["checkpoint_created"] });
        const { epoch, seq } = all[1] as { epoch?: string; seq?: number };
        const watcher = await stage.client();
        const reply = await watcher.result("subscribe", { session_id, since: { epoch, seq } });
        expect(reply).toMatchObject({ recovered: true, replayed: 2, epoch, seq });
        const checkpoint_id = await checkpoint(actor, scene);
        await watcher.event("checkpoint_created", { checkpoint_id });
        const frames = watcher.frames.slice(1);
        expect(frames.map((frame) => frame["event_type"] ?? "reply")).toEqual([
          "reply",
          "checkpoint_created",
          "checkpoint_created",
          "sync",
          "checkpoint_created",
        ]);
        expect(frames.slice(1, 3).map((event) => withoutPrev(event as PlainEvent))).toEqual(
          all.slice(2),
        );
        expect(frames[1]?.["prev"]).toBe(seq);
        expect(frames[3]).toEqual({
          event_type: "sync",
          data: { session_id, epoch, seq: all.at(-1)?.["seq"] },
        });
      });

      test("[RPL1] while others write, a replay has no gap and no duplicate", async () => {
        const { actor, scene } = await written(10);
        const { session_id } = scene;
        const [first] = await logged(actor, session_id);
        const since = { epoch: first?.["epoch"], seq: 0 };
        const writer = await stage.client();
        const writing = (async () => {
          for (let n = 0; n < 25; n += 1) await checkpoint(writer, scene);
        })();
        const watchers = await Promise.all(Array.from({ length: 5 }, () => stage.client()));
        for (const watcher of watchers) await watcher.result("subscribe", { session_id, since });
        await writing;
        const created = await logged(actor, session_id, {
          events: ["checkpoint_created"],
          limit: 200,
        });
        for (const watcher of watchers) {
          await watcher.event("checkpoint_created", created.at(-1)?.data);
          const events = watcher.events.filter(({ event_type }) => event_type !== "sync");
          expect(seqs(events)).toEqual(seqs(created));
        }
      });

      test("[RPL2] since the last n counts the events that the subscription wants", async () => {
        const { actor, scene } = await written(3);
        const { session_id } = scene;
        await actor.result("update_session", { session_id, name: "noise" });
        const created = await logged(actor, session_id, { events: ["checkpoint_created"] });
        for (const [last, count] of [
          [2, 2],
          [0, 0],
          [100, 3],
        ] as const) {
          const watcher = await stage.client();
          const reply = await watcher.result("subscribe", { session_id, since: { last } });
          expect(reply).toMatchObject({ recovered: true, replayed: count });
          await watcher.event("sync");
          const events = watcher.events.filter(({ event_type }) => event_type !== "sync");
          expect(seqs(events)).toEqual(count === 0 ? [] : seqs(created).slice(-count));
        }
      });

      test.each(["another epoch", "a seq that is not there yet"])(
        "[RPL3] %s: not recovered, nothing replayed, live from the head",
        async (what) => {
          const { actor, scene } = await written(2);
          const { session_id } = scene;
          const log = await logged(actor, session_id);
          const { epoch, seq: head } = log.at(-1) as { epoch?: string; seq?: number };
          const since = what === "another epoch" ? { epoch: "other", seq: 1 } : { epoch, seq: 999 };
          const watcher = await stage.client();
          const reply = await watcher.result("subscribe", { session_id, since });
          expect(reply).toMatchObject({ recovered: false, replayed: 0, epoch, seq: head });
          const checkpoint_id = await checkpoint(actor, scene);
          await watcher.event("checkpoint_created", { checkpoint_id });
          const events = watcher.events.filter(({ event_type }) => event_type !== "sync");
          expect(events).toHaveLength(1);
        },
      );
    });

    describe("transient messages", () => {
      test("[TRN2] progress of a long method goes to those who opted in, under its operation_id", async () => {
        const { actor, scene } = await written(0);
        const { session_id } = scene;
        const [base, watcher] = [await stage.client(), await stage.client()];
        await base.result("subscribe", { session_id });
        await watcher.result("subscribe", { session_id, transient: true });
        for (let n = 0; n < 1_200; n += 1) await scene.write(`many/${n}.txt`, `${n}\n`);
        const operation_id = crypto.randomUUID();
        const checkpoint_id = await checkpoint(actor, scene, { operation_id });
        const progress = await watcher.event("progress", { operation_id });
        expect(progress.data).toMatchObject({
          session_id,
          operation_id,
          kind: "checkpoint",
          phase: expect.any(String),
          done: expect.any(Number),
        });
        expect(progress).not.toHaveProperty("seq");
        await base.event("checkpoint_created", { checkpoint_id });
        expect(base.events.map(({ event_type }) => event_type)).toEqual(["checkpoint_created"]);
      });

      test("[TRN4] facts of the moment go to those who asked for them, and to nobody else", async () => {
        const { actor, scene } = await written(1);
        const { session_id } = scene;
        const [base, selective] = [await stage.client(), await stage.client()];
        const watcher = await stage.client();
        await base.result("subscribe", { session_id });
        await selective.result("subscribe", { session_id, events: ["checkpoint_created"] });
        await watcher.result("subscribe", { session_id, transient: true });
        await scene.write("new.txt", "new\n");
        const dirty = await watcher.event("workspace_dirty", { dirty_files: 1 });
        expect(dirty.data).toEqual({ session_id, dirty_files: 1 });
        expect(dirty).not.toHaveProperty("seq");
        const checkpoint_id = await checkpoint(actor, scene);
        await watcher.event("workspace_dirty", { dirty_files: 0 });
        for (const client of [base, selective]) {
          await client.event("checkpoint_created", { checkpoint_id });
          expect(client.events.map(({ event_type }) => event_type)).toEqual(["checkpoint_created"]);
        }
      });
    });

    describe("overview", () => {
      test('[OVR1] "*" replies with all sessions, then tells each that changed', async () => {
        const { actor, scene } = await written(1);
        const { session_id } = scene;
        const watcher = await stage.client();
        const reply = await watcher.result("subscribe", { session_id: "*" });
        expect(reply).toMatchObject({ subscribed: true, session_id: "*" });
        const sessions = reply["sessions"] as Record<string, unknown>[];
        const listed = await actor.result("get_session", { session_id });
        expect(sessions).toContainEqual(listed["session"]);

        await actor.result("update_session", { session_id, name: "renamed" });
        const summary = (name: string | null) =>
          watcher.first((frame): frame is PlainEvent => {
            if (frame["event_type"] !== "session_summary") return false;
            const { data } = frame as PlainEvent;
            if (data["session_id"] !== session_id) return false;
            const session = data["session"] as { name: string } | null;
            return name === null ? session === null : session?.name === name;
          }, `a session_summary with ${name}`);
        await summary("renamed");

        const created = await actor.result("create_session", { name: "new here" });
        await watcher.event("session_summary", { session_id: created["session_id"] });
        await actor.result("delete_session", { session_id });
        await summary(null);
        const types = new Set(watcher.events.map(({ event_type }) => event_type));
        expect([...types]).toEqual(["session_summary"]);
      });

      test.each([
        { since: { last: 1 } },
        { since: "start" },
        { events: ["checkpoint_created"] },
        { filter: {} },
        { ack: {} },
        { batch: {} },
      ])('[OVR2] "*" takes no %j', async (more) => {
        const client = await stage.client();
        expect(await client.request("subscribe", { session_id: "*", ...more })).toMatchObject({
          success: false,
          error_code: "invalid_params",
        });
      });
    });

    selectionConformance(() => stage);
    batchConformance(() => stage);
    ackConformance(() => stage);
    idempotencyConformance(() => stage);
    slowConformance(() => stage);
    limitConformance(() => stage);
    httpConformance(() => stage);

    // Last: the connections of the tests above do not live through it.
    test("[LIV1] a server that stops closes its connections with 1012", async () => {
      const client = await stage.client();
      const restarted = stage.server.restart();
      expect(await client.closed()).toBe(1012);
      stage.server = await restarted;
      await (await stage.client()).result("list_sessions");
    });
  });
}
