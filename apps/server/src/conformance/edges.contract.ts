import { describe, expect, test } from "vitest";
import { nobody } from "./base-expectations.contract.ts";
import { checkpoint, type Stage } from "./stage.ts";

/** What is refused for its size. */
export function limitConformance(stage: () => Stage): void {
  describe("limits", () => {
    test("[LIM1] a frame over 2 MiB is refused and the connection lives", async () => {
      const client = await stage().client();
      const params = { session_id: nobody, message: "x".repeat(2 * 1024 * 1024) };
      const next = client.nextReply();
      client.send(JSON.stringify({ id: "big", method: "checkpoint", params }));
      expect(await next).toMatchObject({ success: false, error_code: "payload_too_large" });
      await client.result("list_sessions");
    });

    test("[LIM2] JSON deeper than 64 levels is refused and the connection lives", async () => {
      const client = await stage().client();
      const next = client.nextReply();
      client.send(
        `{"id":"deep","method":"health","params":{"a":${"[".repeat(63)}${"]".repeat(63)}}}`,
      );
      expect(await next).toMatchObject({ success: false, error_code: "invalid_json" });
      client.send(
        `{"id":"ok","method":"health","params":{"a":${"[".repeat(62)}${"]".repeat(62)}}}`,
      );
      expect((await client.reply("ok")).success).toBe(true);
    });
  });
}

/** The same methods over HTTP, and what HTTP adds. */
export function httpConformance(stage: () => Stage): void {
  describe("over HTTP", () => {
    const post = (path: string, body: string, headers: Record<string, string> = {}) =>
      fetch(`${stage().server.url}${path}`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          authorization: `Bearer ${stage().server.token}`,
          ...headers,
        },
        body,
      });

    test("[HTT1] POST /api/<method> gives the same result as the socket", async () => {
      const actor = await stage().client();
      const scene = await stage().scene(actor);
      await checkpoint(actor, scene);
      const params = { session_id: scene.session_id };
      const response = await post("/api/list_checkpoints", JSON.stringify(params));
      expect(response.status).toBe(200);
      expect(await response.json()).toEqual({
        success: true,
        result: await actor.result("list_checkpoints", params),
      });
    });

    test.each([
      ["list_sessions", "{", {}, 400, "invalid_json"],
      ["get_session", "{}", {}, 400, "invalid_params"],
      ["list_sessions", "{}", { authorization: "Bearer wrong" }, 401, "unauthenticated"],
      ["list_sessions", "{}", { origin: "https://example.org" }, 403, "origin_refused"],
      ["make_coffee", "{}", {}, 404, "unknown_method"],
      ["get_session", `{"session_id":"${nobody}"}`, {}, 404, "session_not_found"],
      ["subscribe", `{"session_id":"${nobody}"}`, {}, 404, "unknown_method"],
      ["list_sessions", "{}", { "content-type": "text/plain" }, 415, "unsupported_media_type"],
      ["list_sessions", `"${"x".repeat(2 * 1024 * 1024)}"`, {}, 413, "payload_too_large"],
    ])("[HTT2] %s with %.20s %j is answered %i %s", async (method, body, headers, status, code) => {
      const response = await post(`/api/${method}`, body, headers);
      expect(response.status).toBe(status);
      expect(await response.json()).toMatchObject({ success: false, error_code: code });
    });

    test("[HTT3] a GET does nothing", async () => {
      const response = await fetch(`${stage().server.url}/api/list_sessions`, {
        headers: { authorization: `Bearer ${stage().server.token}` },
      });
      expect(response.status).toBe(405);
      expect(await response.json()).toMatchObject({ error_code: "method_not_allowed" });
    });

    test("[AUT3] a browser key signs in; when it is revoked, its connection is closed with 4500", async () => {
      const admin = await stage().client();
      const answer = async (response: Response) =>
        ((await response.json()) as { result: Record<string, string> }).result;
      const { code } = await answer(await post("/api/login-code", "{}"));
      const { key = "" } = await answer(await post("/api/login", JSON.stringify({ code })));
      const again = await post("/api/login", JSON.stringify({ code }));
      expect(again.status).toBe(401);

      const browser = await stage().stranger();
      await browser.result("authenticate", { token: key });
      const { keys } = await browser.result("list_keys");
      const mine = (keys as { key_id: string; current: boolean }[]).find((one) => one.current);
      await admin.result("revoke_key", { key_id: mine?.key_id });
      expect(await browser.closed()).toBe(4500);
      const later = await stage().stranger();
      expect(await later.request("authenticate", { token: key })).toMatchObject({
        success: false,
        error_code: "unauthenticated",
      });
    });
  });
}
