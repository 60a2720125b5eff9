import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import * as z from "zod/mini";
import { errors } from "./errors.ts";
import { baseEventTypes, events, eventTypes, transientTypes } from "./events.ts";
import { methodNames, methods, type MethodName } from "./methods.ts";

const root = join(import.meta.dirname, "../..");
const page = readFileSync(join(root, "shared/PROTOCOL.md"), "utf8");
/** The cells of every row of every table. */
const rows = page
  .split("\n")
  .filter((line) => line.startsWith("|"))
  .map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );

interface JsonObjectSchema {
  required?: string[];
  properties?: Record<string, unknown>;
}

function row(name: string): string[] {
  const found = rows.filter(([first]) => first === `\`${name}\``);
  expect(found, `rows for ${name}`).toHaveLength(1);
  return found[0] ?? [];
}

/** The keys that a cell names, such as `a, b?`, without the marks. */
function keys(cell: string): string[] {
  const code = [...cell.matchAll(/`([^`]+)`/g)].flatMap(([, text = ""]) => text.split(", "));
  return code.map((key) => key.replace("?", "")).filter((key) => /^[a-z_]+$/.test(key));
}

function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => !path.includes("node_modules"))
    .map((path) => join(root, folder, path));
}

describe.each(methodNames)("PROTOCOL.md on %s", (name: MethodName) => {
  const { kind, role, params } = methods[name];
  const schema = z.toJSONSchema(params as z.ZodMiniType, { io: "input" }) as JsonObjectSchema;

  test("names its kind and role", () => {
    expect(row(name)[1]).toBe(`${kind}, ${role}`);
  });

  test("names exactly its params, and marks those that may be left out", () => {
    const cell = row(name)[2] ?? "";
    const paged = cell.includes("page") ? ["limit", "cursor"] : [];
    // Said once for all, above the table.
    const keyed = kind === "mutation" ? ["idempotency_key"] : [];
    const named = [...keys(cell), ...paged, ...keyed].toSorted();
    expect(named).toEqual(Object.keys(schema.properties ?? {}).toSorted());
    for (const key of keys(cell)) {
      const required = schema.required?.includes(key) ?? false;
      expect(new RegExp(`\\b${key}\\?`).test(cell), `${key} marked by ?`).toBe(!required);
    }
  });
});

test.each(Object.entries(errors))("PROTOCOL.md gives %s its status", (code, rule) => {
  const [, status, when = ""] = row(code);
  expect(status).toBe(String(rule.status));
  expect(when.includes("retryable")).toBe(rule.retryable);
});

test("PROTOCOL.md names every event type and transient message, and the base with its data", () => {
  for (const type of [...eventTypes, ...transientTypes]) expect(page).toContain(`\`${type}`);
  for (const type of baseEventTypes) {
    expect(keys(row(type)[2] ?? "").toSorted()).toEqual(Object.keys(events[type].shape).toSorted());
  }
});

test("PROTOCOL.md has no rows for what is not in the tables", () => {
  const known = new Set<string>([...methodNames, ...Object.keys(errors), ...eventTypes]);
  const named = rows.flatMap(([first = ""]) => /^`([a-z_]+)`$/.exec(first)?.[1] ?? []);
  expect(named.filter((name) => !known.has(name))).toEqual([]);
});

test("every rule of PROTOCOL.md is held by a test that carries its id, and no test by an unknown one", () => {
  const rules = [...page.matchAll(/^- \*\*\[([A-Z]{3}\d+)\]\*\*/gm)].map(([, id]) => id ?? "");
  expect(new Set(rules).size).toBe(rules.length);
  const names = [...filesBelow("shared/src"), ...filesBelow("apps/server/src")]
    .filter((path) => /\.(test|contract)\.ts$/.test(path))
    .flatMap((path) => [
      ...readFileSync(path, "utf8").matchAll(
        /(?:describe|test|test\.each\([\s\S]*?\))\(\s*(["'`])(\[.*?)\1/g,
      ),
    ])
    .map(([, , name]) => name ?? "");
  const carried = names.flatMap((name) =>
    [...name.matchAll(/\[([A-Z]{3}\d+)\]/g)].map(([, id]) => id ?? ""),
  );
  expect(rules.filter((rule) => !carried.includes(rule))).toEqual([]);
  expect(carried.filter((id) => !rules.includes(id))).toEqual([]);
});
