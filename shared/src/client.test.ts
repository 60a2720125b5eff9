import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connect, type Client, type ConnectionState } from "./client.ts";
import { ProtocolError } from "./errors.ts";
import { ManualSurroundings } from "./testing/manual-surroundings.ts";
import { ScriptedServer, type Asked } from "./testing/scripted-server.ts";

let server: ScriptedServer;
let around: ManualSurroundings;
const clients: Client[] = [];

beforeEach(async () => {
  server = await ScriptedServer.start();
  around = new ManualSurroundings();
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await server.stop();
  around.mustBeReleased();
});

function client(token: string | null = "secret", timeoutMs = 1_000): Client {
  const made = connect({ url: server.url, token, timeoutMs, surroundings: around });
  clients.push(made);
  return made;
}

function until(subject: Client, status: ConnectionState["status"]): Promise<ConnectionState> {
  return new Promise((resolve) => {
    const check = (state: ConnectionState) => {
      if (state.status !== status) return;
      stop();
      resolve(state);
    };
    const stop = subject.onState(check);
    check(subject.state);
  });
}

async function accept(): Promise<Asked> {
  const asked = await server.next("authenticate");
  asked.reply({ authenticated: true, role: "admin" });
  return asked;
}

async function live(): Promise<{ subject: Client; first: Asked }> {
  const subject = client();
  const first = await accept();
  await until(subject, "live");
  return { subject, first };
}

async function failure(call: Promise<unknown>): Promise<ProtocolError> {
  const error: unknown = await call.then(
    () => new Error("the call succeeded"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof ProtocolError)) throw error;
  return error;
}

describe("signing in", () => {
  test("[CLI1] authenticate is the first request and its round trip is measured", async () => {
    const subject = client();
    const states: ConnectionState[] = [];
    subject.onState((state) => states.push(state));
    expect(subject.state).toEqual({ status: "connecting" });
    const first = await server.next("authenticate");
    expect(first.params).toEqual({ token: "secret" });
    first.reply({ authenticated: true, role: "admin" });
    const state = await until(subject, "live");
    expect(state).toEqual({ status: "live", rttMs: expect.any(Number) });
    expect(states.map(({ status }) => status)).toEqual(["live"]);
  });

  test("[CLI1] without a token the first request finds out whether one is needed", async () => {
    const subject = client(null);
    (await server.next("health")).fail("unauthenticated");
    expect(await until(subject, "refused")).toEqual({
      status: "refused",
      code: "unauthenticated",
    });
    subject.signIn("key");
    expect((await server.next("authenticate")).params).toEqual({ token: "key" });
  });

  test("[CLI2] a refused token stops all retries until signIn brings another", async () => {
    const subject = client();
    (await server.next("authenticate")).fail("unauthenticated");
    await until(subject, "refused");
    around.advance(3_600_000);
    around.hint();
    expect(server.accepted).toBe(1);
    expect((await failure(subject.call("health"))).code).toBe("unauthenticated");

    subject.signIn("better");
    const again = await server.next("authenticate");
    expect(again.params).toEqual({ token: "better" });
    again.reply({ authenticated: true, role: "admin" });
    await until(subject, "live");
  });

  test("[CLI2] a key revoked while connected refuses at the next answer", async () => {
    const { subject } = await live();
    const call = failure(subject.call("health"));
    (await server.next("health")).fail("unauthenticated");
    expect((await call).code).toBe("unauthenticated");
    expect(subject.state).toEqual({ status: "refused", code: "unauthenticated" });
  });

  test("[CLI2] signIn while the old token is being judged tries the new one", async () => {
    const subject = client();
    const first = await server.next("authenticate");
    subject.signIn("better");
    first.fail("unauthenticated");
    expect((await server.next("authenticate")).params).toEqual({ token: "better" });
  });

  test("[CLI2] a server that is not ready to judge is tried again", async () => {
    const subject = client();
    (await server.next("authenticate")).fail("shutting_down");
    await until(subject, "offline");
    around.advance(500);
    await accept();
    await until(subject, "live");
    expect(server.accepted).toBe(2);
  });
});

