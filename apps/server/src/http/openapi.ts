import { ErrorEnvelope } from "@cairn/shared/envelope";
import { errors } from "@cairn/shared/errors";
import { eventTypes } from "@cairn/shared/events";
import { methodNames, methods } from "@cairn/shared/methods";
import * as z from "zod/mini";

type Json = Record<string, unknown>;

/** Schemas that refer to themselves bring `$defs`: those move to where the whole document sees them. */
function hoisted(
  schema: z.ZodMiniType,
  io: "input" | "output",
  prefix: string,
  into: Json,
): unknown {
  const { $schema: _, $defs, ...own } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  const moved = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(moved);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [
        key,
        key === "$ref" && typeof inner === "string"
          ? inner.replace("#/$defs/", `#/components/schemas/${prefix}_`)
          : moved(inner),
      ]),
    );
  };
  for (const [name, def] of Object.entries($defs ?? {})) into[`${prefix}_${name}`] = moved(def);
  return moved(own);
}

const json = (schema: unknown): Json => ({ content: { "application/json": { schema } } });

const failure = { $ref: "#/components/responses/Failure" };

function succeeded(result: unknown): Json {
  return {
    description: "Done",
    ...json({
      type: "object",
      required: ["success", "result"],
      properties: { success: { const: true }, result },
    }),
  };
}

const text = { type: "string" };

function handWritten(): Json {
  const object = (...keys: string[]): Json => ({
    type: "object",
    required: keys,
    properties: Object.fromEntries(keys.map((key) => [key, text])),
  });
  const inPath = (name: string): Json => ({ name, in: "path", required: true, schema: text });
  return {
    "/api/login": {
      post: {
        operationId: "login",
        summary: "Trade a one-time login code for a browser key.",
        security: [],
        requestBody: { required: true, ...json(object("code")) },
        responses: { "200": succeeded(object("key", "key_id")), default: failure },
      },
    },
    "/api/login-code": {
      post: {
        operationId: "login_code",
        summary: "Make a one-time login code, good for 5 minutes.",
        responses: { "200": succeeded(object("code", "login_url")), default: failure },
      },
    },
    "/api/sessions/{session_id}/events": {
      get: {
        operationId: "stream_events",
        summary: "The events of a session as Server-Sent Events, as they are committed.",
        parameters: [
          inPath("session_id"),
          {
            name: "events",
            in: "query",
            description: `Types, with commas between: ${eventTypes.join(", ")}. Without it the base.`,
            schema: text,
          },
          {
            name: "since",
            in: "query",
            description: "start, last:<n>, a time, or the id of an event: <epoch>:<seq>.",
            schema: text,
          },
          {
            name: "Last-Event-ID",
            in: "header",
            description: "The id of the last event that was read: counts before since.",
            schema: text,
          },
        ],
        responses: {
          "200": {
            description:
              "Until either side ends it. An event named reset says that the place is lost.",
            content: { "text/event-stream": { schema: text } },
          },
          default: failure,
        },
      },
    },
    "/api/downloads/{ticket}": {
      get: {
        operationId: "download",
        summary: "The file that a ticket is for, once and within a minute.",
        security: [],
        parameters: [inPath("ticket")],
        responses: {
          "200": {
            description: "The file",
            content: {
              "application/octet-stream": { schema: { type: "string", format: "binary" } },
            },
          },
          default: failure,
        },
      },
    },
    "/api/sessions/{session_id}/checkpoints/{checkpoint_id}/files/{path}": {
      get: {
        operationId: "read_file",
        summary: "The contents of a file of a checkpoint.",
        parameters: [
          inPath("session_id"),
          inPath("checkpoint_id"),
          inPath("path"),
          {
            name: "path_b64",
            in: "query",
            description: "The path's bytes in base64, for names that are not UTF-8.",
            schema: text,
          },
        ],
        responses: {
          "200": {
            description: "The file",
            content: {
              "application/octet-stream": { schema: { type: "string", format: "binary" } },
            },
          },
          default: failure,
        },
      },
    },
  };
}

/** The OpenAPI 3.1 document of the HTTP API, from the same table that serves it. */
export function openApi(version: string): Json {
  const schemas: Json = {};
  const paths: Json = handWritten();
  for (const name of methodNames) {
    const { kind, role, summary, params, result } = methods[name];
    if (kind === "connection") continue;
    paths[`/api/${name}`] = {
      post: {
        operationId: name,
        summary,
        description: `A ${kind}, for the role ${role}.`,
        requestBody: {
          required: true,
          ...json(hoisted(params, "input", `${name}_params`, schemas)),
        },
        responses: {
          "200": succeeded(hoisted(result, "output", `${name}_result`, schemas)),
          default: failure,
        },
      },
    };
  }
  const codes = Object.entries(errors).map(([code, { status }]) => `${code} ${status}`);
  return {
    openapi: "3.1.0",
    info: {
      title: "Cairn",
      version,
      description:
        "Checkpoints of coding sessions. Every method is also served on the WebSocket /ws, with subscriptions beside them.",
    },
    security: [{ bearer: [] }],
    paths,
    components: {
      securitySchemes: { bearer: { type: "http", scheme: "bearer" } },
      schemas,
      responses: {
        Failure: {
          description: `An error; its code decides the status: ${codes.join(", ")}.`,
          ...json(hoisted(ErrorEnvelope, "output", "error", schemas)),
        },
      },
    },
  };
}
