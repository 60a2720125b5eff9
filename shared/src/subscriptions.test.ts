import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connect, type Client, type SubscribeOptions } from "./client.ts";
import { ManualSurroundings } from "./testing/manual-surroundings.ts";
import { ScriptedServer, type Asked } from "./testing/scripted-server.ts";
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

describe("order", () => {
  test("[POS1] applies what follows and drops duplicates and late ones", async () => {
    const { owner, connection } = await subscribe();
    connection.send(event(4), event(4), event(3), event(5), event(4), event(5), event(6));
    await owner.heard("event 6");
    expect(owner.notes).toEqual(["recovered true", "event 4", "event 5", "event 6"]);
  });

  test("[POS1] follows the class: seq may jump where prev says that nothing is missing", async () => {
    const { owner, connection } = await subscribe();
    connection.send(event(9, 2), event(20, 9));
    await owner.heard("event 20");
    expect(owner.notes.slice(1)).toEqual(["event 9", "event 20"]);
  });

  test("[POS2] a gap is closed by resuming from the position, once", async () => {
    const { owner, connection } = await subscribe();
    connection.send(event(4), event(6), event(7), event(8));
    const resume = await server.next("subscribe");
    expect(resume.params).toEqual({ session_id: session, since: { epoch: "e1", seq: 4 } });
    resume.reply(
      subscribed(4, { replayed: 4 }),
      event(5),
      event(6),
      event(7),
      event(8),
      sync(8),
      event(9),
    );
    await owner.heard("event 9");
    expect(owner.notes.slice(1)).toEqual([
      "event 4",
      "gap 5-5",
      "recovered true",
      "event 5",
      "healed",
      "event 6",
      "event 7",
      "event 8",
      "sync",
      "event 9",
    ]);
  });

  test("[POS2] reordered events are all applied, in order", async () => {
    const { owner, connection } = await subscribe();
    connection.send(event(5), event(4), event(6));
    const resume = await server.next("subscribe");
    expect(resume.params["since"]).toEqual({ epoch: "e1", seq: 3 });
    // 4 was in order and already applied when the replay brings it again.
    resume.reply(subscribed(3, { replayed: 3 }), event(4), event(5), event(6), sync(6));
    await owner.heard("sync");
    expect(owner.notes.filter((note) => note.startsWith("event"))).toEqual([
      "event 4",
      "event 5",
      "event 6",
    ]);
  });

  test("[POS2] a sync of the old subscription does not jump over a gap that is being closed", async () => {
    const { owner, connection } = await subscribe();
    connection.send(event(5), sync(5));
    const resume = await server.next("subscribe");
    resume.reply(subscribed(3, { replayed: 2 }), event(4), event(5), sync(5));
    await owner.heard("event 5");
    expect(owner.notes.filter((note) => note.startsWith("event"))).toEqual(["event 4", "event 5"]);
  });

  test("[POS2] a gap that no resume closes ends in loading afresh instead of asking forever", async () => {
    const { owner, connection } = await subscribe();
    connection.send(event(6));
    for (let turn = 0; turn < 3; turn += 1) {
      const resume = await server.next("subscribe");
      expect(resume.params["since"]).toEqual({ epoch: "e1", seq: 3 });
      resume.reply(subscribed(3), event(6));
    }
    const afresh = await server.next("subscribe");
    expect(afresh.params).not.toHaveProperty("since");
    afresh.reply(subscribed(6), event(7));
    await owner.heard("event 7");
    expect(owner.notes.slice(-2)).toEqual(["recovered false", "event 7"]);
  });

  test("[POS3] the sync of a subscription whose reply came too late jumps over nothing", async () => {
    const { owner, connection } = await subscribe();
    connection.send(event(6));
    const late = await server.next("subscribe");
    around.advance(25_000);
    (await server.next("health")).reply({});
    around.advance(5_000);
    // Given up by now; its session's log has been trimmed meanwhile.
    late.reply(subscribed(9, { recovered: false }), sync(9), event(10));
    await owner.heard("sync");
    around.advance(500);
    const again = await server.next("subscribe");
    expect(again.params["since"]).toEqual({ epoch: "e1", seq: 3 });
    again.reply(subscribed(10, { recovered: false }));
    await owner.heard("recovered false");
    expect(owner.notes.filter((note) => note.startsWith("event"))).toEqual([]);
  });

  test("[POS3] sync moves the position, so that a resume does not ask for what was filtered out", async () => {
    const { owner, connection } = await subscribe();
    connection.send(sync(12));
    await owner.heard("sync");
    await dropped(client, connection);
    const again = await reconnect();
    expect(again.params["since"]).toEqual({ epoch: "e1", seq: 12 });
  });

  test("[POS4] an event of another epoch means that the log started anew", async () => {
    const { owner, connection } = await subscribe();
    connection.send(event(4, 3, "e2"));
    const afresh = await server.next("subscribe");
    expect(afresh.params).not.toHaveProperty("since");
    afresh.reply(subscribed(1, { epoch: "e2" }), event(2, 1, "e2"));
    await owner.heard("event 2");
    expect(owner.notes).toEqual(["recovered true", "recovered false", "event 2"]);
  });
});

