import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Fs } from "../fs.ts";
import { realFs } from "../fs.ts";
import { crashingFs, watchedFs } from "../testing/faults.ts";
import { RestoreCase } from "../testing/restore-case.ts";
import { countCalls } from "../testing/restore-drills.ts";
import { RestoreSite } from "../testing/restore-site.ts";
import { removeTree } from "../testing/tree.ts";

/** Leaves a journal in the middle of its steps. */
function cutInTheMiddle(drill: RestoreCase): string {
  const request = drill.request();
  const at = Math.floor(countCalls(drill) * 0.6);
  drill.reset();
  const restorer = drill.site.restorer({ fs: crashingFs(realFs, at) });
  restorer.prepare(request);
  expect(() => restorer.apply(request.operation_id)).toThrow(/Cairn does so when it starts next/);
  expect(drill.state()).toHaveProperty("unlike");
  return request.operation_id;
}

test("phases are told once each is durable, and the asides stay until the end is settled", () => {
  using drill = new RestoreCase();
  drill.reset();
  const phases: string[] = [];
  const { journals } = drill.site.store;
  const request = drill.request();
  const restorer = drill.site.restorer({
    onPhase(phase) {
      phases.push(phase);
      const [name] = phase.split(":");
      expect(journals.get(request.operation_id)?.phase).toBe(name);
    },
  });
  const staged = () => drill.site.list().filter((line) => line.includes(".cairn-")).length;
  restorer.prepare(request);
  expect(drill.state()).toBe("before");
  restorer.apply(request.operation_id);
  expect(staged()).toBeGreaterThan(5);
  restorer.settle(request.operation_id);
  expect(staged()).toBe(0);
  expect(drill.state()).toBe("after");
  const steps = phases.filter((phase) => phase.startsWith("applying:")).length;
  expect(phases[0]).toBe("prepared");
  expect(phases[1]).toBe("applying");
  expect(phases.slice(2, 2 + steps)).toEqual(
    Array.from({ length: steps }, (_, i) => `applying:${i}`),
  );
  expect(phases.slice(2 + steps)).toEqual(["applied", "settling"]);
  // Once more changes nothing.
  restorer.settle(request.operation_id);
  restorer.abandon(request.operation_id);
  expect(drill.state()).toBe("after");
});

test("an applied restore whose end was not committed is after, until it is settled", () => {
  using drill = new RestoreCase();
  drill.reset();
  const request = drill.request();
  drill.site.restorer().prepare(request);
  drill.site.restorer().apply(request.operation_id);
  const { operation_id } = request;
  for (let start = 0; start < 2; start += 1) {
    expect(drill.site.restorer().recover([])).toEqual([
      { operation_id, outcome: "after", differences: [] },
    ]);
  }
  drill.site.restorer().settle(operation_id);
  expect(drill.state()).toBe("after");
  expect(drill.site.restorer().recover([])).toEqual([]);
});

test("an applied restore that is abandoned is taken back", () => {
  using drill = new RestoreCase();
  drill.reset();
  const request = drill.request();
  drill.site.restorer().prepare(request);
  drill.site.restorer().apply(request.operation_id);
  drill.site.restorer().abandon(request.operation_id);
  expect(drill.state()).toBe("before");
});

test("a prepared restore that is abandoned leaves nothing, and cannot be applied any more", () => {
  using drill = new RestoreCase();
  drill.reset();
  const request = drill.request();
  const restorer = drill.site.restorer();
  restorer.prepare(request);
  restorer.abandon(request.operation_id);
  expect(() => restorer.apply(request.operation_id)).toThrow(
    expect.objectContaining({ code: "operation_not_found" }),
  );
  expect(drill.state()).toBe("before");
});

