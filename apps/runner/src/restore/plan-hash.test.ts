import { chmodSync } from "node:fs";
import { expect, test } from "vitest";
import type { PrepareRequest } from "../runner.ts";
import { RestoreSite } from "../testing/restore-site.ts";

test("a plan's hash is of its target, its options, the rules and what stands in the planned paths", () => {
  using site = new RestoreSite();
  site.write({ a: "then", "b/c": "then", same: "1" });
  const target = site.capture();
  site.write({ d: "then" });
  const other = site.capture();
  site.write({ a: "now", "b/c": "now" });
  const hash = (more: Partial<PrepareRequest> = {}, to = target): string =>
    site.restorer().plan(site.request(to, more)).plan_hash;
  const plain = hash();
  expect(hash()).toBe(plain);
  const rules = (more: Partial<typeof site.rules>) => ({ rules: { ...site.rules, ...more } });
  const others = [
    hash({}, other),
    hash({ paths: ["a"] }),
    hash({ paths: ["a", "b"] }),
    hash(rules({ ignore: ["nothing-here"] })),
    hash(rules({ include: ["nothing-here"] })),
  ];
  expect(new Set([plain, ...others]).size).toBe(6);
  // Nothing that the plan is not about.
  site.write({ same: "1" });
  expect(hash(rules({ limits: { ...site.rules.limits, files: 7 } }))).toBe(plain);
  site.write({ a: "newer" });
  const edited = hash();
  expect(edited).not.toBe(plain);
  chmodSync(site.path("a"), 0o600);
  expect(hash()).not.toBe(edited);
  chmodSync(site.path("a"), 0o644);
  site.write({ a: "now" });
  expect(hash()).toBe(plain);
});

test("a restore that has nothing to change takes a safety snapshot all the same", () => {
  using site = new RestoreSite();
  site.write({ a: "1" });
  const target = site.capture();
  const before = site.list();
  const request = site.request(target);
  const restorer = site.restorer();
  const { plan, safety } = restorer.prepare(request);
  expect(plan.changes).toEqual([]);
  expect(safety?.tree).toBe(target.tree);
  expect(site.pins()).toContain(request.safety_pin);
  expect(restorer.apply(request.operation_id)).toEqual({ status: "restored", differences: [] });
  restorer.settle(request.operation_id);
  expect(site.pins()).toContain(request.safety_pin);
  expect(site.list()).toEqual(before);
});