describe("a lost log", () => {
  test("[POS4] its late events are not applied while the new one is asked for", async () => {
    const { owner, connection } = await subscribe();
    connection.send(event(4), event(1, 0, "e2"), event(5), event(4));
    const afresh = await server.next("subscribe");
    afresh.reply(subscribed(1, { epoch: "e2" }), event(2, 1, "e2"));
    await owner.heard("event 2");
    expect(owner.notes.slice(1)).toEqual(["event 4", "recovered false", "event 2"]);
  });
});

describe("reconnecting", () => {
  test("[RPL1] resumes by cursor, without gap or duplicate", async () => {
    const { owner, connection } = await subscribe();
    connection.send(event(4));
    await owner.heard("event 4");
    await dropped(client, connection);
    const again = await reconnect();
    expect(again.params["since"]).toEqual({ epoch: "e1", seq: 4 });
    again.reply(subscribed(4, { replayed: 2 }), event(5), event(6), sync(6), event(7));
    await owner.heard("event 7");
    expect(owner.notes.slice(2)).toEqual([
      "recovered true",
      "event 5",
      "event 6",
      "sync",
      "event 7",
    ]);
  });

  test("[RPL1] a connection cut inside a replay goes on where it was cut", async () => {
    const { owner, connection } = await subscribe();
    await dropped(client, connection);
    const cut = await reconnect();
    cut.reply(subscribed(3, { replayed: 3 }), event(4));
    await owner.heard("event 4");
    await dropped(client, cut.connection);
    const again = await reconnect();
    expect(again.params["since"]).toEqual({ epoch: "e1", seq: 4 });
  });

  test("[RPL3] out of the log's reach: the owner is told, and goes on from the head", async () => {
    const { owner, connection } = await subscribe();
    await dropped(client, connection);
    const again = await reconnect();
    again.reply(subscribed(900, { recovered: false }), event(901));
    await owner.heard("event 901");
    expect(owner.notes.slice(1)).toEqual(["recovered false", "event 901"]);
  });

  test("[POS4] another epoch in the reply counts as not recovered, whatever it claims", async () => {
    const { owner, connection } = await subscribe();
    await dropped(client, connection);
    const again = await reconnect();
    again.reply(subscribed(1, { epoch: "e2" }), event(2, 1, "e2"));
    await owner.heard("event 2");
    expect(owner.notes.slice(1)).toEqual(["recovered false", "event 2"]);
  });

  test("[POS2] a server that goes on later than it was asked to leaves a gap", async () => {
    const { owner, connection } = await subscribe();
    await dropped(client, connection);
    const again = await reconnect();
    again.reply(subscribed(5), event(6));
    const resume = await server.next("subscribe");
    expect(resume.params["since"]).toEqual({ epoch: "e1", seq: 3 });
    expect(owner.notes.slice(1)).toEqual(["recovered true", "gap 4-5"]);
  });

  test("[RPL2] since: {last} is asked once, then the cursor takes over", async () => {
    const owner = new Owner();
    client.subscribe(session, { ...owner.options, since: { last: 2 } });
    const connection = await accept(server);
    const first = await server.next("subscribe");
    expect(first.params["since"]).toEqual({ last: 2 });
    first.reply(subscribed(5, { replayed: 2 }), event(8, 5), event(9), sync(9));
    await owner.heard("sync");
    expect(owner.notes).toEqual(["recovered true", "event 8", "event 9", "sync"]);
    await dropped(client, connection);
    const again = await reconnect();
    expect(again.params["since"]).toEqual({ epoch: "e1", seq: 9 });
  });

  test("[RPL1] a cursor given by the owner is where it starts", async () => {
    const owner = new Owner();
    client.subscribe(session, { ...owner.options, since: { epoch: "e1", seq: 7 } });
    await accept(server);
    const first = await server.next("subscribe");
    expect(first.params["since"]).toEqual({ epoch: "e1", seq: 7 });
    first.reply(subscribed(7, { replayed: 1 }), event(7), event(8), sync(8));
    await owner.heard("sync");
    expect(owner.notes).toEqual(["recovered true", "event 8", "sync"]);
  });

  test('[OVR2] "*" is never resumed: each connection brings a new snapshot', async () => {
    const owner = new Owner();
    client.subscribe("*", owner.options);
    const connection = await accept(server);
    const first = await server.next("subscribe");
    expect(first.params).toEqual({ session_id: "*" });
    const snapshot = { session_id: "*", epoch: "", sessions: [{}, {}] };
    first.reply(subscribed(0, snapshot));
    connection.send({ event_type: "session_summary", data: { session_id: session, session: {} } });
    await owner.heard("session_summary");
    await dropped(client, connection);
    const again = await reconnect();
    expect(again.params).toEqual({ session_id: "*" });
    again.reply(subscribed(0, { ...snapshot, sessions: [{}] }));
    await owner.heard("snapshot 1");
    expect(owner.notes).toEqual(["snapshot 2", "session_summary", "snapshot 1"]);
  });
});

