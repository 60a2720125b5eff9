import type { HttpBindings } from "@hono/node-server";
import { ProtocolError } from "@cairn/shared/errors";
import { eventTypes } from "@cairn/shared/events";
import type { Params, Result } from "@cairn/shared/methods";
import { Hono } from "hono";
import type { Dispatch } from "../realtime/dispatch.ts";
import type { EventStreams } from "../realtime/event-streams.ts";
import type { Env } from "./guards.ts";

interface Parts {
  dispatch: Dispatch;
  streams: EventStreams;
  /** Throws when no more connections are served. */
  admit: () => void;
}

type Since = NonNullable<Params<"subscribe">["since"]>;

/** `start`, `last:n`, a time, or the id of an event: `<epoch>:<seq>`. */
function sinceOf(text: string): Since {
  if (text === "start") return "start";
  const [, word, number] = /^(.{1,64}):(\d{1,16})$/.exec(text) ?? [];
  if (word === "last") return { last: Number(number) };
  if (word !== undefined) return { epoch: word, seq: Number(number) };
  if (/^\d{4}-\d\d-\d\dT/.test(text)) return { time: text };
  throw new ProtocolError(
    "invalid_params",
    'since is "start", "last:<n>", a time, or the id of an event: "<epoch>:<seq>".',
  );
}

function eventsOf(text: string | undefined): Params<"subscribe">["events"] {
  if (text === undefined) return undefined;
  const names = text.split(",").map((name) => name.trim());
  const known = eventTypes.filter((type) => names.includes(type));
  const unknown = names.find((name) => !known.some((type) => type === name));
  if (unknown === undefined) return known;
  throw new ProtocolError(
    "invalid_params",
    `"${unknown.slice(0, 100)}" is no event. There are: ${eventTypes.join(", ")}.`,
  );
}

/** `GET /sessions/<id>/events`: the events of a session as Server-Sent Events. */
export function eventRoutes({ dispatch, streams, admit }: Parts): Hono<Env> {
  const routes = new Hono<Env & { Bindings: Partial<HttpBindings> }>();
  routes.get("/sessions/:session_id/events", async (context) => {
    // A client that comes back says where it was; what it was started with no longer counts.
    const place = context.req.header("last-event-id") ?? context.req.query("since");
    const events = eventsOf(context.req.query("events"));
    const params: Params<"subscribe"> = {
      session_id: context.req.param("session_id"),
      transient: true,
      ...(place === undefined || place === "" ? {} : { since: sinceOf(place) }),
      ...(events === undefined ? {} : { events }),
    };
    admit();
    const { incoming, outgoing: response } = context.env;
    const stream = streams.open({
      principal: context.get("principal"),
      remote: incoming?.socket.remoteAddress ?? "",
      user_agent: context.req.header("user-agent")?.slice(0, 200) ?? null,
      response: response ?? null,
    });
    response?.once("close", () => stream.end());
    const afterReply: (() => void)[] = [];
    try {
      const reply = (await dispatch("subscribe", params, {
        principal: context.get("principal"),
        connection: stream,
        afterReply: (work) => afterReply.push(work),
      })) as Result<"subscribe">;
      const { session_id, epoch, seq, oldest_seq, recovered } = reply;
      stream.begin({ epoch, seq });
      if (!recovered) stream.reset({ session_id, epoch, seq, oldest_seq });
    } catch (error) {
      stream.end();
      throw error;
    }
    for (const work of afterReply) work();
    return context.body(stream.body, 200, {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      // Some proxies hold a response back until it ends, unless they are told.
      "x-accel-buffering": "no",
    });
  });
  return routes as unknown as Hono<Env>;
}
