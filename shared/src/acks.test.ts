import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connect, type Client, type SubscribeOptions } from "./client.ts";
import { ManualSurroundings } from "./testing/manual-surroundings.ts";
import { ScriptedServer, type Asked } from "./testing/scripted-server.ts";
import {
  accept,
  batch,
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

/** The next request, which must be an ack: its subscription and seq. */
async function acknowledged(): Promise<string> {
  const ack = await server.next("ack");
  const { subscription_id, seq } = ack.params;
  ack.reply({ acknowledged: seq });
  return `${String(subscription_id)} ${String(seq)}`;
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, at) => from + at);
}

/** A handler whose promises the test settles. */
class SlowHandler {
  readonly begun: number[] = [];
  #settle: { resolve: () => void; reject: (error: Error) => void }[] = [];
  #waiting: (() => void)[] = [];

  readonly onEvent = ({ seq }: { seq: number }): Promise<void> => {
    this.begun.push(seq);
    for (const wake of this.#waiting.splice(0)) wake();
    return new Promise((resolve, reject) => {
      this.#settle.push({ resolve, reject });
    });
  };

  async began(seq: number): Promise<void> {
    while (!this.begun.includes(seq)) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }

  resolve(): void {
    this.#settle.shift()?.resolve();
  }

  reject(error: Error): void {
    this.#settle.shift()?.reject(error);
  }
}

describe("acknowledging", () => {
  test("[CLI13] what was handled is acknowledged once for all within 50 ms", async () => {
    const { owner, connection } = await subscribe({ ack: {} });
    connection.send(event(4), event(5), event(6), sync(6));
    await owner.heard("sync");
    around.advance(49);
    await nothingAsked();
    around.advance(1);
    expect(await acknowledged()).toBe("sub-3 6");
    around.advance(1_000);
    await nothingAsked();
  });

  test("[CLI13] at half the window it does not wait", async () => {
    const { owner, connection } = await subscribe({ ack: { window: 8 } });
    connection.send(event(4), event(5), event(6), sync(6));
    await owner.heard("sync");
    await nothingAsked();
    connection.send(event(7), event(8));
    expect(await acknowledged()).toBe("sub-3 7");
    connection.send(batch(...numbers(9, 12).map((seq) => event(seq))));
    expect(await acknowledged()).toBe("sub-3 11");
    around.advance(50);
    expect(await acknowledged()).toBe("sub-3 12");
    around.advance(50);
    await nothingAsked();
  });

  test("[CLI13] a batch that is handled in one go is acknowledged in one go", async () => {
    const { onEvent: _one, ...rest } = new Owner().options;
    client.subscribe(session, { ...rest, ack: { window: 4 }, onEvents: () => undefined });
    const connection = await accept(server);
    (await server.next("subscribe")).reply(subscribed(3));
    connection.send(batch(...numbers(4, 9).map((seq) => event(seq))));
    expect(await acknowledged()).toBe("sub-3 9");
  });

  test("[CLI13] a window of one is acknowledged at once", async () => {
    const { connection } = await subscribe({ ack: { window: 1 } });
    connection.send(event(4));
    expect(await acknowledged()).toBe("sub-3 4");
  });

  test("[CLI13] without ack nothing is acknowledged", async () => {
    const { owner, connection } = await subscribe();
    connection.send(batch(...numbers(4, 300).map((seq) => event(seq))), sync(300));
    await owner.heard("sync");
    around.advance(1_000);
    await nothingAsked();
    expect(owner.notes.at(-2)).toBe("event 300");
  });

  test("[ACK3] [CLI13] what comes again is dropped, and acknowledged again", async () => {
    const { owner, connection } = await subscribe({ ack: { window: 1 } });
    connection.send(event(4));
    expect(await acknowledged()).toBe("sub-3 4");
    connection.send({ ...event(4), redelivered: 1 }, sync(4));
    await owner.heard("sync");
    around.advance(50);
    expect(await acknowledged()).toBe("sub-3 4");
    expect(owner.notes).toEqual(["recovered true", "event 4", "sync"]);
  });

  test("[CLI13] one handler is at work at a time, and only what it has resolved is acknowledged", async () => {
    const slow = new SlowHandler();
    const { connection } = await subscribe({ ack: { window: 2 }, onEvent: slow.onEvent });
    connection.send(event(4), event(5));
    await slow.began(4);
    around.advance(1_000);
    await nothingAsked();
    expect(slow.begun).toEqual([4]);
    slow.resolve();
    expect(await acknowledged()).toBe("sub-3 4");
    await slow.began(5);
    slow.resolve();
    expect(await acknowledged()).toBe("sub-3 5");
  });

  test("[CLI13] what was still being handled when the connection broke is asked for again, and handled once", async () => {
    const slow = new SlowHandler();
    const { connection } = await subscribe({ ack: { window: 2 }, onEvent: slow.onEvent });
    connection.send(event(4), event(5), event(6));
    await slow.began(4);
    slow.resolve();
    expect(await acknowledged()).toBe("sub-3 4");
    await slow.began(5);
    await dropped(client, connection);
    const again = await reconnect();
    // 6 was received too: only what is handled counts.
    expect(again.params["since"]).toEqual({ epoch: "e1", seq: 4 });
    again.reply(subscribed(4, { replayed: 3 }), event(5), event(6), event(7), sync(7));
    slow.resolve();
    await nothingAsked();
    around.advance(50);
    expect(await acknowledged()).toBe("sub-4 5");
    await slow.began(6);
    slow.resolve();
    expect(await acknowledged()).toBe("sub-4 6");
    await slow.began(7);
    slow.resolve();
    expect(await acknowledged()).toBe("sub-4 7");
    expect(slow.begun).toEqual([4, 5, 6, 7]);
  });

  // Found by resume.test.ts with seed -904372564.
  test("[CLI13] what was handled while a gap was being closed is acknowledged to the new subscription", async () => {
    const { connection } = await subscribe({ ack: { window: 1 } });
    connection.send(event(5));
    const resume = await server.next("subscribe");
    connection.send({ ...event(4), redelivered: 1 });
    expect(await acknowledged()).toBe("sub-3 4");
    resume.reply(subscribed(3, { subscription_id: "sub-4", replayed: 2 }), event(4));
    await nothingAsked();
    around.advance(50);
    expect(await acknowledged()).toBe("sub-4 4");
  });

  test("[CLI13] after a reconnect without anything missed, the old ack is not needed", async () => {
    const { owner, connection } = await subscribe({ ack: {} });
    connection.send(event(4), sync(4));
    await owner.heard("sync");
    await dropped(client, connection);
    const again = await reconnect();
    expect(again.params["since"]).toEqual({ epoch: "e1", seq: 4 });
    again.reply(subscribed(4));
    await owner.heard("recovered true");
    around.advance(1_000);
    await nothingAsked();
  });

  test("[CLI13] handling events of a log that is gone acknowledges nothing in the next", async () => {
    const slow = new SlowHandler();
    const { owner, connection } = await subscribe({ ack: { window: 1 }, onEvent: slow.onEvent });
    connection.send(event(4));
    await slow.began(4);
    await dropped(client, connection);
    const again = await reconnect();
    again.reply(subscribed(1, { epoch: "e2" }), event(2, 1, "e2"));
    await nothingAsked();
    slow.resolve();
    await owner.heard("recovered false");
    await slow.began(2);
    await nothingAsked();
    slow.resolve();
    expect(await acknowledged()).toBe("sub-1 2");
  });

  test.each(["throws", "rejects"])(
    "[CLI9] a handler that %s ends the subscription, and what it failed on is not acknowledged",
    async (how) => {
      const { owner, connection } = await subscribe({
        ack: { window: 4 },
        onEvent: ({ seq }) => {
          if (seq < 5) return undefined;
          const error = new Error(`cannot store ${seq}`);
          if (how === "throws") throw error;
          return Promise.reject(error);
        },
      });
      connection.send(event(4), event(5), event(6));
      const asked = await server.next("unsubscribe");
      expect(asked.params).toEqual({ subscription_id: "sub-3" });
      await owner.heard("ended handler_failed");
      expect(owner.notes).toEqual([
        "recovered true",
        "error cannot store 5",
        "ended handler_failed",
      ]);
      around.advance(1_000);
      await nothingAsked();
    },
  );

  test("[CLI9] without ack a handler that rejects is told, and goes on", async () => {
    const { owner, connection } = await subscribe({
      onEvent: ({ seq }) => Promise.reject(new Error(`cannot draw ${seq}`)),
    });
    connection.send(event(4), event(5));
    await owner.heard("error cannot draw 5");
    expect(owner.notes.slice(1)).toEqual(["error cannot draw 4", "error cannot draw 5"]);
  });
});
