import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connect, type Client, type SubscribeOptions } from "./client.ts";
import { ManualSurroundings } from "./testing/manual-surroundings.ts";
import { ScriptedServer, type Asked } from "./testing/scripted-server.ts";
import {
  accept,
  batch,
  dropped,
  ended,
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

describe("asking", () => {
  test("[FIL1] [ACK1] [CON1] [BAT1] the options of an owner go with every subscribe", async () => {
    const options = {
      filter: { tags: ["release"] },
      ack: { window: 10, wait_ms: 1_000, consumer: "mirror" },
      batch: { max: 50, interval_ms: 20 },
    };
    const { asked, connection } = await subscribe({ ...options, since: "start" });
    expect(asked.params).toEqual({ session_id: session, ...options, since: "start" });
    await dropped(client, connection);
    expect((await reconnect()).params).toEqual({
      session_id: session,
      ...options,
      since: { epoch: "e1", seq: 3 },
    });
  });
});

describe("batches", () => {
  test("[CLI14] the events of a frame are handed over in one go", async () => {
    const frames: number[][] = [];
    const { owner, connection } = await subscribe({
      onEvents: (events) => frames.push(events.map(({ seq }) => seq)),
    });
    connection.send(event(4), batch(event(5), event(6)), batch(event(7)), sync(7));
    await owner.heard("sync");
    expect(frames).toEqual([[4], [5, 6], [7]]);
    expect(owner.notes).toEqual([
      "recovered true",
      "event 4",
      "event 5",
      "event 6",
      "event 7",
      "sync",
    ]);
  });

  test("[CLI14] what is known of a batch is left out of it", async () => {
    const frames: number[][] = [];
    const { owner, connection } = await subscribe({
      onEvents: (events) => frames.push(events.map(({ seq }) => seq)),
    });
    connection.send(batch(event(3), event(4)), batch(event(4), event(5)), batch(event(5)), sync(5));
    await owner.heard("sync");
    expect(frames).toEqual([[4], [5]]);
  });

  test("[POS2] a gap inside a batch: what stands before it is handed over, the rest asked for", async () => {
    const { owner, connection } = await subscribe();
    connection.send(batch(event(4), event(7), event(8)));
    const resume = await server.next("subscribe");
    expect(resume.params["since"]).toEqual({ epoch: "e1", seq: 4 });
    resume.reply(
      subscribed(4, { replayed: 4 }),
      batch(event(5), event(6), event(7), event(8)),
      sync(8),
    );
    await owner.heard("sync");
    expect(owner.notes.slice(1)).toEqual([
      "event 4",
      "gap 5-6",
      "recovered true",
      "event 5",
      "event 6",
      "event 7",
      "event 8",
      "healed",
      "sync",
    ]);
  });

  test("a batch of what is no event is passed over, and its events asked for when others come", async () => {
    const { owner, connection } = await subscribe();
    connection.send({ event_type: "batch", events: [{}] }, batch(), event(5));
    const resume = await server.next("subscribe");
    resume.reply(subscribed(3, { replayed: 2 }), event(4), event(5), sync(5));
    await owner.heard("sync");
    expect(owner.notes.filter((note) => note.startsWith("event"))).toEqual(["event 4", "event 5"]);
  });
});

describe("gaps", () => {
  test("[CLI12] is known until what was missing has come", async () => {
    const { owner, connection } = await subscribe();
    connection.send(event(9, 6));
    const resume = await server.next("subscribe");
    expect(owner.notes.slice(1)).toEqual(["gap 4-6"]);
    resume.reply(subscribed(3, { replayed: 3 }), event(5, 3), event(6, 5));
    await owner.heard("healed");
    expect(owner.notes.slice(2)).toEqual(["recovered true", "event 5", "event 6", "healed"]);
  });

  test("[CLI12] outlives a lost connection", async () => {
    const { owner, connection } = await subscribe();
    connection.send(event(5));
    await server.next("subscribe");
    await dropped(client, connection);
    expect(owner.notes.slice(1)).toEqual(["gap 4-4"]);
    const again = await reconnect();
    again.reply(subscribed(3, { replayed: 2 }), event(4), event(5), sync(5));
    await owner.heard("sync");
    expect(owner.notes.slice(2)).toEqual([
      "recovered true",
      "event 4",
      "healed",
      "event 5",
      "sync",
    ]);
  });

  test("[CLI12] is given up when the log no longer has it", async () => {
    const { owner, connection } = await subscribe();
    connection.send(event(9));
    const resume = await server.next("subscribe");
    resume.reply(subscribed(9, { recovered: false }));
    await owner.heard("recovered false");
    expect(owner.notes.slice(1)).toEqual(["gap 4-8", "healed", "recovered false"]);
  });
});

describe("endings", () => {
  test.each(["consumer_taken", "consumer_deleted", "session_deleted"])(
    "[CLI15] [TRN3] %s ends it, and it is not made again",
    async (reason) => {
      const { owner, connection } = await subscribe({ ack: { consumer: "mirror" } });
      connection.send(event(4), ended("sub-3", reason), event(5));
      await owner.heard(`ended ${reason}`);
      await nothingAsked();
      expect(owner.notes.slice(1)).toEqual(["event 4", "subscription_ended", `ended ${reason}`]);
      await dropped(client, connection);
      around.advance(10_000);
      await accept(server);
      await nothingAsked();
    },
  );

  test("[CLI15] a trimmed log is subscribed to again, and loaded afresh", async () => {
    const { owner, connection } = await subscribe();
    connection.send(ended("sub-3", "log_trimmed"));
    const again = await server.next("subscribe");
    again.reply(subscribed(90, { recovered: false }), event(91));
    await owner.heard("event 91");
    expect(owner.notes.slice(1)).toEqual(["subscription_ended", "recovered false", "event 91"]);
  });

  test("[CLI15] the end of a subscription that this client itself has replaced ends nothing", async () => {
    const { owner, connection } = await subscribe({ ack: { consumer: "mirror" } });
    connection.send(event(5));
    const resume = await server.next("subscribe");
    connection.send(ended("sub-3", "consumer_taken"));
    resume.reply(
      subscribed(3, { subscription_id: "sub-4", replayed: 2 }),
      ended("sub-3", "consumer_taken"),
      event(4),
      event(5),
      sync(5),
    );
    await owner.heard("sync");
    expect(owner.notes.filter((note) => note.startsWith("event"))).toEqual(["event 4", "event 5"]);
  });
});
