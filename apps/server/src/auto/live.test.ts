import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { startTestServer } from "../testing/harness.ts";
import type { TestServer } from "../testing/harness.ts";

let server: TestServer;

afterEach(async () => {
  await server.stop();
});

/** A session with a checkpoint of one file. */
async function begin(): Promise<{ session_id: string; folder: string }> {
  server = await startTestServer();
  const folder = await server.folder();
  await writeFile(join(folder, "a"), "1");
  const { session_id } = await server.call("create_session", { workspace: folder });
  await server.call("checkpoint", { session_id });
  return { session_id, folder };
}

test("whoever watches a session is told how many files differ from its head", async () => {
  const { session_id, folder } = await begin();
  const client = await server.client();
  await client.call("subscribe", { session_id, transient: true });
  const overview = await server.client();
  await overview.call("subscribe", { session_id: "*" });
  const told = async (dirty_files: number): Promise<void> => {
    await client.until(() => {
      const last = client.events.filter((e) => e.event_type === "workspace_dirty").at(-1);
      return last?.event_type === "workspace_dirty" && last.data.dirty_files === dirty_files;
    }, `${dirty_files} files`);
  };
  await told(0);
  await writeFile(join(folder, "b"), "2");
  await told(1);
  await mkdir(join(folder, "deep/er"), { recursive: true });
  await writeFile(join(folder, "deep/er/c"), "3");
  await told(2);
  await server.call("checkpoint", { session_id });
  await told(0);
  await writeFile(join(folder, "deep/er/c"), "4");
  await told(1);
  const { session } = await server.call("get_session", { session_id });
  expect(session.dirty_files).toBe(1);
  const late = await server.client();
  await late.call("subscribe", { session_id, transient: true, since: "start" });
  expect(await late.event("workspace_dirty")).toMatchObject({ data: { dirty_files: 1 } });
  await overview.until(() => {
    return overview.events.some(
      (event) => event.event_type === "session_summary" && event.data.session?.dirty_files === 1,
    );
  }, "a summary");
  const { events } = await server.call("list_events", { session_id });
  expect(JSON.stringify(events)).not.toContain("dirty_files");
});

test("a count that is known no more stands in no summary, and nobody is told of a failed look", async () => {
  const { session_id, folder } = await begin();
  const client = await server.client();
  await client.call("subscribe", { session_id, transient: true });
  const overview = await server.client();
  await overview.call("subscribe", { session_id: "*" });
  const summarized = async (status: string, dirty_files: number | undefined): Promise<void> => {
    await overview.until(() => {
      const last = overview.events.findLast((event) => event.event_type === "session_summary");
      if (last?.event_type !== "session_summary" || last.data.session === null) return false;
      return last.data.session.status === status && last.data.session.dirty_files === dirty_files;
    }, `${status} with ${dirty_files}`);
  };
  await writeFile(join(folder, "b"), "2");
  await summarized("open", 1);
  // Nobody looks at the folder of a closed session.
  await server.call("update_session", { session_id, status: "closed" });
  await summarized("closed", undefined);
  const { session } = await server.call("get_session", { session_id });
  expect(session).not.toHaveProperty("dirty_files");
  await server.call("update_session", { session_id, status: "open" });
  await summarized("open", 1);
  const counts = client.events.flatMap((event) =>
    event.event_type === "workspace_dirty" ? [event.data.dirty_files] : [],
  );
  expect(counts).not.toContain(null);
});

test("who knows the base protocol only is told nothing of it", async () => {
  const { session_id, folder } = await begin();
  const plain = await server.client();
  await plain.call("subscribe", { session_id });
  const client = await server.client();
  await client.call("subscribe", { session_id, transient: true });
  await writeFile(join(folder, "b"), "2");
  await client.until(() => {
    const last = client.events.findLast((event) => event.event_type === "workspace_dirty");
    return last?.event_type === "workspace_dirty" && last.data.dirty_files === 1;
  }, "one file");
  await server.call("checkpoint", { session_id });
  await plain.event("checkpoint_created");
  expect(plain.events.map(({ event_type }) => event_type)).toEqual(["checkpoint_created"]);
});

test("a quiet period after real changes makes a checkpoint, which everyone sees", async () => {
  const { session_id, folder } = await begin();
  const client = await server.client();
  await client.call("subscribe", { session_id, transient: true });
  await server.call("update_session", { session_id, settings: { auto: { quiet_seconds: 1 } } });
  await client.event("workspace_dirty");
  await writeFile(join(folder, "a"), "changed");
  const event = await client.event("checkpoint_created");
  expect(event).toMatchObject({
    actor: "cairn",
    checkpoint: { trigger: { kind: "automatic", reason: "quiet" }, changed_files: 1 },
  });
  const { counters } = await server.call("metrics", {});
  expect(counters['cairn_auto_captures_total{reason="quiet",outcome="made"}']).toBe(1);
});
