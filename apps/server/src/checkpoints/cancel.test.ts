import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { callService } from "../testing/call-service.ts";
import { memoryFolder, startTestService, tester, type TestService } from "../testing/service.ts";

let cairn: TestService;
beforeEach(async () => {
  cairn = await startTestService(memoryFolder);
});
afterEach(() => cairn.stop());

const newId = () => crypto.randomUUID();

/** How a call ends, heard from the start so that no rejection is unheard. */
const ended = (work: Promise<unknown>) => work.catch((error: unknown) => error);

async function scene() {
  const { service } = cairn;
  const call = callService(service);
  const folder = await cairn.folder();
  const file = path.join(folder, "a.txt");
  await writeFile(file, "one\n");
  const { session_id } = await call("create_session", { workspace: folder });
  const { checkpoint_id } = await call("checkpoint", { session_id });
  await writeFile(file, "two\n");
  const total = async () => (await call("list_checkpoints", { session_id })).total;
  const stop = async (operation_id: string) =>
    (await service.cancel({ operation_id }, tester)).cancelled;
  return { call, session_id, checkpoint_id, file, total, stop };
}

test("[CAN1] a checkpoint that waits for its turn or is at work is cancelled, and leaves nothing", async () => {
  const { call, session_id, total, stop } = await scene();
  const [first, second] = [newId(), newId()];
  const ahead = call("checkpoint", { session_id, operation_id: first });
  const waiting = call("checkpoint", { session_id, operation_id: second });
  const outcome = Promise.allSettled([ahead, waiting]);
  expect(await stop(second)).toBe(true);
  const [done, cancelled] = await outcome;
  expect(done.status).toBe("fulfilled");
  expect(cancelled).toMatchObject({ status: "rejected", reason: { code: "cancelled" } });
  expect(await total()).toBe(2);

  const third = newId();
  const working = call("checkpoint", { session_id, operation_id: third });
  const failed = ended(working);
  expect(await stop(third)).toBe(true);
  expect(await failed).toMatchObject({ code: "cancelled" });
  expect(await total()).toBe(2);
});

test("[CAN1] a cancelled restore or undo changes no file", async () => {
  const { call, session_id, checkpoint_id, file, stop } = await scene();
  const operation_id = newId();
  const restoring = call("restore", { session_id, checkpoint_id, operation_id });
  const failed = ended(restoring);
  expect(await stop(operation_id)).toBe(true);
  expect(await failed).toMatchObject({ code: "cancelled" });
  expect(await readFile(file, "utf8")).toBe("two\n");

  await call("restore", { session_id, checkpoint_id, operation_id: newId() });
  const { operations } = await call("list_operations", { session_id });
  const subject = operations.find(({ next }) => next === "undo")?.operation_id ?? "";
  const undoing = call("undo", { session_id, operation_id: subject });
  const notUndone = ended(undoing);
  expect(await stop(subject)).toBe(true);
  expect(await notUndone).toMatchObject({ code: "cancelled" });
  expect(await readFile(file, "utf8")).toBe("one\n");
  expect(await call("undo", { session_id })).toMatchObject({ status: "restored" });
});

test("[CAN1] a restore that is cancelled while it changes files takes all of it back; so does an undo, by its own id", async () => {
  const { service } = cairn;
  const call = callService(service);
  const folder = await cairn.folder();
  const names = Array.from({ length: 400 }, (_, n) => path.join(folder, `f${n}`));
  const write = async (text: string) => {
    for (const name of names) await writeFile(name, text);
  };
  const read = async () => new Set(await Promise.all(names.map((name) => readFile(name, "utf8"))));
  await write("then");
  const { session_id } = await call("create_session", { workspace: folder });
  const { checkpoint_id } = await call("checkpoint", { session_id });
  await write("now");
  const unlisten = service.onProgress((message) => {
    if (message.event_type !== "progress" || message.data.phase !== "apply") return;
    void service.cancel({ operation_id: message.data.operation_id }, tester);
  });
  const operation_id = newId();
  const restoring = call("restore", { session_id, checkpoint_id, operation_id });
  expect(await ended(restoring)).toMatchObject({ code: "cancelled" });
  expect(await read()).toEqual(new Set(["now"]));
  const { operations } = await call("list_operations", { session_id });
  expect(operations).toMatchObject([{ operation_id, status: "rolled_back", next: null }]);
  await expect(call("undo", { session_id })).rejects.toMatchObject({ code: "nothing_to_undo" });

  unlisten();
  await call("restore", { session_id, checkpoint_id });
  // An undo's own id is the server's: its progress tells it.
  service.onProgress((message) => {
    if (message.event_type !== "progress" || message.data.phase !== "apply") return;
    void service.cancel({ operation_id: message.data.operation_id }, tester);
  });
  const undoing = await ended(call("undo", { session_id }));
  expect(undoing).toMatchObject({ code: "cancelled" });
  expect(await read()).toEqual(new Set(["then"]));
});

test("[CAN2] nothing is cancelled that is not at work", async () => {
  const { call, session_id, stop, total } = await scene();
  const operation_id = newId();
  expect(await stop(operation_id)).toBe(false);
  await call("checkpoint", { session_id, operation_id });
  expect(await stop(operation_id)).toBe(false);
  expect(await total()).toBe(2);
});
