import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PlainClient, PlainEvent } from "./plain-client.ts";
import { checkpoint, Stage, type Scene, type Suite } from "./stage.ts";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const nobody = "00000000-0000-4000-8000-000000000000";
const aboutCheckpoint = ["checkpoint_id", "session_id", "timestamp"];
const baseEvents = {
  checkpoint_created: aboutCheckpoint,
  checkpoint_restored: aboutCheckpoint,
  checkpoint_deleted: aboutCheckpoint,
  checkpoints_compacted: ["remaining", "session_id", "timestamp"],
} as Record<string, string[]>;

async function total(client: PlainClient, { session_id }: Scene): Promise<unknown> {
  return (await client.result("list_checkpoints", { session_id }))["total"];
}

async function listed(client: PlainClient, { session_id }: Scene): Promise<unknown[]> {
  const { checkpoints } = await client.result("list_checkpoints", { session_id, limit: 200 });
  return (checkpoints as { checkpoint_id: string }[]).map((one) => one.checkpoint_id);
}

/** Every failure: a code of the table and one line for people. */
function failure(error_code: string): object {
  return { success: false, error: expect.stringMatching(/^.*\w+ \w+.*$/) as unknown, error_code };
}

function onlyBase(events: PlainEvent[]): void {
  for (const { event_type, data } of events) {
    expect(Object.keys(baseEvents)).toContain(event_type);
    expect(Object.keys(data).toSorted()).toEqual(baseEvents[event_type]);
    expect(data["timestamp"]).toMatch(time);
  }
}

