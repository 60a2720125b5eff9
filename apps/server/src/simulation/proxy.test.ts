// The real client and the real server with a bad network between real sockets: P9, P10, [LIV3].
// What each client was told is kept, and held against the log in the end.
import { connect } from "@cairn/shared/client";
import type { Client, SubscribeOptions } from "@cairn/shared/client";
import { eventTypes } from "@cairn/shared/events";
import type { LiveEvent, LoggedEvent } from "@cairn/shared/events";
import { realSurroundings } from "@cairn/shared/surroundings";
import { expect, test } from "vitest";
import { startTestServer } from "../testing/harness.ts";
import type { TestServer } from "../testing/harness.ts";
import { FaultyProxy } from "./faulty-proxy.ts";
import { Follow } from "./follow.ts";
import { LogModel } from "./log-model.ts";
import type { Wants } from "./log-model.ts";
import { Random, seedOf } from "./random.ts";
import type { Subscribed } from "./raw-peer.ts";

const seed = seedOf();
const faults = 60;
/** How much faster time passes for the client: its backoff and its search for dead connections. */
const faster = 25;

/** What one client was told, in order. */
class Witness {
  readonly wants: Wants;
  readonly told: ({ reply: Subscribed } | { event: LiveEvent })[] = [];
  readonly client: Client;
  /** Why it was given up: nothing may end it. */
  readonly ended: string[] = [];
  /** The highest seq that came. */
  at = 0;

  constructor(url: string, session_id: string, options: Pick<SubscribeOptions, "events">) {
    this.wants = { types: new Set(options.events), filter: {} };
    this.client = connect({
      url,
      token: null,
      surroundings: {
        ...realSurroundings,
        after: (ms, run) => realSurroundings.after(ms / faster, run),
      },
    });
    this.client.subscribe(session_id, {
      ...options,
      since: "start",
      onSubscribed: (reply) => this.told.push({ reply }),
      onEvent: (event) => {
        this.told.push({ event });
        this.at = event.seq;
      },
      onEnded: (reason) => this.ended.push(reason),
      onError: (error) => this.ended.push(error.message),
    });
  }

  /** Throws at the first breach of the order. */
  judge(log: LogModel, session_id: string): Follow {
    const follow = new Follow({ log, resynced: () => undefined }, session_id, this.wants);
    for (const one of this.told) {
      if ("event" in one) follow.event(one.event);
      else follow.resumed(one.reply);
    }
    return follow;
  }
}

async function logOf(server: TestServer, session_id: string): Promise<LogModel> {
  const log = new LogModel();
  log.open(session_id);
  for (;;) {
    const after = log.head(session_id);
    const page = await server.call("list_events", { session_id, after, limit: 200 });
    for (const event of page.events) log.committed(event as LoggedEvent);
    if (log.head(session_id) === page.head) return log;
  }
}

test(`${faults} cuts, resets and silences leave no gap, no double and no dead socket [LIV3]: seed ${seed}`, async () => {
  const random = new Random(seed);
  const proxy = await FaultyProxy.start(random.fork());
  const server = await startTestServer({
    auth: "off",
    allowedHosts: [`127.0.0.1:${proxy.port}`],
    liveness: { pingMs: 400, deadMs: 200 },
  });
  proxy.target = server.port;
  const { session_id } = await server.call("create_session", { name: "proxied" });
  const url = `ws://127.0.0.1:${proxy.port}/ws`;
  const kinds: SubscribeOptions[] = [
    {},
    { batch: { max: 20, interval_ms: 20 } },
    { ack: { window: 5, wait_ms: 200 } },
    { ack: { window: 50, wait_ms: 500, consumer: "mirror" } },
  ];
  const witnesses = Array.from({ length: 8 }, (_, at) => {
    const events = random.chance(0.5) ? eventTypes : (["checkpoint_created"] as const);
    const kind = at === 7 ? {} : kinds[at % 4];
    return new Witness(url, session_id, { events, ...kind });
  });
  try {
    let commits = 0;
    while (proxy.faults < faults) {
      const { checkpoint_id } = await server.call("checkpoint", { session_id, state: { commits } });
      commits += 1;
      if (random.chance(0.3)) {
        await server.call("annotate", { session_id, checkpoint_id, note: "seen" });
      }
      if (random.chance(0.3)) proxy.fault();
    }
    proxy.calm = true;
    const log = await logOf(server, session_id);
    const due = ({ wants }: Witness): number => log.wanted(session_id, wants, 0).at(-1) ?? 0;
    await expect
      .poll(
        () => witnesses.filter((one) => one.at < due(one)).map(({ at, ended }) => [at, ended]),
        {
          timeout: 60_000,
        },
      )
      .toEqual([]);
    // Those that fell silent were found out, and cut.
    await expect
      .poll(async () => (await server.call("list_connections", {})).connections.length)
      .toBe(witnesses.length);
    for (const witness of witnesses) {
      expect(witness.ended).toEqual([]);
      const follow = witness.judge(log, session_id);
      expect(follow.lacking()).toBeNull();
      expect(follow.events).toBeGreaterThan(0);
    }
  } finally {
    for (const { client } of witnesses) client.close();
    await proxy.stop();
    await server.stop();
  }
}, 120_000);