describe("calls", () => {
  test("[CLI3] answers find their calls whatever their order", async () => {
    const { subject } = await live();
    const health = subject.call("health");
    const metrics = subject.call("metrics");
    const askedHealth = await server.next("health");
    (await server.next("metrics")).reply({ counters: { a: 1 }, gauges: {} });
    askedHealth.reply({ healthy: true, version: "1", auth: "token", checks: [] });
    expect((await metrics).counters).toEqual({ a: 1 });
    expect((await health).healthy).toBe(true);
  });

  test("[CLI3] an error envelope becomes a ProtocolError, with unknown codes kept in details", async () => {
    const { subject } = await live();
    const known = failure(subject.call("get_session", { session_id: "x" }));
    (await server.next("get_session")).fail("session_not_found", "There is no such session.");
    expect(await known).toMatchObject({
      code: "session_not_found",
      message: "There is no such session.",
    });
    const unknown = failure(subject.call("health"));
    (await server.next("health")).fail("code_of_tomorrow", "Newer than you.");
    expect(await unknown).toMatchObject({
      code: "internal",
      message: "Newer than you.",
      details: { error_code: "code_of_tomorrow" },
    });
  });

  test("[CLI3] an unreadable answer fails its call at once; unreadable frames are passed over", async () => {
    const { subject, first } = await live();
    first.connection.socket.send("not json");
    first.connection.socket.send(Buffer.from([1, 2, 3]));
    first.connection.send({ event_type: 7 }, { id: "999", success: true, result: {} });
    const call = failure(subject.call("health"));
    (await server.next("health")).garble();
    expect((await call).message).toContain("cannot read");
    expect(subject.state.status).toBe("live");
  });

  test("[CLI4] a call made while connecting is sent after authenticate, in order", async () => {
    const subject = client();
    const calls = [subject.call("health"), subject.call("metrics")];
    await accept();
    (await server.next("health")).reply({ n: 1 });
    (await server.next("metrics")).reply({ n: 2 });
    expect(await Promise.all(calls)).toEqual([{ n: 1 }, { n: 2 }]);
  });

  test("[CLI4] offline, a call is rejected at once and says so", async () => {
    const { subject, first } = await live();
    first.connection.socket.terminate();
    await until(subject, "offline");
    const error = await failure(subject.call("health"));
    expect(error).toMatchObject({ code: "shutting_down", details: { offline: true } });
    expect(error.message).toContain("offline");
    expect(error.details).not.toHaveProperty("outcome_unknown");
  });

  test("[CLI4] a call that waited for a connection which never came was not sent", async () => {
    const subject = client();
    const call = failure(subject.call("health"));
    (await server.next("authenticate")).connection.socket.terminate();
    expect(await call).toMatchObject({ code: "shutting_down", details: { offline: true } });
    expect((await call).details).not.toHaveProperty("outcome_unknown");
  });

  test("[CLI5] a dropped connection rejects what was sent, with an unknown outcome, and never resends", async () => {
    const { subject, first } = await live();
    const call = failure(subject.call("checkpoint", { session_id: "s" }));
    await server.next("checkpoint");
    first.connection.socket.terminate();
    expect(await call).toMatchObject({
      code: "shutting_down",
      details: { offline: true, outcome_unknown: true },
    });
    expect((await call).message).toContain("unknown");
    await until(subject, "offline");
    around.advance(500);
    await accept();
    const next = subject.call("health");
    // `next` throws if anything else, such as the checkpoint again, comes first.
    (await server.next("health")).reply({});
    await next;
  });

  test("[CLI5] an unanswered call ends after its time; work on files gets 20 times as long", async () => {
    const { subject } = await live();
    let settled = 0;
    const short = failure(subject.call("list_sessions"));
    const long = failure(subject.call("checkpoint", { session_id: "s" }));
    void long.then(() => (settled += 1));
    const late = await server.next("list_sessions");
    around.advance(1_000);
    expect(await short).toMatchObject({
      code: "internal",
      details: { timed_out: true, outcome_unknown: true },
    });
    expect(settled).toBe(0);
    around.advance(18_999);
    late.reply({ sessions: [] });
    expect(settled).toBe(0);
    around.advance(1);
    expect((await long).message).toContain("20 s");
  });
});

