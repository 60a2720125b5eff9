import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connect, type Client, type ConnectionState } from "@cairn/shared/client";
import type { LiveEvent } from "@cairn/shared/events";
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
  });
}