test("a disk that fails for good is told, and the folder taken back once it works again", () => {
  using drill = new RestoreCase();
  let calls = 0;
  const reached: number[] = [];
  const counted = watchedFs(realFs, (call) => (calls = call));
  const onPhase = (phase: string) => void (phase.startsWith("applying") && reached.push(calls));
  drill.reset();
  drill.site.restore(drill.target, {}, drill.site.restorer({ fs: counted, onPhase }));
  const first = (reached[0] ?? 0) + 1;
  const last = reached.at(-1) ?? 0;
  expect(last - first).toBeGreaterThan(100);
  for (let at = first; at <= last; at += 5) {
    drill.reset();
    const request = drill.request();
    const broken = watchedFs(realFs, (call, name, args) => {
      if (call < at) return;
      if (name === "close") realFs.close(args[0] as number);
      throw Object.assign(new Error("EIO: injected"), { code: "EIO" });
    });
    const restorer = drill.site.restorer({ fs: broken });
    restorer.prepare(request);
    expect(() => restorer.apply(request.operation_id)).toThrow(
      expect.objectContaining({ code: "workspace_unavailable" }),
    );
    expect(drill.site.restorer({ fs: broken }).recover([])).toEqual([
      expect.objectContaining({ outcome: "unreachable" }),
    ]);
    expect(drill.site.restorer().recover([])).toEqual([
      { operation_id: request.operation_id, outcome: "before", differences: [] },
    ]);
    expect(drill.state(), `call ${at}`).toBe("before");
  }
});

test("a folder that is not there keeps its journal until it is", () => {
  using drill = new RestoreCase();
  const operation_id = cutInTheMiddle(drill);
  const away = join(drill.site.home, "away");
  renameSync(drill.site.workspace, away);
  const unreachable = [{ operation_id, outcome: "unreachable", differences: [] }];
  expect(drill.site.restorer().recover([])).toEqual(unreachable);
  expect(existsSync(drill.site.workspace)).toBe(false);
  renameSync(away, drill.site.workspace);
  expect(drill.site.restorer().recover([])).toEqual([
    { operation_id, outcome: "before", differences: [] },
  ]);
  expect(drill.state()).toBe("before");
});

test("what was set aside in a folder that is away is dropped once it is back", () => {
  using drill = new RestoreCase();
  drill.reset();
  const request = drill.request();
  const { operation_id } = request;
  drill.site.restorer().prepare(request);
  drill.site.restorer().apply(operation_id);
  const away = join(drill.site.home, "away");
  renameSync(drill.site.workspace, away);
  expect(drill.site.restorer().recover([])).toEqual([
    { operation_id, outcome: "after", differences: [] },
  ]);
  drill.site.restorer().settle(operation_id);
  expect(drill.site.restorer().recover([operation_id])).toEqual([
    { operation_id, outcome: "unreachable", differences: [] },
  ]);
  renameSync(away, drill.site.workspace);
  expect(drill.site.restorer().recover([operation_id])).toEqual([
    { operation_id, outcome: "after", differences: [] },
  ]);
  expect(drill.state()).toBe("after");
});

test("a crash while it is settled is settled to the end, folder modes included", () => {
  using drill = new RestoreCase();
  const calls = countCalls(drill);
  let cut = 0;
  for (let at = calls - 100; at <= calls; at += 1) {
    drill.reset();
    const request = drill.request();
    const restorer = drill.site.restorer({ fs: crashingFs(realFs, at) });
    restorer.prepare(request);
    try {
      restorer.apply(request.operation_id);
      restorer.settle(request.operation_id);
    } catch {
      cut += 1;
    }
    drill.site.restorer({ fs: crashingFs(realFs, 40) }).recover([request.operation_id]);
    drill.site.restorer().recover([request.operation_id]);
    expect(drill.state(), `call ${at}`).toBe("after");
  }
  expect(cut).toBeGreaterThan(50);
});

/** The filesystem of a machine on which every device has another number. */
function renumbered(): Fs {
  return {
    ...realFs,
    lstat(path) {
      const stat = realFs.lstat(path);
      return stat && { ...stat, dev: stat.dev + 1n };
    },
  };
}

