import { describe, expect, test } from "vitest";
import type { Frame } from "./plain-client.ts";
import type { Stage } from "./stage.ts";
import { log, written } from "./written.ts";

/** Calls that may be sent twice. */
export function idempotencyConformance(stage: () => Stage): void {
  describe("idempotency", () => {
    const overHttp = async (method: string, params: object) => {
      const { url, token } = stage().server;
      const response = await fetch(`${url}/api/${method}`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
        body: JSON.stringify(params),
      });
      return (await response.json()) as Frame;
    };

    test("[IDM1] the same key does it once, whatever way it comes in, over restarts too", async () => {
      const { actor, scene } = await written(stage(), 0);
      const { session_id } = scene;
      const params = { session_id, message: "once", idempotency_key: crypto.randomUUID() };
      const first = await actor.result("checkpoint", params);
      expect(await actor.result("checkpoint", params)).toEqual(first);
      expect(await overHttp("checkpoint", params)).toEqual({ success: true, result: first });
      await stage().restart();
      const later = await stage().client();
      expect(await later.result("checkpoint", params)).toEqual(first);
      expect(await log(later, session_id, "checkpoint_created")).toHaveLength(1);
    });

    test("[IDM2] the same key with other params is a conflict; for another method it is another key", async () => {
      const { actor, scene } = await written(stage(), 0);
      const { session_id } = scene;
      const idempotency_key = crypto.randomUUID();
      await actor.result("checkpoint", { session_id, message: "one", idempotency_key });
      expect(
        await actor.request("checkpoint", { session_id, message: "two", idempotency_key }),
      ).toMatchObject({ success: false, error_code: "idempotency_conflict" });
      await actor.result("update_session", { session_id, name: "renamed", idempotency_key });
    });

    test("[IDM3] sent many times at once, on many connections, it is done once", async () => {
      const { actor, scene } = await written(stage(), 0);
      const { session_id } = scene;
      const params = { session_id, idempotency_key: crypto.randomUUID() };
      const clients = await Promise.all(Array.from({ length: 4 }, () => stage().client()));
      const results = await Promise.all(
        [...clients, ...clients].map((client) => client.result("checkpoint", params)),
      );
      for (const result of results) expect(result).toEqual(results[0]);
      expect(await log(actor, session_id, "checkpoint_created")).toHaveLength(1);
    });

    test("[IDM4] a call that failed leaves its key free", async () => {
      const { actor, scene } = await written(stage(), 0);
      const { session_id } = scene;
      const params = { session_id, idempotency_key: crypto.randomUUID() };
      await actor.result("update_session", { session_id, status: "closed" });
      expect(await actor.request("checkpoint", params)).toMatchObject({
        error_code: "session_closed",
      });
      await actor.result("update_session", { session_id, status: "open" });
      await actor.result("checkpoint", params);
      expect(await log(actor, session_id, "checkpoint_created")).toHaveLength(1);
    });
  });
}
