// The quota of a session: what it alone may keep in the store.
import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { callService } from "../testing/call-service.ts";
import { memoryFolder, startTestService, type TestService } from "../testing/service.ts";

let cairn: TestService;
beforeEach(async () => {
  cairn = await startTestService(memoryFolder);
});
afterEach(async () => await cairn.stop());

const call: ReturnType<typeof callService> = (method, params) =>
  callService(cairn.service)(method, params);

const incompressible = (bytes: number) => randomBytes(bytes).toString("base64");

async function scene() {
  const file = path.join(await cairn.folder(), "a.txt");
  const { session_id } = await call("create_session", { workspace: path.dirname(file) });
  const made = async (text: string): Promise<string> => {
    await writeFile(file, text);
    return (await call("checkpoint", { session_id })).checkpoint_id;
  };
  const live = async () =>
    (await call("list_checkpoints", { session_id })).checkpoints.map((row) => row.checkpoint_id);
  return { file, session_id, made, live };
}

test("[STO2] a session over what it alone may keep takes no checkpoint, and restores still", async () => {
  const [a, b] = [await scene(), await scene()];
  await a.made(incompressible(900_000));
  const limits = { store_bytes: 500_000 };
  await call("update_session", { session_id: b.session_id, settings: { limits } });
  const first = await b.made(incompressible(200_000));
  await writeFile(b.file, incompressible(600_000));
  const refused = call("checkpoint", { session_id: b.session_id });
  await expect(refused).rejects.toMatchObject({
    code: "store_full",
    details: { limit: "store_bytes", limit_bytes: 500_000 },
  });
  expect(await b.live()).toEqual([first]);
  const restored = await call("restore", { session_id: b.session_id, checkpoint_id: first });
  expect(restored.status).toBe("restored");
  await call("undo", { session_id: b.session_id });
  expect((await readFile(b.file)).length).toBeGreaterThan(600_000);
  await call("update_session", {
    session_id: b.session_id,
    settings: { limits: { store_bytes: null } },
  });
  await call("checkpoint", { session_id: b.session_id });
});

test("[STO2] it takes checkpoints again once what its error says was done: what lies in the trash counts, what is gone does not", async () => {
  const { session_id, file, made } = await scene();
  const limits = { store_bytes: 500_000 };
  await call("update_session", { session_id, settings: { limits } });
  const first = await made(incompressible(190_000));
  await made(incompressible(190_000));
  await writeFile(file, incompressible(190_000));
  const refused = { code: "store_full", message: expect.stringContaining("in the trash too") };
  await expect(call("checkpoint", { session_id })).rejects.toMatchObject(refused);
  await call("delete", { session_id, checkpoint_id: first });
  await expect(call("checkpoint", { session_id })).rejects.toMatchObject(refused);
  await call("delete", { session_id, checkpoint_id: first, permanent: true });
  await call("checkpoint", { session_id });
});
