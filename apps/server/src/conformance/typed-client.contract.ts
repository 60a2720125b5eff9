import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connect, type Client, type ConnectionState } from "@cairn/shared/client";
import type { LiveEvent } from "@cairn/shared/events";
import type { PlainClient } from "./plain-client.ts";
import { Stage, type Suite } from "./stage.ts";

function until(client: Client, status: ConnectionState["status"]): Promise<void> {
  return new Promise((resolve) => {
    const look = ({ status: now }: ConnectionState) => {
      if (now !== status) return;
      stop();
      resolve();
    };
    const stop = client.onState(look);
    look(client.state);
  });
}

/** Keeps what a subscription hears, and resolves when enough of it has come. */
class Heard {
  readonly events: LiveEvent[] = [];
  readonly recovered: boolean[] = [];
  #look: () => void = () => undefined;

  readonly options = {
    onEvent: (event: LiveEvent) => {
      this.events.push(event);
      this.#look();
    },
    onSubscribed: ({ recovered }: { recovered: boolean }) => {
      this.recovered.push(recovered);
      this.#look();
    },
  };

  until(enough: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#look = () => {
        if (enough()) resolve();
      };
      this.#look();
    });
  }
}

/** Resolves once the session's one consumer has acknowledged up to a seq. */
async function acknowledged(client: PlainClient, session_id: string, seq: number): Promise<void> {
  for (;;) {
    const { consumers } = await client.result("list_consumers", { session_id });
    const [consumer] = consumers as { floor: number }[];
    if (consumer !== undefined && consumer.floor >= seq) return;
  }
}

/** The typed client against the real server. */
export function clientConformance({ start }: Suite): void {
  describe("typed client", () => {
    let stage: Stage;

    beforeAll(async () => {
      stage = new Stage(await start());
    });
    afterAll(() => stage.end());

    test("[CLI1] [CLI2] signs in, is refused with a wrong token, and goes on with a right one", async () => {
      const client = connect({ url: stage.server.ws, token: "wrong" });
      await until(client, "refused");
      client.signIn(stage.server.token);
      await until(client, "live");
      expect((await client.call("health")).healthy).toBe(true);
      client.close();
    });

    test("[RPL1] [CLI5] [CLI6] through restarts of the server, every event arrives once and in order", async () => {
      const { ws: url, token } = stage.server;
      const writer = await stage.client();
      const scene = await stage.scene(writer);
      const { session_id } = scene;
      const client = connect({ url, token });
      const heard = new Heard();
      client.subscribe(session_id, heard.options);
      await heard.until(() => heard.recovered.length === 1);

      for (let round = 0; round < 3; round += 1) {
        await client.call("checkpoint", { session_id, message: `before ${round}` });
        await stage.restart();
        // Made while the client is away, or just back.
        const other = await stage.client();
        await other.result("checkpoint", { session_id, message: `away ${round}` });
        await until(client, "live");
      }
      const last = await client.call("checkpoint", { session_id, message: "last" });
      await heard.until(() =>
        heard.events.some((event) => event.checkpoint?.checkpoint_id === last.checkpoint_id),
      );
      const log = await client.call("list_events", { session_id, events: ["checkpoint_created"] });
      expect(heard.events.map(({ seq }) => seq)).toEqual(log.events.map(({ seq }) => seq));
      expect(heard.recovered).toEqual([true, true, true, true]);
      client.close();
    });

    test("[CLI10] [IDM1] a call under a key that a restart cut off is done once and answered", async () => {
      const { ws: url, token } = stage.server;
      const writer = await stage.client();
      const { session_id } = await stage.scene(writer);
      const client = connect({ url, token });
      await until(client, "live");
      const call = (message: string) =>
        client.call("checkpoint", { session_id, message, idempotency_key: crypto.randomUUID() });
      for (let round = 0; round < 3; round += 1) {
        const sent = [call(`${round} a`), call(`${round} b`)];
        await stage.restart();
        const queued = call(`${round} c`);
        await Promise.all([...sent, queued]);
      }
      const { checkpoints } = await client.call("list_checkpoints", { session_id });
      expect(checkpoints.map(({ message }) => message).toSorted()).toEqual(
        [0, 1, 2].flatMap((round) => ["a", "b", "c"].map((which) => `${round} ${which}`)),
      );
      client.close();
      // Three starts of a server, which take their time on a busy machine.
    }, 60_000);

    test("[CON1] [CLI13] [BAT1] a consumer that stops at every few events handles each once, over restarts", async () => {
      const { ws: url, token } = stage.server;
      let writer = await stage.client();
      const { session_id } = await stage.scene(writer);
      const handled: number[] = [];
      const from = { since: "start" as const };
      for (let round = 0; round < 4; round += 1) {
        for (let n = 0; n < 5; n += 1) await writer.result("checkpoint", { session_id });
        const client = connect({ url, token });
        const wanted = handled.length + 5;
        await new Promise<void>((resolve, reject) => {
          client.subscribe(session_id, {
            ...(round === 0 ? from : {}),
            ack: { consumer: "mirror", window: 3 },
            batch: { max: 2 },
            onEvents: async (events) => {
              await Promise.resolve();
              handled.push(...events.map(({ seq }) => seq));
              if (handled.length === wanted) resolve();
            },
            onError: reject,
          });
        });
        await acknowledged(writer, session_id, handled.at(-1) ?? 0);
        client.close();
        if (round % 2 === 0) await stage.restart();
        writer = await stage.client();
      }
      const { events } = await writer.result("list_events", {
        session_id,
        events: ["checkpoint_created"],
        limit: 200,
      });
      expect(handled).toEqual((events as LiveEvent[]).map(({ seq }) => seq));
    });
  });
}
