import { EventEmitter } from "node:events";
import type { IncomingMessage, Server } from "node:http";
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { ProtocolError } from "@cairn/shared/errors";
import { caps } from "@cairn/shared/session";
import { createNodeWebSocket } from "@hono/node-ws";
import { Hono } from "hono";
import type { Context } from "hono";
import type { WebSocket } from "ws";
import type { AccessList } from "../auth/access.ts";
import type { Authenticator, Principal } from "../auth/authenticator.ts";
import { bearerOf } from "../auth/secrets.ts";
import type { Logger } from "../log.ts";
import { toWire } from "../to-wire.ts";
import type { Connection } from "./connection.ts";
import type { Connections } from "./connections.ts";

/** Frames above the protocol's own limit are still read, so that they can be answered. */
const maxPayload = 2 * caps.inbound_bytes;
const keyPattern = /^[+/0-9A-Za-z]{22}==$/;
const protocolsPattern =
  /^[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:[ \t]*,[ \t]*[!#$%&'*+.^_`|~0-9A-Za-z-]+)*$/;

interface Bindings {
  incoming: IncomingMessage;
}

interface Options {
  access: AccessList;
  authenticator: Authenticator;
  connections: Connections;
  log: Logger;
  /** Throws unless one more may connect; without it everybody may. */
  admit?: () => void;
}

/** A refusal of an upgrade: its error, and what the table of errors cannot say. */
class Refusal extends ProtocolError {
  readonly status: number | undefined;
  readonly headers: Record<string, string>;

  constructor(
    code: ConstructorParameters<typeof ProtocolError>[0],
    message: string,
    { status, headers = {} }: { status?: number; headers?: Record<string, string> } = {},
  ) {
    super(code, message);
    this.status = status;
    this.headers = headers;
  }
}

const one = (header: string | string[] | undefined): string | null =>
  (Array.isArray(header) ? header[0] : header) ?? null;

/** Everything that would make the adapter or `ws` fail half-way is refused here, before them. */
function checkHandshake({ method, url = "", headers }: IncomingMessage): void {
  if (!/^\/ws(\?|$)/.test(url)) throw new Refusal("not_found", "WebSockets are served at /ws.");
  if (method !== "GET") {
    throw new Refusal("method_not_allowed", "An upgrade is a GET.", { headers: { allow: "GET" } });
  }
  if (headers.upgrade?.toLowerCase() !== "websocket") {
    throw new Refusal("invalid_params", "Only an upgrade to websocket is known.");
  }
  const version = one(headers["sec-websocket-version"]);
  if (version !== "13" && version !== "8") {
    throw new Refusal("invalid_params", "Only WebSocket version 13 is known.", {
      status: 426,
      headers: { "sec-websocket-version": "13" },
    });
  }
  if (!keyPattern.test(one(headers["sec-websocket-key"]) ?? "")) {
    throw new Refusal("invalid_params", "The Sec-WebSocket-Key header is missing or malformed.");
  }
  const protocols = one(headers["sec-websocket-protocol"]);
  if (protocols === null) return;
  const names = protocols.split(",").map((name) => name.trim());
  if (!protocolsPattern.test(protocols) || new Set(names).size !== names.length) {
    throw new Refusal("invalid_params", "The Sec-WebSocket-Protocol header is malformed.");
  }
}

function refuse(socket: Duplex, error: unknown, log: Logger): void {
  if (socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const wire = toWire(error, log);
  const { status = wire.status, headers = {} } = error instanceof Refusal ? error : {};
  const body = JSON.stringify(wire.body);
  const lines = Object.entries({
    ...headers,
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(body)),
    connection: "close",
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("")}\r\n`;
  socket.end(head + body, () => socket.destroy());
}

// Closures made in one call keep all that any of them names: these stand alone, so that they keep
// only what they need for as long as a socket lives.
function listen(ws: WebSocket, connection: Connection, log: Logger): void {
  ws.on("message", (data: Buffer, isBinary) => {
    connection.receive(isBinary ? data : data.toString());
  });
  ws.on("error", (error) => log.debug({ err: error }, "a WebSocket failed"));
}

/** A reset without a listener would end the process. */
function destroyOnError(socket: Duplex): void {
  socket.on("error", () => socket.destroy());
}

const handedOver = ["message", "close", "error"] as const;

/**
 * Takes an open socket from the adapter, whose listeners would keep the handshake's request, its
 * headers and Hono's context for as long as the socket lives: half of what a connection weighs.
 */
function takeOver(ws: WebSocket, connection: Connection, log: Logger): void {
  listen(ws, connection, log);
  const before = handedOver.map((event) => ws.listeners(event));
  // The adapter adds its own in the turn in which it has told of the socket; nothing is read in it.
  queueMicrotask(() => {
    for (const [at, event] of handedOver.entries()) {
      for (const listener of ws.listeners(event)) {
        if (before[at]?.includes(listener) !== true) ws.off(event, listener as () => void);
      }
    }
  });
}

/**
 * The one door for WebSockets, and the only place that knows @hono/node-ws. Version 1.3.1 of it
 * exits the process on a path such as `//` and on a reset during the handshake, keeps a record of
 * every handshake that `ws` refuses, and allows frames of 100 MiB; so it gets only handshakes that
 * cannot fail, in a turn in which nothing can come between.
 */
export function attachWebSockets(server: Server, options: Options): void {
  const { access, authenticator, connections, log } = options;
  // Without it the adapter throws where it should report an error (older Node has none).
  globalThis.ErrorEvent ??= ErrorEventOfOurs as unknown as typeof ErrorEvent;

  const callers = new WeakMap<IncomingMessage, Principal | null>();
  const app = new Hono<{ Bindings: Bindings }>();
  const adapter = createNodeWebSocket({ app });
  adapter.wss.options.maxPayload = maxPayload;

  app.get(
    "/ws",
    adapter.upgradeWebSocket(
      (context: Context<{ Bindings: Bindings }>) => {
        const request = context.env.incoming;
        return {
          onOpen: (_event, { raw }) => {
            if (raw === undefined) throw new Error("the adapter gave no socket");
            const connection = connections.open(raw, request, callers.get(request) ?? null);
            takeOver(raw, connection, log);
          },
        };
      },
      { onError: (error) => log.error({ err: error }, "a WebSocket handler failed") },
    ),
  );

  const admit = async (request: IncomingMessage): Promise<Principal | null> => {
    const { headers } = request;
    const origin = one(headers.origin);
    access.checkHost(headers.host ?? null);
    access.checkOrigin({ origin, fetchSite: one(headers["sec-fetch-site"]) });
    checkHandshake(request);
    options.admit?.();
    const token = bearerOf(headers.authorization);
    const principal = await authenticator.principal(token);
    if (principal === null && headers.authorization !== undefined) {
      throw new Refusal("unauthenticated", "This token is not valid (any more).");
    }
    return principal;
  };

  // The adapter listens here, and hears only of handshakes that the guard has let through.
  const admitted = new EventEmitter({ captureRejections: true });
  admitted.on("error", (error) => log.error({ err: error as unknown }, "an upgrade failed"));
  adapter.injectWebSocket(admitted as Server);

  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // First of all.
    destroyOnError(socket);
    admit(request).then(
      (principal) => {
        if (socket.destroyed || !socket.readable || !socket.writable) {
          socket.destroy();
          return;
        }
        callers.set(request, principal);
        admitted.emit("upgrade", request, socket, head);
      },
      (error: unknown) => refuse(socket, error, log),
    );
  });
}

class ErrorEventOfOurs extends Event {
  readonly error: unknown;

  constructor(type: string, init?: { error?: unknown }) {
    super(type);
    this.error = init?.error;
  }
}
