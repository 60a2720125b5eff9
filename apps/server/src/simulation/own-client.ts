// The shared client as pages and scripts use it: what its callbacks are given must be the log.
import { connect } from "@cairn/shared/client";
import type { Client, SubscribeOptions } from "@cairn/shared/client";
import type { Actor, Stage } from "./actor.ts";
import { BrowserSocket } from "./browser-socket.ts";
import { Breach, Follow } from "./follow.ts";
import type { Subscribed } from "./raw-peer.ts";
import { anySelection } from "./selection.ts";

interface Followed {
  follow: Follow;
  /** The `last` or the like that it began with, until the first reply. */
  asked: SubscribeOptions["since"];
  end: () => void;
}

/** The shared client on a link, with the simulation's time and luck. */
export function simulatedClient({ dial, random }: Pick<Stage, "dial" | "random">): Client {
  return connect({
    url: "ws://simulated",
    token: null,
    WebSocket: class extends BrowserSocket {
      constructor() {
        super(dial);
      }
    } as unknown as typeof WebSocket,
    surroundings: {
      now: () => Date.now(),
      after: (ms, run) => {
        const timer = setTimeout(run, ms);
        return () => clearTimeout(timer);
      },
      random: () => random.next(),
      visible: () => true,
      onHint: () => () => undefined,
    },
  });
}

export class OwnClient implements Actor {
  readonly name: string;
  readonly #stage: Stage;
  readonly #followed = new Map<string, Followed>();
  #client: Client | null = null;

  constructor(name: string, stage: Stage) {
    this.name = name;
    this.#stage = stage;
  }

  start(): void {
    const { random, log } = this.#stage;
    this.#client = simulatedClient(this.#stage);
    for (const session_id of random.some(log.sessions, 0.5)) this.#follow(session_id);
  }

  #follow(session_id: string): void {
    const { random } = this.#stage;
    const { wants, params } = anySelection(random);
    const follow = new Follow(this.#stage, session_id, wants);
    const since = random.weighted<SubscribeOptions["since"]>([
      [2, undefined],
      [1, { last: random.between(0, 30) }],
      [1, "start"],
      [1, { time: new Date(Date.now() - random.below(100_000)).toISOString() }],
    ]);
    this.#subscribe(follow, params, since);
  }

  #subscribe(follow: Follow, params: object, since: SubscribeOptions["since"]): void {
    const { session_id } = follow;
    const { random } = this.#stage;
    const subscription = this.#client?.subscribe(session_id, {
      ...params,
      ...(since === undefined ? {} : { since }),
      ...(random.chance(0.3) ? { transient: true } : {}),
      ...(random.chance(0.3) ? { batch: { max: random.pick([2, 50]), interval_ms: 50 } } : {}),
      onSubscribed: (reply) => this.#guard(() => this.#subscribed(session_id, follow, reply)),
      onEvent: (event) => {
        this.#guard(() => {
          if (this.#followed.get(session_id)?.follow !== follow) {
            throw new Breach("an event of a subscription that was ended");
          }
          follow.event(event);
          this.#stage.counted();
        });
      },
      onEnded: (reason) => this.#stage.breach(new Breach(`ended by ${reason}`)),
      onError: (error) => this.#stage.breach(error),
    });
    this.#followed.set(session_id, {
      follow,
      asked: since,
      end: () => subscription?.unsubscribe(),
    });
  }

  #subscribed(session_id: string, follow: Follow, reply: Subscribed): void {
    const followed = this.#followed.get(session_id);
    if (followed?.follow !== follow) throw new Breach("a reply to what was ended");
    follow.resumed(reply);
    followed.asked = undefined;
  }

  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#stage.breach(error);
    }
  }

  step(): void {
    const { random, log } = this.#stage;
    if (random.chance(0.1)) {
      // The page is loaded anew.
      this.stop();
      this.start();
      return;
    }
    const session_id = random.pick(log.sessions);
    const followed = this.#followed.get(session_id);
    if (random.chance(0.5) && followed !== undefined) {
      followed.end();
      this.#followed.delete(session_id);
    } else this.#follow(session_id);
  }

  lacking(): string | null {
    const lacking = [...this.#followed.values()].map(({ follow }) => follow.lacking());
    return lacking.find((lack) => lack !== null) ?? null;
  }

  stop(): void {
    this.#client?.close();
    this.#client = null;
    this.#followed.clear();
  }
}
