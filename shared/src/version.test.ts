import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import * as z from "zod/mini";
import { ErrorEnvelope, Request, Response } from "./envelope.ts";
import { errors } from "./errors.ts";
import { baseEventTypes, events, LoggedEvent, transients } from "./events.ts";
import { methods } from "./methods.ts";
import { caps } from "./session.ts";
import { protocolVersions } from "./version.ts";

function schemas(table: Record<string, z.core.$ZodType>) {
  return Object.entries(table).map(([name, schema]) => [name, z.toJSONSchema(schema)]);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => sorted(one));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, one]) => [key, sorted(one)] as const);
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** The whole wire as JSON with sorted keys. Rules that JSON Schema cannot say are not in it. */
function wire(): string {
  return JSON.stringify(
    sorted({
      methods: Object.entries(methods).map(([name, { kind, role, params, result }]) => ({
        name,
        kind,
        role,
        params: z.toJSONSchema(params, { io: "input" }),
        result: z.toJSONSchema(result),
      })),
      events: schemas({ ...events, LoggedEvent }),
      base: baseEventTypes,
      transients: schemas(transients),
      envelope: schemas({ Request, Response, ErrorEnvelope }),
      errors,
      caps,
    }),
  );
}

test("a change of the wire is noted in version.ts", () => {
  const fingerprint = createHash("sha256").update(wire()).digest("hex").slice(0, 16);
  const [newest] = protocolVersions;
  expect(
    newest.fingerprint,
    `The wire has changed. If version ${newest.version} is released, add a version with a line on what changed for clients; else set its fingerprint to ${fingerprint}.`,
  ).toBe(fingerprint);
});

test("versions count down to 1 and each says what changed", () => {
  const { length } = protocolVersions;
  expect(protocolVersions.map(({ version }) => version)).toEqual(
    Array.from({ length }, (_, n) => length - n),
  );
  for (const { change } of protocolVersions) expect(change).toMatch(/\w+ .*\.$/);
  expect(new Set(protocolVersions.map(({ fingerprint }) => fingerprint)).size).toBe(length);
});
