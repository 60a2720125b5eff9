import { expect, test } from "vitest";
import type { WorkHooks } from "../cancelling.ts";
import { cancelled } from "../cancelling.ts";
import { FaultPlan } from "../testing/fault-plan.ts";
import { RestoreCase } from "../testing/restore-case.ts";

/** Hooks that cancel the call at its n-th look, and how many looks it had. */
function cancelAt(n: number): { hooks: WorkHooks; looks: () => number } {
  let looks = 0;
  return {
    hooks: {
      check() {
        looks += 1;
        if (looks >= n) throw cancelled();
      },
    },
    looks: () => looks,
  };
}

const isCancelled: unknown = expect.objectContaining({ name: "ProtocolError", code: "cancelled" });

test("a cancelled prepare leaves the folder as it is, and neither pin nor journal", () => {
  using drill = new RestoreCase();
  const { site } = drill;
  drill.reset();
  const pins = site.pins();
  let ended = false;
  let tried = 0;
  for (let n = 1; !ended; n += 4) {
    const disk = new FaultPlan();
    const restorer = site.restorer({}, disk);
    const request = drill.request();
    const { hooks, looks } = cancelAt(n);
    ended = true;
    try {
      restorer.prepare(request, hooks);
      restorer.abandon(request.operation_id);
      site.store.unpin([request.safety_pin]);
    } catch (error) {
      ended = false;
      tried += 1;
      // oxlint-disable-next-line vitest/no-conditional-expect -- the last round only counts
      expect(error).toEqual(isCancelled);
    }
    expect(looks()).toBeLessThanOrEqual(n);
    expect(site.pins()).toEqual(pins);
    expect(site.store.journals.list()).toEqual([]);
    expect(disk.open).toBe(0);
  }
  expect(tried).toBeGreaterThan(10);
  expect(drill.state()).toBe("before");
});

test("a cancelled apply takes the folder back exactly, at whatever moment it comes", () => {
  using drill = new RestoreCase();
  const { site } = drill;
  let ended = false;
  let tried = 0;
  for (let n = 1; !ended; n += 3) {
    drill.reset();
    const disk = new FaultPlan();
    const restorer = site.restorer({}, disk);
    const request = drill.request();
    restorer.prepare(request);
    const pins = site.pins();
    ended = true;
    try {
      restorer.apply(request.operation_id, cancelAt(n).hooks);
      restorer.abandon(request.operation_id);
    } catch (error) {
      ended = false;
      tried += 1;
      // oxlint-disable-next-line vitest/no-conditional-expect -- the last round only counts
      expect(error).toEqual(isCancelled);
    }
    expect(drill.state(), `look ${n}`).toBe("before");
    // The safety checkpoint is the server's by now.
    expect(site.pins()).toEqual(pins);
    expect(site.store.journals.list()).toEqual([]);
    expect(disk.open).toBe(0);
  }
  expect(tried).toBeGreaterThan(30);
}, 60_000);

test("the last moment at which a restore can be cancelled is when it is verified", () => {
  using drill = new RestoreCase();
  const { site } = drill;
  const apply = (hooks: WorkHooks, phases: string[] = []): string => {
    drill.reset();
    const restorer = site.restorer({ onPhase: (phase) => phases.push(phase) });
    const request = drill.request();
    restorer.prepare(request);
    const { status } = restorer.apply(request.operation_id, hooks);
    restorer.settle(request.operation_id);
    return status;
  };
  const { hooks, looks } = cancelAt(Number.POSITIVE_INFINITY);
  expect(apply(hooks)).toBe("restored");
  const phases: string[] = [];
  expect(() => apply(cancelAt(looks()).hooks, phases)).toThrow(isCancelled);
  expect(drill.state()).toBe("before");
  // All was in its place by then.
  expect(phases.filter((phase) => phase.startsWith("applying:")).length).toBeGreaterThan(10);
  expect(phases).not.toContain("applied");
  expect(apply(cancelAt(looks() + 1).hooks)).toBe("restored");
  expect(drill.state()).toBe("after");
});