test("another device is unreachable, unless the restore's own traces are on it", () => {
  using drill = new RestoreCase();
  const operation_id = cutInTheMiddle(drill);
  const away = join(drill.site.home, "away");
  renameSync(drill.site.workspace, away);
  mkdirSync(drill.site.workspace);
  // What stands under a mount point while its disk is out.
  expect(drill.site.restorer({ fs: renumbered() }).recover([])).toEqual([
    { operation_id, outcome: "unreachable", differences: [] },
  ]);
  rmdirSync(drill.site.workspace);
  renameSync(away, drill.site.workspace);
  // Device numbers may change with a restart.
  expect(drill.site.restorer({ fs: renumbered() }).recover([])).toEqual([
    { operation_id, outcome: "before", differences: [] },
  ]);
  expect(drill.state()).toBe("before");
});

test("another device is no obstacle where a power cut left none of the restore's traces", () => {
  using drill = new RestoreCase();
  drill.reset();
  const { journals } = drill.site.store;
  const request = drill.request();
  const { operation_id } = request;
  drill.site.restorer().prepare(request);
  const prepared = journals.get(operation_id)?.data;
  journals.put(operation_id, "applying", Object.assign({}, prepared, { phase: "applying" }));
  // None of what was edited had reached the disk.
  for (const name of readdirSync(drill.site.workspace)) {
    if (!name.startsWith(".git")) removeTree(join(drill.site.workspace, name));
  }
  expect(drill.site.restorer({ fs: renumbered() }).recover([])).toEqual([
    { operation_id, outcome: "before", differences: expect.any(Array) },
  ]);
  expect(drill.site.restorer().recover([])).toEqual([]);
});

test("a missing workspace is made anew where its parent stands on the device it was on", () => {
  using drill = new RestoreCase();
  const { site } = drill;
  removeTree(site.workspace);
  const done = site.restore(drill.target);
  expect(done.status).toBe("restored");
  expect(done.safety.files).toBe(0);
  const withoutGit = drill.after.filter((line) => !/\.git\/|\.log |^added/.test(line));
  expect(site.list()).toEqual(withoutGit);

  removeTree(site.workspace);
  for (const fs of [renumbered(), realFs]) {
    if (fs === realFs) renameSync(site.home, `${site.home}-away`);
    expect(() => site.restorer({ fs }).plan(site.request(drill.target))).toThrow(
      expect.objectContaining({ code: "workspace_unavailable" }),
    );
    if (fs === realFs) renameSync(`${site.home}-away`, site.home);
  }
});

test("a crash while a missing workspace is made anew leaves it missing", () => {
  using drill = new RestoreCase();
  const { site } = drill;
  removeTree(site.workspace);
  for (let at = 5; at < 60; at += 3) {
    const request = drill.request();
    const restorer = site.restorer({ fs: crashingFs(realFs, at) });
    expect(() => {
      restorer.prepare(request);
      restorer.apply(request.operation_id);
    }).toThrow(/crashed at call|Cairn does so when it starts next|Nothing was changed/);
    for (const { outcome } of site.restorer().recover([])) expect(outcome).toBe("before");
    expect(existsSync(site.workspace), `call ${at}`).toBe(false);
  }
});

test("a crash while a copy is made leaves its folder as it was: empty, or not there", () => {
  using drill = new RestoreCase();
  const { site } = drill;
  for (const isNew of [true, false]) {
    const into = join(site.home, isNew ? "new" : "empty");
    if (!isNew) mkdirSync(into);
    for (let at = 8; at < 80; at += 5) {
      const request = site.request(drill.target, { into });
      const restorer = site.restorer({ fs: crashingFs(realFs, at) });
      expect(() => {
        restorer.prepare(request);
        restorer.apply(request.operation_id);
      }).toThrow(/crashed at call|Cairn does so when it starts next|Nothing was changed/);
      for (const { outcome } of site.restorer().recover([])) expect(outcome).toBe("before");
      expect(existsSync(into), `call ${at}`).toBe(!isNew);
      if (!isNew) rmdirSync(into);
      if (!isNew) mkdirSync(into);
    }
  }
});

test("an empty folder on another device than before is no folder to restore into", () => {
  using site = new RestoreSite();
  site.write({ a: "1" });
  const target = site.capture();
  site.remove("a");
  expect(() => site.restorer({ fs: renumbered() }).plan(site.request(target))).toThrow(
    expect.objectContaining({ code: "workspace_unavailable" }),
  );
  expect(site.restore(target).status).toBe("restored");
});
