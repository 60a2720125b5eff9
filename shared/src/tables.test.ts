import { describe, expect, test } from "vitest";
import * as z from "zod/mini";
import { Response } from "./envelope.ts";
import { errors, isErrorCode, ProtocolError, type ErrorCode } from "./errors.ts";
import { baseEventTypes, events, eventTypes, LoggedEvent, transients } from "./events.ts";
import { isMethod, methodNames, methods, type MethodName } from "./methods.ts";
import { eventExamples, methodExamples } from "./testing/examples.ts";

interface JsonObjectSchema {
  type?: string;
  required?: string[];
  properties?: Record<string, unknown>;
}

const codes = Object.keys(errors) as ErrorCode[];

function paramsOf(name: MethodName): z.ZodMiniType {
  return methods[name].params;
}

function inputSchema(name: MethodName): JsonObjectSchema {
  return z.toJSONSchema(paramsOf(name), { io: "input" }) as JsonObjectSchema;
}

describe.each(methodNames)("method %s", (name) => {
  const { params, result } = methodExamples[name];

  test("[ENV6] takes the fewest params, and ignores unknown ones", () => {
    const parsed = z.safeParse(paramsOf(name), params);
    expect(parsed.error?.issues).toBeUndefined();
    const withMore = z.parse(paramsOf(name), { ...params, of_tomorrow: 1 });
    expect(withMore).toEqual(parsed.data);
  });

  test("refuses each required param left out, and params that are no object", () => {
    for (const key of inputSchema(name).required ?? []) {
      const { [key]: _left, ...rest } = params as Record<string, unknown>;
      expect(z.safeParse(paramsOf(name), rest).success, `without ${key}`).toBe(false);
    }
    for (const wrong of [null, [], "text", 5]) {
      expect(z.safeParse(paramsOf(name), wrong).success).toBe(false);
    }
  });

  test("[ENV7] refuses ids that are no UUIDs", () => {
    const properties = Object.keys(inputSchema(name).properties ?? {});
    const ids = ["session_id", "checkpoint_id", "annotation_id", "operation_id", "key_id"];
    for (const key of ids.filter((id) => properties.includes(id))) {
      for (const wrong of ["x", "", 5, null, "../etc", `${"0".repeat(8)}-`]) {
        const wronged = { ...params, [key]: wrong };
        expect(z.safeParse(paramsOf(name), wronged).success, `${key}: ${wrong}`).toBe(false);
      }
    }
  });

  test("has a result schema that takes a result and refuses an empty one", () => {
    const schema: z.ZodMiniType = methods[name].result;
    expect(z.safeParse(schema, result).error?.issues).toBeUndefined();
    expect(z.parse(schema, result)).toEqual(result);
    expect(z.safeParse(schema, {}).success).toBe(false);
  });

  test("gives JSON Schema for the API's description, with a summary sentence", () => {
    expect(inputSchema(name).type).toBe("object");
    expect(z.toJSONSchema(methods[name].result)).toMatchObject({ type: "object" });
    expect(methods[name].summary).toMatch(/^[A-Z].*\.$/);
  });
});

describe("caps", () => {
  const accepts = (more: object) =>
    z.safeParse(methods.checkpoint.params, { ...methodExamples.checkpoint.params, ...more })
      .success;

  test.each([
    ["message", "é".repeat(4096), "é".repeat(4097)],
    ["tags", ["x".repeat(64)], ["x".repeat(65)]],
    ["tags", Array.from({ length: 32 }, (_, n) => `t${n}`), Array.from({ length: 33 }, String)],
    ["state", "é".repeat(512 * 1024 - 1), "é".repeat(512 * 1024)],
    [
      "trigger",
      { kind: "automatic", reason: "tool_call" },
      { kind: "automatic", reason: "before_restore" },
    ],
  ])("[LIM3] %s at its bound is taken, beyond it refused", (key, within, beyond) => {
    expect(accepts({ [key]: within })).toBe(true);
    expect(accepts({ [key]: beyond })).toBe(false);
  });
});

describe("names from outside", () => {
  test.each(["__proto__", "constructor", "toString", "hasOwnProperty", "", "nope"])(
    "[ENV5] %j is neither a method nor an error code",
    (name) => {
      expect(isMethod(name)).toBe(false);
      expect(isErrorCode(name)).toBe(false);
    },
  );

  test("each name of the tables is one, in snake_case", () => {
    for (const name of methodNames) expect(isMethod(name)).toBe(true);
    for (const code of codes) expect(isErrorCode(code)).toBe(true);
    for (const name of [...methodNames, ...codes, ...eventTypes]) {
      expect(name).toMatch(/^[a-z]+(_[a-z]+)*$/);
    }
  });
});

describe.each(codes)("error %s", (code) => {
  test("[ERR1] has an HTTP status and says whether trying again can help", () => {
    const { status, retryable } = errors[code];
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    expect(typeof retryable).toBe("boolean");
  });

  test("[ENV2] goes through the envelope as it is", () => {
    const response = { id: "1", success: false, error: "A sentence.", error_code: code };
    expect(z.parse(Response, response)).toEqual(response);
    const error = new ProtocolError(code, "A sentence.", { details: { a: 1 } });
    expect(error).toMatchObject({ code, message: "A sentence.", details: { a: 1 } });
  });
});

describe.each(eventTypes)("event %s", (event_type) => {
  const data = eventExamples[event_type];
  const schema: z.ZodMiniType = events[event_type];

  test("[EVT1] holds exactly its keys, session_id and timestamp among them", () => {
    expect(z.parse(schema, data)).toEqual(data);
    expect(Object.keys(data)).toEqual(expect.arrayContaining(["session_id", "timestamp"]));
    for (const key of Object.keys(data)) {
      const { [key]: _left, ...rest } = data as Record<string, unknown>;
      expect(z.safeParse(schema, rest).success, `without ${key}`).toBe(false);
    }
    const { required, properties } = z.toJSONSchema(schema) as JsonObjectSchema;
    expect(Object.keys(properties ?? {}).toSorted()).toEqual(required?.toSorted());
  });

  test("[EVT4] passes through the log with its extra keys", () => {
    const event = { event_type, data, seq: 3, epoch: "1", actor: "admin" };
    expect(z.parse(LoggedEvent, event)).toEqual(event);
    expect(z.safeParse(LoggedEvent, { ...event, seq: -1 }).success).toBe(false);
  });
});

test("[EVT2] the base is four event types, with exactly these keys", () => {
  const keys = baseEventTypes.map((type) => [type, Object.keys(events[type].shape).toSorted()]);
  expect(Object.fromEntries(keys)).toEqual({
    checkpoint_created: ["checkpoint_id", "session_id", "timestamp"],
    checkpoint_restored: ["checkpoint_id", "session_id", "timestamp"],
    checkpoint_deleted: ["checkpoint_id", "session_id", "timestamp"],
    checkpoints_compacted: ["remaining", "session_id", "timestamp"],
  });
});

test("[TRN1] no transient message can be taken for a logged event", () => {
  for (const type of Object.keys(transients)) expect(eventTypes).not.toContain(type);
});