describe("owners", () => {
  test("[SUB5] asks for the events named and for transient messages", async () => {
    const { asked } = await subscribe({ events: ["operation_updated"], transient: true });
    expect(asked.params).toEqual({
      session_id: session,
      events: ["operation_updated"],
      transient: true,
    });
  });

  test("[SUB4] another subscription to the same session replaces the first", async () => {
    const { owner, connection, subscription } = await subscribe();
    const second = new Owner();
    client.subscribe(session.toUpperCase(), second.options);
    const asked = await server.next("subscribe");
    // Still of the first: belongs to nobody any more.
    connection.send(event(4));
    asked.reply(subscribed(4), event(5));
    await second.heard("event 5");
    expect(second.notes).toEqual(["recovered true", "event 5"]);
    expect(owner.notes).toEqual(["recovered true"]);
    // Ends nothing: what it was for has been replaced.
    subscription.unsubscribe();
    connection.send(event(6));
    await second.heard("event 6");
  });

  test("[SUB6] unsubscribing ends it on the server, and nothing more is heard", async () => {
    const { owner, connection, subscription } = await subscribe();
    subscription.unsubscribe();
    connection.send(event(4));
    const asked = await server.next("unsubscribe");
    expect(asked.params).toEqual({ subscription_id: "sub-3" });
    asked.reply({ unsubscribed: true });
    const mark = client.call("health");
    (await server.next("health")).reply({});
    await mark;
    expect(owner.notes).toEqual(["recovered true"]);
  });

  test("[SUB6] unsubscribing before the confirmation ends it when that comes", async () => {
    const owner = new Owner();
    const subscription = client.subscribe(session, owner.options);
    await accept(server);
    const asked = await server.next("subscribe");
    subscription.unsubscribe();
    asked.reply(subscribed(3));
    expect((await server.next("unsubscribe")).params).toEqual({ subscription_id: "sub-3" });
    expect(owner.notes).toEqual([]);
  });

  test("[SUB3] a session that does not exist ends the subscription with an error", async () => {
    const owner = new Owner();
    client.subscribe(session, owner.options);
    const connection = await accept(server);
    (await server.next("subscribe")).fail("session_not_found", "No such session.");
    await owner.heard("error No such session.");
    await dropped(client, connection);
    around.advance(10_000);
    await accept(server);
    const mark = client.call("health");
    (await server.next("health")).reply({});
    await mark;
    expect(owner.notes).toEqual(["error No such session."]);
  });

  test("[SUB3] an error that may pass is tried again", async () => {
    const owner = new Owner();
    client.subscribe(session, owner.options);
    await accept(server);
    (await server.next("subscribe")).fail("internal");
    const mark = client.call("health");
    (await server.next("health")).reply({});
    await mark;
    around.advance(500);
    (await server.next("subscribe")).reply(subscribed(3));
    await owner.heard("recovered true");
    expect(owner.notes).toEqual(["recovered true"]);
  });

  test("[CLI9] an owner that throws is told, and neither it nor another loses an event", async () => {
    const seen: number[] = [];
    const { owner, connection } = await subscribe({
      onEvent: ({ seq }) => {
        seen.push(seq);
        if (seq === 4) throw new Error("cannot draw 4");
      },
    });
    connection.send(event(4), event(5), sync(5));
    await owner.heard("sync");
    expect(seen).toEqual([4, 5]);
    expect(owner.notes).toEqual(["recovered true", "error cannot draw 4", "sync"]);
  });

  test("[CLI2] subscriptions of a refused client go on after signIn", async () => {
    const owner = new Owner();
    client.subscribe(session, owner.options);
    (await server.next("authenticate")).fail("unauthenticated");
    const refused = new Promise<void>((resolve) => {
      client.onState(({ status }) => {
        if (status === "refused") resolve();
      });
    });
    await refused;
    client.signIn("better");
    await accept(server);
    (await server.next("subscribe")).reply(subscribed(3));
    await owner.heard("recovered true");
    expect(client.state.status).toBe("live");
  });
});
