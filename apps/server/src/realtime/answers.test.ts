// That the answer of each mutation is kept by the very transaction that does it.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { methodNames, methods } from "@cairn/shared/methods";
import type { MethodName, Params, Result } from "@cairn/shared/methods";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ServiceMethod } from "../service.ts";
import { startTestService, tester } from "../testing/service.ts";
import type { TestService } from "../testing/service.ts";
import { Once } from "./once.ts";

let site: TestService;
let folder: string;
let keys: number;
const done = new Set<string>();

beforeEach(async () => {
  site = await startTestService();
  folder = await site.folder();
  keys = 0;
});
afterEach(async () => await site.stop());

/** One call under a key of its own, where nothing may be kept after the fact. */
async function keyed<M extends ServiceMethod>(method: M, params: Params<M>): Promise<Result<M>> {
  const { store, service } = site;
  const once = new Once({
    store: {
      idempotent: async (...args) => await store.idempotent(...args),
      pendingOperations: async () => await store.pendingOperations(),
      transact: async () => {
        throw new Error(`${method} did not keep its answer in its own transaction`);
      },
    },
    service,
    now: Date.now,
  });
  const parsed: object = methods[method as MethodName].params.parse(params);
  const key = `${(keys += 1)}`;
  const call = { ...tester, method, key, params: parsed };
  const work = service[method] as (params: object, context: object) => Promise<unknown>;
  const answer = await once.answer(call, (receipt) => work(parsed, { ...tester, receipt }));
  const kept = await store.idempotent(tester.actor, method, key);
  expect(JSON.parse(kept?.result ?? "null")).toEqual(JSON.parse(JSON.stringify(answer)));
  done.add(method);
  return answer as Result<M>;
}

test("[IDM1] every mutation keeps its answer in its own transaction", async () => {
  await writeFile(join(folder, "a.txt"), "one\n");
  const { session_id } = await keyed("create_session", { workspace: folder });
  await keyed("update_session", { session_id, name: "n" });
  const { checkpoint_id } = await keyed("checkpoint", { session_id });
  await writeFile(join(folder, "a.txt"), "two\n");
  const second = await keyed("checkpoint", { session_id });
  await keyed("update_checkpoint", { session_id, checkpoint_id, tags: ["t"] });
  const { annotation } = await keyed("annotate", { session_id, checkpoint_id, note: "n" });
  const { annotation_id } = annotation;
  await keyed("delete_annotation", { session_id, annotation_id });
  await keyed("restore", { session_id, checkpoint_id });
  await keyed("undo", { session_id });
  await keyed("redo", { session_id });
  const last = { session_id, checkpoint_id: second.checkpoint_id };
  await keyed("delete", last);
  await keyed("undo", { session_id });
  await keyed("redo", { session_id });
  await keyed("undelete", last);
  await keyed("delete", { ...last, permanent: true });
  await keyed("compact", { session_id, keep_recent: 1 });
  const { session_id: other } = await keyed("create_session", { name: "other" });
  await keyed("delete", {
    session_id: other,
    checkpoint_id: (await keyed("checkpoint", { session_id: other })).checkpoint_id,
  });
  await keyed("delete_session", { session_id: other });
  await keyed("undelete_session", { session_id: other });
  await keyed("delete_session", { session_id: other });
  await keyed("delete_session", { session_id: other, permanent: true });
  await keyed("delete_session", { session_id, permanent: true });
  // These do not go through the service, or need a server that listens.
  const elsewhere = new Set(["start_demo", "revoke_key", "delete_consumer"]);
  const mutations = methodNames.filter((name) => methods[name].kind === "mutation");
  expect([...done].toSorted()).toEqual(mutations.filter((name) => !elsewhere.has(name)).toSorted());
});
