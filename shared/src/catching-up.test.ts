import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connect, type Client, type ConnectionState, type SubscribeOptions } from "./client.ts";
import { ManualSurroundings } from "./testing/manual-surroundings.ts";
import { ScriptedServer, type Asked, type Connection } from "./testing/scripted-server.ts";
import {
  accept,
  dropped,
  event,
  Owner,
  session,
  subscribed,
  sync,
} from "./testing/scripted-session.ts";

let server: ScriptedServer;
let around: ManualSurroundings;
let client: Client;

beforeEach(async () => {
  server = await ScriptedServer.start();
  around = new ManualSurroundings();
  client = connect({ url: server.url, token: "secret", surroundings: around });
});

afterEach(async () => {
  client.close();
  await server.stop();
  around.mustBeReleased();
});

async function subscribe(options: Partial<SubscribeOptions> = {}, seq = 3) {
  const owner = new Owner();
  const subscription = client.subscribe(session, { ...owner.options, ...options });
  const connection = await accept(server);
  const asked = await server.next("subscribe");
  asked.reply(subscribed(seq));
  await owner.heard("recovered true");
  return { owner, subscription, connection, asked };
}

async function reconnect(): Promise<Asked> {
  around.advance(10_000);
  await accept(server);
  return server.next("subscribe");
}

/** Waits until everything that either side has sent before has come; throws if the client asked for more. */
async function nothingAsked(): Promise<void> {
  const mark = client.call("health");
  (await server.next("health")).reply({});
  await mark;
}

describe("catching up", () => {
  function states(): string[] {
    const seen: string[] = [];
    client.onState((state) => {
      const { status } = state;
      seen.push(status === "catching_up" ? `${state.done} of ${state.total}` : status);
    });
    return seen;
  }

  function until(status: ConnectionState["status"]): Promise<void> {
    return new Promise((resolve) => {
      const check = (state: ConnectionState) => {
        if (state.status !== status) return;
        stop();
        resolve();
      };
      const stop = client.onState(check);
      check(client.state);
    });
  }

  async function replaying(): Promise<{ owner: Owner; connection: Connection; seen: string[] }> {
    const { owner, connection } = await subscribe();
    await dropped(client, connection);
    const seen = states();
    const again = await reconnect();
    again.reply(subscribed(3, { replayed: 4 }), event(4), event(5));
    await owner.heard("event 5");
    return { owner, connection: again.connection, seen };
  }

  test("[CLI11] the state tells how much has come of what was missed, and live once all has", async () => {
    const { connection, seen } = await replaying();
    expect(client.state).toEqual({ status: "catching_up", done: 2, total: 4 });
    around.advance(50);
    connection.send(event(6), event(7), sync(7));
    await until("live");
    expect(seen).toEqual(["connecting", "0 of 0", "2 of 4", "live"]);
  });

  test("[CLI11] calls go out meanwhile", async () => {
    await replaying();
    await nothingAsked();
    expect(client.state.status).toBe("catching_up");
  });

  test("[CLI11] a first subscription has nothing to catch up with unless it asks for the past", async () => {
    const seen = states();
    const { asked } = await subscribe();
    expect(seen).toEqual(["live"]);
    asked.connection.send(event(4));
    const other = "0b4f5a52-4f0a-4f4e-9d7a-000000000002";
    client.subscribe(other, { since: { last: 9 } });
    (await server.next("subscribe")).reply(subscribed(1, { session_id: other, replayed: 9 }));
    await until("catching_up");
    expect(client.state).toEqual({ status: "catching_up", done: 0, total: 9 });
  });

  test("[CLI11] two replays are counted together, and a subscription that is given up no more", async () => {
    const other = "0b4f5a52-4f0a-4f4e-9d7a-000000000002";
    const first = client.subscribe(session, { since: "start" });
    client.subscribe(other, { since: "start" });
    await accept(server);
    (await server.next("subscribe")).reply(subscribed(0, { replayed: 3 }), event(1));
    (await server.next("subscribe")).reply(subscribed(0, { session_id: other, replayed: 5 }));
    await until("catching_up");
    await nothingAsked();
    expect(client.state).toEqual({ status: "catching_up", done: 1, total: 8 });
    first.unsubscribe();
    expect(client.state).toEqual({ status: "catching_up", done: 0, total: 5 });
  });

  test("[CLI11] a sync ends it, whatever was counted", async () => {
    const { connection } = await replaying();
    connection.send(sync(7));
    await until("live");
    expect(client.state.status).toBe("live");
  });

  test("[CLI11] offline is offline, in the middle of it too", async () => {
    const { connection } = await replaying();
    await dropped(client, connection);
    around.advance(100);
    expect(client.state.status).toBe("offline");
    await reconnect();
    // How much it is this time is not known yet.
    expect(client.state).toEqual({ status: "catching_up", done: 0, total: 0 });
  });
});
