// P6: too few file descriptors, and a clock that jumps.
import { connect } from "node:net";
import type { Socket } from "node:net";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { writeTree } from "@cairn/runner/testing/tree";
import { expect, test, vi } from "vitest";
import { HardPlace } from "./hard-place.ts";

// Each starts servers, some several.
vi.setConfig({ testTimeout: 60_000 });

test("without free file descriptors calls are answered or refused in words, and then all works on", async () => {
  await using place = new HardPlace();
  const work = place.folder("work");
  const deep = Object.fromEntries(
    Array.from({ length: 12 }, (_, n) => [`${"d/".repeat(n)}file.txt`, `${n}`]),
  );
  writeTree(work, deep);
  await place.serve({ through: ["sh", "-c", 'ulimit -n 96 && exec "$@"', "sh"] });
  const session_id = await place.session(work);
  const checkpoint_id = await place.checkpoint(session_id);
  const lines = place.list(work);
  // Sockets that say nothing take what is left.
  const { hostname, port } = new URL(place.server.url);
  const sockets: Socket[] = [];
  const codes: string[] = [];
  for (let n = 0; n < 40; n += 1) {
    const socket = connect(Number(port), hostname);
    socket.on("error", () => undefined);
    await new Promise((resolve) => {
      socket.once("connect", resolve);
      socket.once("error", resolve);
    });
    sockets.push(socket);
    if (n % 8 !== 7) continue;
    writeTree(work, { "edited.txt": `${n}` });
    const before = place.list(work);
    // A connection may be refused where none is left for it: that is no answer, and no exit.
    const refusal = (work: Promise<string>) => work.catch((error: unknown) => String(error));
    codes.push(await refusal(place.refusal("checkpoint", { session_id })));
    const restored = await refusal(place.refusal("restore", { session_id, checkpoint_id }));
    codes.push(restored);
    expect(place.list(work)).toEqual(restored === "none" ? lines : before);
  }
  for (const socket of sockets) socket.destroy();
  for (const code of codes) expect(code).toMatch(/^(none|limit_reached|internal|TypeError.*)$/);
  rmSync(join(work, "edited.txt"), { force: true });
  await expect.poll(() => place.refusal("health", {})).toBe("none");
  expect(await place.refusal("restore", { session_id, checkpoint_id })).toBe("none");
  expect(place.list(work)).toEqual(lines);
  expect(await place.call("validate", { deep: true })).toMatchObject({ invalid: 0 });
  expect(await place.server.end()).toBe(0);
});
