import type { Result } from "@cairn/shared/methods";
import { ProtocolError } from "@cairn/shared/errors";
import type { ServiceDeps } from "../checkpoints/deps.ts";
import type { Lanes } from "../checkpoints/lanes.ts";
import type { CallContext, Receipt } from "../service.ts";
import { createSession } from "../sessions/create.ts";
import { runAgent } from "./agent.ts";
import { createDemoFolder, removeDemoFolder } from "./demo-folder.ts";

/** The demo that is at work in each server: a second click shows it instead of starting another. */
const running = new WeakMap<ServiceDeps, string>();

/** The receipt of this call, in the hands of `create_session`, which answers more. */
function asDemo(receipt: Receipt): Receipt {
  return {
    call: receipt.call,
    keep: async (tx, created) => {
      const { session_id } = created as Result<"create_session">;
      await receipt.keep(tx, { session_id });
    },
  };
}

/** Starts a scripted agent in a folder of its own; it edits files for about a minute. */
export async function startDemo(
  deps: ServiceDeps,
  lanes: Lanes,
  context: CallContext,
): Promise<Result<"start_demo">> {
  const busy = running.get(deps);
  if (busy !== undefined) {
    const session = await deps.store.session(busy);
    if (session !== null && session.deleted_at === null) return { session_id: busy };
  }
  const api = deps.api();
  if (api === null) throw new ProtocolError("shutting_down", "The server is not listening yet.");
  const folder = await createDemoFolder(deps);
  const { receipt } = context;
  const created = await createSession(
    deps,
    { name: "Demo: a bakery’s order book", workspace: folder, demo: true },
    receipt === undefined ? context : { ...context, receipt: asDemo(receipt) },
  ).catch(async (error: unknown) => {
    await removeDemoFolder(deps, folder);
    throw error;
  });
  const { session_id } = created;
  running.set(deps, session_id);
  const stopped = () => lanes.draining || running.get(deps) !== session_id;
  runAgent({ ...api, session_id, folder, stopped })
    .catch((error: unknown) => {
      // Deleting the session, or its folder, in the middle is a normal end of a demo.
      deps.log.info({ session_id, err: error }, "the demo ended early");
    })
    .finally(() => {
      if (running.get(deps) === session_id) running.delete(deps);
    });
  return { session_id };
}
