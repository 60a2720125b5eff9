import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startTestServer } from "../testing/harness.ts";
import { ask } from "../testing/http.ts";

test("a store at its limit takes no captures and says so in health; it restores, and has room again once collected", async () => {
  const server = await startTestServer({ storeLimit: 10_000_000 });
  try {
    const workspace = await server.folder();
    const file = join(workspace, "a.bin");
    const { session_id } = await server.call("create_session", { workspace });
    const room = async () =>
      (await server.call("health", {})).checks.find(({ name }) => name === "room");
    await writeFile(file, randomBytes(5_000_000));
    const { checkpoint_id: first } = await server.call("checkpoint", { session_id });
    expect(await room()).toEqual({ name: "room", ok: true });
    await writeFile(file, randomBytes(4_300_000));
    const { checkpoint_id: second } = await server.call("checkpoint", { session_id });
    const small = randomBytes(300_000);
    await writeFile(file, small);
    await expect(server.call("checkpoint", { session_id })).rejects.toMatchObject({
      code: "store_full",
    });
    await server.call("restore", { session_id, checkpoint_id: first });
    expect((await readFile(file)).length).toBe(5_000_000);
    await server.call("undo", { session_id });
    expect((await readFile(file)).equals(small)).toBe(true);
    expect(await room()).toMatchObject({ ok: false });
    expect((await server.call("health", {})).healthy).toBe(false);
    expect((await ask(server.url, { path: "/healthz" })).status).toBe(503);

    await server.call("delete", { session_id, checkpoint_id: second, permanent: true });
    await server.call("collect", {});
    expect(await room()).toMatchObject({ ok: true });
    await server.call("checkpoint", { session_id });
    const facts = await server.call("store_facts", {});
    expect(facts.limit_bytes).toBe(10_000_000);
    const { gauges, counters } = await server.call("metrics", {});
    expect(gauges).toMatchObject({
      cairn_store_bytes: facts.stored_bytes,
      cairn_store_limit_bytes: 10_000_000,
    });
    expect(counters["cairn_collected_bytes_total"]).toBeGreaterThan(4_000_000);
  } finally {
    await server.stop();
  }
});