describe("reconnecting", () => {
  test("[CLI6] waits double up to a bound, are spread, and start anew after a good connection", async () => {
    around.chance = 0;
    const { subject, first } = await live();
    const waits: number[] = [];
    const drop = async (asked: Asked) => {
      asked.connection.socket.terminate();
      const state = await until(subject, "offline");
      if (state.status !== "offline") throw new Error("unreachable");
      waits.push(state.retryAt - around.now());
      around.advance(waits.at(-1) ?? 0);
    };
    let asked = first;
    for (let turn = 0; turn < 7; turn += 1) {
      await drop(asked);
      asked = await server.next("authenticate");
    }
    expect(waits).toEqual([125, 250, 500, 1_000, 2_000, 2_500, 2_500]);
    around.chance = 0.5;
    await drop(asked);
    expect(waits.at(-1)).toBe(6_250);

    asked = await accept();
    await until(subject, "live");
    around.advance(5_000);
    await drop(asked);
    expect(waits.at(-1)).toBe(312.5);
  });

  test("[CLI6] a hint from network or page connects at once", async () => {
    const { subject, first } = await live();
    first.connection.socket.terminate();
    await until(subject, "offline");
    around.hint();
    expect(subject.state.status).toBe("connecting");
    await accept();
    await until(subject, "live");
    expect(server.accepted).toBe(2);
  });

  test.each([1000, 1006, 1011, 4000, 4499])("[LIV2] close code %i reconnects", async (code) => {
    const { subject, first } = await live();
    if (code === 1006) first.connection.socket.terminate();
    else first.connection.socket.close(code);
    await until(subject, "offline");
    around.advance(500);
    await accept();
    await until(subject, "live");
    expect(server.accepted).toBe(2);
  });

  test.each([
    [4500, "unauthenticated"],
    [4501, "unauthenticated"],
    [4999, "forbidden"],
  ])("[LIV2] close code %i stops as %s", async (close, code) => {
    const { subject, first } = await live();
    first.connection.socket.close(close);
    expect(await until(subject, "refused")).toEqual({ status: "refused", code });
    around.advance(3_600_000);
    expect(server.accepted).toBe(1);
  });

  test("[CLI6] an attempt that gets no answer is given up after 10 s", async () => {
    const subject = client("secret", 60_000);
    await server.next("authenticate");
    around.advance(10_000);
    expect(subject.state.status).toBe("offline");
    around.advance(500);
    await accept();
    await until(subject, "live");
  });

  test("[CLI6] a server that is down is found again on its port", async () => {
    const { subject } = await live();
    const { port } = server;
    await server.stop();
    await until(subject, "offline");
    around.advance(500);
    await until(subject, "offline");
    server = await ScriptedServer.start(port);
    around.advance(10_000);
    await accept();
    await until(subject, "live");
    expect(server.accepted).toBe(1);
  });

  test("[CLI7] a light request every 25 s measures the round trip, while somebody can see it", async () => {
    const { subject } = await live();
    const measured = new Promise<ConnectionState>((resolve) => {
      subject.onState(resolve);
    });
    around.shown = false;
    around.advance(25_000);
    around.shown = true;
    around.advance(24_999);
    const mark = subject.call("metrics");
    (await server.next("metrics")).reply({});
    await mark;
    around.advance(1);
    (await server.next("health")).reply({ healthy: true });
    expect(await measured).toEqual({ status: "live", rttMs: expect.any(Number) });
  });

  test("[CLI7] a connection that answers nothing is given up; one that still talks is kept", async () => {
    const { subject } = await live();
    around.advance(25_000);
    const probe = await server.next("health");
    probe.connection.send({ event_type: "progress", data: { session_id: "s" } });
    const mark = subject.call("metrics");
    (await server.next("metrics")).reply({});
    await mark;
    around.advance(10_000);
    expect(subject.state.status).toBe("live");

    around.hint();
    await server.next("health");
    around.advance(10_000);
    expect(subject.state.status).toBe("offline");
  });

  test("[CLI8] close is final", async () => {
    const { subject, first } = await live();
    const gone = new Promise((resolve) => {
      first.connection.socket.once("close", resolve);
    });
    const call = failure(subject.call("health"));
    subject.close();
    expect((await call).details).toMatchObject({ outcome_unknown: true });
    expect(subject.state).toEqual({ status: "closed" });
    expect((await failure(subject.call("health"))).message).toContain("closed");
    subject.signIn("other");
    expect(subject.state).toEqual({ status: "closed" });
    await gone;
    expect(server.accepted).toBe(1);
  });
});