/** The base protocol, as a client that knows nothing else meets it. */
export function baseConformance({ start }: Suite): void {
  describe("base protocol", () => {
    let stage: Stage;

    beforeAll(async () => {
      stage = new Stage(await start());
    });
    afterAll(() => stage.end());

    describe("envelope", () => {
      test("[ENV1] an id that is a string or a number comes back as it was sent", async () => {
        const client = await stage.client();
        for (const id of ["a", "Ω".repeat(50), 7, 0, -1.5]) {
          client.send(JSON.stringify({ id, method: "list_sessions", params: {} }));
          expect(await client.reply(id)).toMatchObject({ id, success: true });
        }
      });

      test("[ENV2] params may be left out, and a success holds exactly id, success and result", async () => {
        const client = await stage.client();
        client.send(JSON.stringify({ id: "x", method: "list_sessions" }));
        const reply = await client.reply("x");
        expect(Object.keys(reply).toSorted()).toEqual(["id", "result", "success"]);
      });

      test.each(["", "{", "not json", '{"id":"1",}', "\u0000", "[1,2"])(
        "[ENV3] malformed JSON (%j) is answered with id unknown and the connection lives",
        async (text) => {
          const client = await stage.client();
          const next = client.nextReply();
          client.send(text);
          const reply = await next;
          expect(reply.id).toBe("unknown");
          expect(reply).toMatchObject(failure("invalid_json"));
          await client.result("list_sessions");
        },
      );

      test.each([
        "null",
        "42",
        "[]",
        '"text"',
        "{}",
        '{"method":"health"}',
        '{"id":{},"method":"health"}',
        '{"id":null,"method":"health"}',
        '{"id":"","method":"health"}',
      ])(
        "[ENV4] JSON that is no request (%s) is answered with id unknown and the connection lives",
        async (text) => {
          const client = await stage.client();
          const next = client.nextReply();
          client.send(text);
          const reply = await next;
          expect(reply.id).toBe("unknown");
          expect(reply).toMatchObject(failure("invalid_params"));
          await client.result("list_sessions");
        },
      );

      test.each([[5], [null], ["text"], [[1]]])(
        "[ENV4] params that are no object (%j) are answered under the request's id",
        async (params) => {
          const client = await stage.client();
          client.send(JSON.stringify({ id: "p", method: "list_sessions", params }));
          expect(await client.reply("p")).toMatchObject(failure("invalid_params"));
          await client.result("list_sessions");
        },
      );

      test.each(["make_coffee", "", "__proto__", "constructor", "toString"])(
        "[ENV5] an unknown method (%j) is named in the error and the connection lives",
        async (method) => {
          const client = await stage.client();
          const reply = await client.request(method);
          expect(reply).toMatchObject(failure("unknown_method"));
          expect(reply.error).toContain(method);
          await client.result("list_sessions");
        },
      );

      test("[ENV6] unknown params and unknown keys of a request are ignored", async () => {
        const client = await stage.client();
        const scene = await stage.scene(client);
        const { session_id } = scene;
        const more = { of_tomorrow: { deep: [1] } };
        await client.result("subscribe", { session_id, ...more });
        const checkpoint_id = await checkpoint(client, scene, more);
        await client.result("get_checkpoint", { session_id, checkpoint_id, ...more });
        await client.result("list_checkpoints", { session_id, ...more });
        client.send(JSON.stringify({ id: "k", method: "list_sessions", params: {}, trace: 1 }));
        expect((await client.reply("k")).success).toBe(true);
        onlyBase(client.events);
      });
    });

    describe("signing in", () => {
      test.each([
        ["list_sessions", {}],
        ["create_session", { name: "x" }],
        ["get_session", { session_id: nobody }],
        ["checkpoint", { session_id: nobody }],
        ["subscribe", { session_id: nobody }],
        ["subscribe", { session_id: "*" }],
        ["list_keys", {}],
      ])(
        "[AUT1] %s is refused before authenticate, and works on after it",
        async (method, params) => {
          const client = await stage.stranger();
          expect(await client.request(method, params)).toMatchObject(failure("unauthenticated"));
          const result = await client.result("authenticate", { token: stage.server.token });
          expect(result["authenticated"]).toBe(true);
          await client.result("list_sessions");
        },
      );

      test.each([["wrong"], [""], [5], [null], [undefined]])(
        "[AUT2] the token %j is refused",
        async (token) => {
          const client = await stage.stranger();
          const reply = await client.request("authenticate", { token });
          expect(reply).toMatchObject(
            failure(typeof token === "string" ? "unauthenticated" : "invalid_params"),
          );
        },
      );
    });

    describe("ids", () => {
      const methods = [
        "get_session",
        "update_session",
        "checkpoint",
        "list_checkpoints",
        "compact",
        "undo",
        "list_operations",
        "subscribe",
        "list_events",
      ];

      test.each(methods)(
        "[SUB3] [ENV7] %s answers a missing, malformed or unknown session_id and the connection lives",
        async (method) => {
          const client = await stage.client();
          expect(await client.request(method, {})).toMatchObject(failure("invalid_params"));
          for (const session_id of ["x", "", 5, null, {}, [], `${nobody}0`, "../../etc"]) {
            expect(await client.request(method, { session_id })).toMatchObject(
              failure("invalid_params"),
            );
          }
          expect(await client.request(method, { session_id: nobody })).toMatchObject(
            failure("session_not_found"),
          );
          await client.result("list_sessions");
        },
      );

      test.each(["get_checkpoint", "plan_restore", "restore", "delete", "update_checkpoint"])(
        "[ENV7] %s answers a missing, malformed or unknown checkpoint_id and the connection lives",
        async (method) => {
          const client = await stage.client();
          const { session_id } = await stage.scene(client);
          const more = method === "update_checkpoint" ? { tags: [] } : {};
          expect(await client.request(method, { session_id, ...more })).toMatchObject(
            failure("invalid_params"),
          );
          for (const checkpoint_id of ["x", "", 5, null, {}]) {
            const reply = await client.request(method, { session_id, checkpoint_id, ...more });
            expect(reply).toMatchObject(failure("invalid_params"));
          }
          const reply = await client.request(method, {
            session_id,
            checkpoint_id: nobody,
            ...more,
          });
          expect(reply).toMatchObject(failure("checkpoint_not_found"));
          await client.result("list_sessions");
        },
      );

      test("[ENV7] a checkpoint of another session is not found", async () => {
        const client = await stage.client();
        const mine = await stage.scene(client);
        const other = await stage.scene(client);
        const checkpoint_id = await checkpoint(client, other);
        const params = { session_id: mine.session_id, checkpoint_id };
        for (const method of ["get_checkpoint", "restore", "delete"]) {
          expect(await client.request(method, params)).toMatchObject(
            failure("checkpoint_not_found"),
          );
        }
      });
    });

    describe("events", () => {
      test("[EVT1] [EVT4] two clients of one session get identical checkpoint_created", async () => {
        const [first, second] = [await stage.client(), await stage.client()];
        const scene = await stage.scene(first);
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
        const [actor, watcher] = [await stage.client(), await stage.client()];
        const scene = await stage.scene(actor);
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
        const [actor, watcher] = [await stage.client(), await stage.client()];
        const scene = await stage.scene(actor);
        const { session_id } = scene;
        const checkpoint_id = await checkpoint(actor, scene);
        await scene.write("src/main.txt", "second\n");
        await actor.result("restore", { session_id, checkpoint_id });
        await watcher.result("subscribe", { session_id });

        const undone = await actor.result("undo", { session_id });
        expect(await scene.read("src/main.txt")).toBe("second\n");
        await watcher.event("checkpoint_restored", { checkpoint_id: undone["checkpoint_id"] });
        await actor.result("redo", { session_id });
        expect(await scene.read("src/main.txt")).toBe("first\n");
        await watcher.event("checkpoint_restored", { checkpoint_id });
        onlyBase(watcher.events);
      });

      test("[EVT1] delete broadcasts the right checkpoint and the right session", async () => {
        const [actor, watcher] = [await stage.client(), await stage.client()];
        const scenes = [
          await stage.scene(actor),
          await stage.scene(actor),
          await stage.scene(actor),
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
        const [actor, watcher] = [await stage.client(), await stage.client()];
        const scene = await stage.scene(actor);
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

      test("[EVT2] whatever is done, only the four types arrive, each event once, one a frame", async () => {
        const [actor, watcher] = [await stage.client(), await stage.client()];
        const scene = await stage.scene(actor);
        const { session_id } = scene;
        await watcher.result("subscribe", { session_id });
        await actor.result("update_session", { session_id, name: "renamed", labels: { a: "b" } });
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
        const seen = watcher.events.map(({ event_type, data }) =>
          JSON.stringify([event_type, data]),
        );
        expect(new Set(seen).size).toBe(seen.length);
        expect(watcher.events.map(({ event_type }) => event_type)).toEqual([
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
        const actor = await stage.client();
        const scene = await stage.scene(actor);
        const { session_id } = scene;
        const busy = { running: true };
        const background = await stage.client();
        const others = (async () => {
          while (busy.running) await checkpoint(background, scene);
        })();
        const watchers: { client: PlainClient; due: string[] }[] = [];
        for (let n = 0; n < 8; n += 1) {
          const client = await stage.client();
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
        const [actor, watcher] = [await stage.client(), await stage.client()];
        const [mine, other] = [await stage.scene(actor), await stage.scene(actor)];
        await watcher.result("subscribe", { session_id: mine.session_id });
        for (let n = 0; n < 5; n += 1) await checkpoint(actor, other);
        const last = await checkpoint(actor, mine);
        await watcher.event("checkpoint_created", { checkpoint_id: last });
        expect(watcher.events.map(({ data }) => data["session_id"])).toEqual([mine.session_id]);
        expect(actor.events).toEqual([]);
      });

      test("[SUB4] a second subscribe to the same session replaces the first", async () => {
        const [actor, watcher] = [await stage.client(), await stage.client()];
        const scene = await stage.scene(actor);
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
        const [actor, watcher] = [await stage.client(), await stage.client()];
        const scenes = [await stage.scene(actor), await stage.scene(actor)];
        for (const { session_id } of scenes) await watcher.result("subscribe", { session_id });
        for (const scene of scenes) {
          const checkpoint_id = await checkpoint(actor, scene);
          const { data } = await watcher.event("checkpoint_created", { checkpoint_id });
          expect(data["session_id"]).toBe(scene.session_id);
        }
      });
    });

    describe("order", () => {
      test("[ORD1] [ORD3] 50 pipelined commands are all answered with success, mutations in the order sent", async () => {
        const client = await stage.client();
        const scene = await stage.scene(client);
        const { session_id } = scene;
        const sent = Array.from({ length: 50 }, (_, n) => ({
          id: `n${n}`,
          method: n % 5 === 4 ? "list_checkpoints" : "checkpoint",
          params: n % 5 === 4 ? { session_id } : { session_id, message: `n${n}` },
        }));
        for (const request of sent) client.send(JSON.stringify(request));
        const replies = await Promise.all(sent.map(({ id }) => client.reply(id)));
        expect(replies.filter(({ success }) => !success)).toEqual([]);
        const answered = client.frames.filter((frame) => String(frame["id"]).startsWith("n"));
        expect(answered).toHaveLength(50);

        const mutations = sent.filter(({ method }) => method === "checkpoint").map(({ id }) => id);
        const order = answered.map(({ id }) => id).filter((id) => mutations.includes(String(id)));
        expect(order).toEqual(mutations);
        const { checkpoints } = await client.result("list_checkpoints", {
          session_id,
          order: "asc",
          limit: 200,
        });
        const messages = (checkpoints as { message: string }[]).map(({ message }) => message);
        expect(messages).toEqual(mutations);
      });
    });

    describe("checkpoints", () => {
      test("[CHK1] tagged checkpoints validate, also when tags change and notes are added later", async () => {
        const client = await stage.client();
        const scene = await stage.scene(client);
        const { session_id } = scene;
        const tagged = await checkpoint(client, scene, { tags: ["a", "b"] });
        const plain = await checkpoint(client, scene);
        await client.result("update_checkpoint", {
          session_id,
          checkpoint_id: plain,
          tags: ["later"],
          pinned: true,
        });
        await client.result("annotate", { session_id, checkpoint_id: tagged, note: "n" });
        expect(await client.result("validate", { session_id, deep: true })).toMatchObject({
          valid: 2,
          invalid: 0,
          skipped: 0,
          problems: [],
        });
      });

      test("[CHK2] a checkpoint is made also when nothing changed, and keeps its JSON state", async () => {
        const client = await stage.client();
        const scene = await stage.scene(client);
        const { session_id } = scene;
        const state = { step: 3, nested: { list: [1, "two", null, true], Ω: {} } };
        await checkpoint(client, scene);
        const checkpoint_id = await checkpoint(client, scene, { state, message: "same files" });
        const result = await client.result("get_checkpoint", { session_id, checkpoint_id });
        expect(result["checkpoint"]).toMatchObject({
          state,
          message: "same files",
          changed_files: 0,
        });
        expect(await total(client, scene)).toBe(2);
      });
    });

    // Last: the clients of the tests above do not live through it.
    test("[DUR1] after a restart sessions, checkpoints, tags, annotations and files are still there", async () => {
      const client = await stage.client();
      const scene = await stage.scene(client, "survivor");
      const { session_id } = scene;
      const checkpoint_id = await checkpoint(client, scene, { message: "m", tags: ["release"] });
      await client.result("annotate", {
        session_id,
        checkpoint_id,
        note: "remember me",
        severity: "critical",
      });
      await client.result("update_session", { session_id, labels: { team: "blue" } });
      const read = async (reader: PlainClient) => ({
        session: await reader.result("get_session", { session_id }),
        checkpoint: await reader.result("get_checkpoint", { session_id, checkpoint_id }),
        events: await reader.result("list_events", { session_id }),
      });
      const before = await read(client);
      expect(before.checkpoint["checkpoint"]).toMatchObject({
        tags: ["release"],
        annotations: [{ note: "remember me", severity: "critical" }],
      });

      await stage.restart();
      const again = await stage.client();
      expect(await read(again)).toEqual(before);
      await scene.write("src/main.txt", "changed after the restart\n");
      await again.result("subscribe", { session_id });
      await again.result("restore", { session_id, checkpoint_id });
      await again.event("checkpoint_restored", { checkpoint_id });
      expect(await scene.read("src/main.txt")).toBe("first\n");
    });
  });
}
