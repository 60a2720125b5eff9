import { afterEach, beforeEach, expect, test } from "vitest";
import { connect, type Client, type ConnectionState } from "./client.ts";
import { ProtocolError } from "./errors.ts";
import { ManualSurroundings } from "./testing/manual-surroundings.ts";
import { ScriptedServer, type Connection } from "./testing/scripted-server.ts";
import { accept, dropped, session } from "./testing/scripted-session.ts";

let server: ScriptedServer;
let around: ManualSurroundings;
let client: Client;

beforeEach(async () => {
  server = await ScriptedServer.start();
  around = new ManualSurroundings();
  client = connect({ url: server.url, token: "secret", timeoutMs: 1_000, surroundings: around });
});

afterEach(async () => {
  client.close();
  await server.stop();
  around.mustBeReleased();
});

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

async function live(): Promise<Connection> {
  const connection = await accept(server);
  await until("live");
  return connection;
}

async function reconnect(): Promise<Connection> {
  around.advance(500);
  return live();
}

/** A mutation under a key that is its message. */
function checkpoint(message: string): Promise<unknown> {
  const params = { session_id: session, message, idempotency_key: `key of ${message}` };
  return client.call("checkpoint", params);
}

async function asked(message: string) {
  const request = await server.next("checkpoint");
  expect(request.params).toEqual({
    session_id: session,
    message,
    idempotency_key: `key of ${message}`,
  });
  return request;
}

async function failure(call: Promise<unknown>): Promise<ProtocolError> {
  const error: unknown = await call.then(
    () => new Error("the call succeeded"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof ProtocolError)) throw error;
  return error;
}

test("[CLI10] a call whose connection broke is sent again on the next, with the same key", async () => {
  const connection = await live();
  const call = checkpoint("one");
  await asked("one");
  await dropped(client, connection);
  await reconnect();
  (await asked("one")).reply({ checkpoint_id: "c1" });
  expect(await call).toEqual({ checkpoint_id: "c1" });
});

test("[CLI10] what waits is sent in the order of the calls, after the subscriptions", async () => {
  const connection = await live();
  client.subscribe(session, {});
  await server.next("subscribe");
  const first = checkpoint("one");
  await asked("one");
  await dropped(client, connection);
  const more = [checkpoint("two"), checkpoint("three")];
  await reconnect();
  await server.next("subscribe");
  for (const message of ["one", "two", "three"]) (await asked(message)).reply({ message });
  expect(await Promise.all([first, ...more])).toEqual([
    { message: "one" },
    { message: "two" },
    { message: "three" },
  ]);
});

test("[CLI10] an answer that came is not asked for again", async () => {
  const connection = await live();
  const call = checkpoint("one");
  (await asked("one")).reply({});
  await call;
  await dropped(client, connection);
  await reconnect();
  const mark = client.call("health");
  (await server.next("health")).reply({});
  expect(await mark).toEqual({});
});

test("[CLI10] a connection that fails while it is made leaves it waiting", async () => {
  const call = checkpoint("one");
  const attempt = await server.next("authenticate");
  await dropped(client, attempt.connection);
  await reconnect();
  (await asked("one")).reply({ done: true });
  expect(await call).toEqual({ done: true });
});

test("[CLI10] a server that is shutting down is asked again when it is back", async () => {
  const connection = await live();
  const call = checkpoint("one");
  (await asked("one")).fail("shutting_down");
  await dropped(client, connection);
  await reconnect();
  (await asked("one")).reply({ done: true });
  expect(await call).toEqual({ done: true });
});

test("[CLI10] any other error is its answer", async () => {
  await live();
  const call = failure(checkpoint("one"));
  (await asked("one")).fail("idempotency_conflict");
  expect((await call).code).toBe("idempotency_conflict");
});

test("[CLI10] it waits as long as calls may take, and says whether it was sent", async () => {
  const connection = await live();
  const sent = failure(checkpoint("sent"));
  await asked("sent");
  await dropped(client, connection);
  const queued = failure(checkpoint("queued"));
  await server.stop();
  around.advance(1_000);
  expect((await sent).details).toMatchObject({ timed_out: true, outcome_unknown: true });
  const { code, details } = await queued;
  expect({ code, details }).toEqual({ code: "shutting_down", details: { offline: true } });
});

test("[CLI4] at most 100 calls wait", async () => {
  const connection = await live();
  await dropped(client, connection);
  const calls = Array.from({ length: 100 }, (_, n) => checkpoint(`${n}`));
  expect(await failure(checkpoint("too many"))).toMatchObject({
    code: "limit_reached",
    details: { offline: true },
  });
  await reconnect();
  for (let n = 0; n < 100; n += 1) (await asked(`${n}`)).reply({ n });
  expect(await Promise.all(calls)).toEqual(calls.map((_, n) => ({ n })));
});

test("[CLI2] [CLI8] refused or closed, nothing is kept for later", async () => {
  const connection = await live();
  const sent = failure(checkpoint("sent"));
  await asked("sent");
  connection.socket.close(4500);
  expect((await sent).details).toMatchObject({ outcome_unknown: true });
  await until("refused");
  expect((await failure(checkpoint("refused"))).code).toBe("unauthenticated");
  client.signIn("better");
  const waiting = failure(checkpoint("waiting"));
  await server.next("authenticate");
  client.close();
  expect((await waiting).message).toContain("closed");
});
