import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connect, type Client, type ConnectionState } from "./client.ts";
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

describe("a server that restarts", () => {
  test.each([
    [0, 200],
    [0.5, 1_100],
    [1, 2_000],
  ])(
    "[LIV1] the clients of a server that restarts come back spread over 2 s (%d)",
    async (chance, wait) => {
      const { subject, first } = await live();
      around.chance = chance;
      first.connection.socket.close(1012);
      const state = await until(subject, "offline");
      expect(state).toEqual({ status: "offline", retryAt: around.now() + wait });
      around.advance(wait);
      await accept();
      await until(subject, "live");
      expect(server.accepted).toBe(2);
    },
  );

  test.each([
    ["restarting; retry_after_ms=1234", 1_234],
    ["restarting; retry_after_ms=0", 100],
    ["restarting; retry_after_ms=999999", 60_000],
    ["restarting; retry_after_ms=soon", 2_000],
  ])("[LIV1] after %j they come back when they were asked to", async (reason, wait) => {
    const { subject, first } = await live();
    first.connection.socket.close(1012, reason);
    const state = await until(subject, "offline");
    expect(state).toEqual({ status: "offline", retryAt: around.now() + wait });
  });

  test("[LIV1] a server that keeps restarting is left alone ever longer", async () => {
    const { subject, first } = await live();
    let connection = first.connection;
    for (const wait of [100, 1_000, 2_000]) {
      connection.socket.close(1012, "retry_after_ms=0");
      const state = await until(subject, "offline");
      expect(state).toEqual({ status: "offline", retryAt: around.now() + wait });
      around.advance(wait);
      ({ connection } = await accept());
      await until(subject, "live");
    }
  });
});
