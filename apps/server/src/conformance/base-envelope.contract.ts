import { describe, expect, test } from "vitest";
import { failure, nobody, onlyBase } from "./base-expectations.contract.ts";
import { checkpoint, type Stage } from "./stage.ts";

/** Requests, answers, signing in, and what is wrong with them. */
export function envelopeConformance(stage: () => Stage): void {
  describe("envelope", () => {
    test("[ENV1] an id that is a string or a number comes back as it was sent", async () => {
      const client = await stage().client();
      for (const id of ["a", "Ω".repeat(50), 7, 0, -1.5]) {
        client.send(JSON.stringify({ id, method: "list_sessions", params: {} }));
        expect(await client.reply(id)).toMatchObject({ id, success: true });
      }
    });

    test("[ENV2] params may be left out, and a success holds exactly id, success and result", async () => {
      const client = await stage().client();
      client.send(JSON.stringify({ id: "x", method: "list_sessions" }));
      const reply = await client.reply("x");
      expect(Object.keys(reply).toSorted()).toEqual(["id", "result", "success"]);
    });

    test.each(["", "{", "not json", '{"id":"1",}', "\u0000", "[1,2"])(
      "[ENV3] malformed JSON (%j) is answered with id unknown and the connection lives",
      async (text) => {
        const client = await stage().client();
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
        const client = await stage().client();
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
        const client = await stage().client();
        client.send(JSON.stringify({ id: "p", method: "list_sessions", params }));
        expect(await client.reply("p")).toMatchObject(failure("invalid_params"));
        await client.result("list_sessions");
      },
    );

    test.each(["make_coffee", "", "__proto__", "constructor", "toString"])(
      "[ENV5] an unknown method (%j) is named in the error and the connection lives",
      async (method) => {
        const client = await stage().client();
        const reply = await client.request(method);
        expect(reply).toMatchObject(failure("unknown_method"));
        expect(reply.error).toContain(method);
        await client.result("list_sessions");
      },
    );

    test("[ENV6] unknown params and unknown keys of a request are ignored", async () => {
      const client = await stage().client();
      const scene = await stage().scene(client);
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
        const client = await stage().stranger();
        expect(await client.request(method, params)).toMatchObject(failure("unauthenticated"));
        const result = await client.result("authenticate", { token: stage().server.token });
        expect(result["authenticated"]).toBe(true);
        await client.result("list_sessions");
      },
    );

    test.each([["wrong"], [""], [5], [null], [undefined]])(
      "[AUT2] the token %j is refused",
      async (token) => {
        const client = await stage().stranger();
        const reply = await client.request("authenticate", { token });
        expect(reply).toMatchObject(
          failure(typeof token === "string" ? "unauthenticated" : "invalid_params"),
        );
      },
    );
  });

  describe("ids", () => {
    const checkpoint_id = nobody;
    const ofSession: [string, object][] = [
      ["get_session", {}],
      ["update_session", {}],
      ["delete_session", {}],
      ["undelete_session", {}],
      ["checkpoint", {}],
      ["list_checkpoints", {}],
      ["get_checkpoint", { checkpoint_id }],
      ["update_checkpoint", { checkpoint_id, tags: [] }],
      ["annotate", { checkpoint_id, note: "n" }],
      ["delete", { checkpoint_id }],
      ["undelete", { checkpoint_id }],
      ["compact", {}],
      ["plan_restore", { checkpoint_id }],
      ["restore", { checkpoint_id }],
      ["undo", {}],
      ["redo", {}],
      ["list_operations", {}],
      ["diff", { from: null, to: checkpoint_id }],
      ["list_files", { checkpoint_id }],
      ["subscribe", {}],
      ["list_events", {}],
    ];

    test.each(ofSession)(
      "[SUB3] [ENV7] %s answers a missing, malformed or unknown session_id and the connection lives",
      async (method, more) => {
        const client = await stage().client();
        expect(await client.request(method, more)).toMatchObject(failure("invalid_params"));
        for (const session_id of ["x", "", 5, null, {}, [], `${nobody}0`, "../../etc"]) {
          expect(await client.request(method, { ...more, session_id })).toMatchObject(
            failure("invalid_params"),
          );
        }
        expect(await client.request(method, { ...more, session_id: nobody })).toMatchObject(
          failure("session_not_found"),
        );
        await client.result("list_sessions");
      },
    );

    test.each(["validate", "list_trash"])(
      "[ENV7] %s, for which session_id is optional, does not take an unknown one for none",
      async (method) => {
        const client = await stage().client();
        expect(await client.request(method, { session_id: nobody })).toMatchObject(
          failure("session_not_found"),
        );
        expect(await client.request(method, { session_id: "x" })).toMatchObject(
          failure("invalid_params"),
        );
      },
    );

    test.each(["get_checkpoint", "plan_restore", "restore", "delete", "update_checkpoint"])(
      "[ENV7] %s answers a missing, malformed or unknown checkpoint_id and the connection lives",
      async (method) => {
        const client = await stage().client();
        const { session_id } = await stage().scene(client);
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
      const client = await stage().client();
      const mine = await stage().scene(client);
      const other = await stage().scene(client);
      const checkpoint_id = await checkpoint(client, other);
      const params = { session_id: mine.session_id, checkpoint_id };
      for (const method of ["get_checkpoint", "restore", "delete"]) {
        expect(await client.request(method, params)).toMatchObject(failure("checkpoint_not_found"));
      }
    });
  });
}
