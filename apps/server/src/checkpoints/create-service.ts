import type { MethodName, ParsedParams, Result } from "@cairn/shared/methods";
import type { MethodKind } from "@cairn/shared/methods/define";
import { methods } from "@cairn/shared/methods";
import { startDemo } from "../demo/start-demo.ts";
import type { CallContext, Service, ServiceMethod } from "../service.ts";
import { createSession } from "../sessions/create.ts";
import { deleteSession, undeleteSession } from "../sessions/delete.ts";
import { getSession, listSessions, scanWorkspace } from "../sessions/reads.ts";
import { LiveFacts } from "../sessions/live-facts.ts";
import { updateSession } from "../sessions/update.ts";
import { annotate, deleteAnnotation, updateCheckpoint } from "./annotations.ts";
import { checkpoint, checkpointIfChanged } from "./capture.ts";
import type { ServiceDeps, ServiceParts } from "./deps.ts";
import { Lanes } from "./lanes.ts";
import { LogIterator } from "./log-iterator.ts";
import { type LongCall, LongCalls } from "./long-calls.ts";
import {
  diff,
  getCheckpoint,
  listCheckpoints,
  listEvents,
  listFiles,
  planRestore,
} from "./reads.ts";
import { ensureRecovered, recoverAtStart } from "./recovery.ts";
import { restore } from "./restore.ts";
import { compact } from "./compact.ts";
import { realUptime, SteadyTime } from "./steady-time.ts";
import { deleteCheckpoint, listTrash, undelete } from "./trash.ts";
import { listOperations, redo, undo } from "./undo.ts";
import { Upkeep } from "./upkeep.ts";
import { Usage } from "./usage.ts";
import { type Validated, validate } from "./validate.ts";
import { Findings } from "./findings.ts";
import { type RepairFacts, repair } from "./repair.ts";
import { storeFacts } from "./store-facts.ts";

/** Work that has no session of its own yet, such as creating one, shares this lane. */
const storeLane = "*";

/** How long followers have to read a session's last event before its rows go. */
const purgeDelayMs = 1000;

type Calls = Pick<Service, ServiceMethod>;
type Handlers = {
  [M in ServiceMethod]: (
    params: ParsedParams<M>,
    context: CallContext,
    call: LongCall,
  ) => Promise<Result<M>>;
};

function handlersOf(
  deps: ServiceDeps,
  calls: LongCalls,
  lanes: Lanes,
  live: LiveFacts,
  upkeep: Upkeep,
  usage: Usage,
): Handlers {
  const validated = new Findings<Validated>(deps.newId);
  const repaired = new Findings<RepairFacts>(deps.newId);
  const later = (work: () => Promise<void>) => {
    const delayed = new Promise<void>((resolve) => setTimeout(resolve, purgeDelayMs)).then(work);
    delayed.then(
      () => upkeep.released(),
      (error: unknown) => deps.log.error({ err: error }, "a purge failed"),
    );
    lanes.track(delayed);
  };
  return {
    create_session: (params, context) => createSession(deps, params, context),
    list_sessions: (params) => listSessions(deps, live, params),
    get_session: (params) => getSession(deps, live, params),
    scan_workspace: (params, _context, call) => scanWorkspace(deps, call, params),
    update_session: async (params, context) => {
      const answer = await updateSession(deps, params, context);
      // A policy is shown as soon as it is set.
      if (params.settings?.retention !== undefined) void upkeep.lookAtPolicies();
      return answer;
    },
    delete_session: (params, context) => deleteSession(deps, params, context, later),
    undelete_session: (params, context) => undeleteSession(deps, params, context),
    checkpoint: (params, context, call) => checkpoint(deps, usage, call, params, context),
    list_checkpoints: (params) => listCheckpoints(deps, params),
    get_checkpoint: (params) => getCheckpoint(deps, params),
    update_checkpoint: (params, context) => updateCheckpoint(deps, params, context),
    annotate: (params, context) => annotate(deps, params, context),
    delete_annotation: (params, context) => deleteAnnotation(deps, params, context),
    delete: async (params, context) => {
      const answer = await deleteCheckpoint(deps, params, context);
      if (params.permanent === true) upkeep.released();
      return answer;
    },
    undelete: (params, context) => undelete(deps, params, context),
    list_trash: (params) => listTrash(deps, params),
    compact: (params, context, call) => compact(deps, call, params, context),
    plan_restore: (params, _context, call) => planRestore(deps, call, params),
    restore: (params, context, call) => restore(deps, call, params, context),
    undo: (params, context, call) => undo(deps, call, params, context),
    redo: (params, context, call) => redo(deps, call, params, context),
    cancel: async ({ operation_id }) => ({ cancelled: calls.cancel(operation_id) }),
    list_operations: (params) => listOperations(deps, params),
    diff: (params) => diff(deps, params),
    list_files: (params) => listFiles(deps, params),
    validate: (params, _context, call) => validate(deps, validated, call, params),
    repair: (params, _context, call) => repair(deps, repaired, call, params),
    collect: async ({ operation_id = deps.newId() }, _context, call) => ({
      operation_id,
      ...(await upkeep.collector.collect(call, operation_id)),
    }),
    store_facts: () => storeFacts(deps, usage),
    list_folders: (params) => deps.runner.folders(params.path),
    start_demo: (_params, context) => startDemo(deps, lanes, context),
    list_events: (params) => listEvents(deps, params),
  };
}

function laneOf(kind: MethodKind, params: object): string | null {
  if (kind !== "mutation") return null;
  return "session_id" in params && typeof params.session_id === "string"
    ? params.session_id
    : storeLane;
}

/**
 * Sends the mutations of one session through its lane, in the order they came. `cancel` reaches a
 * call from the moment that it came, also while it waits for others.
 */
function throughLanes(handlers: Handlers, lanes: Lanes, calls: LongCalls): Calls {
  const wrapped = Object.entries(handlers).map(([name, handler]) => {
    const { kind } = methods[name as MethodName];
    const work = handler as (p: object, context: CallContext, call: LongCall) => Promise<unknown>;
    return [
      name,
      (params: { operation_id?: string }, context: CallContext) => {
        const lane = laneOf(kind, params);
        // The id that `cancel` is given stands for another call there.
        const id = name === "cancel" ? undefined : params.operation_id;
        return calls.run(id, async (call) => {
          if (lane === null) return await work(params, context, call);
          return await lanes.run(lane, async () => {
            call.check();
            return await work(params, context, call);
          });
        });
      },
    ];
  });
  return Object.fromEntries(wrapped) as Calls;
}

/** Recovers what a crash cut, then serves. */
export async function createService(parts: ServiceParts): Promise<Service> {
  const uptime = parts.uptime ?? realUptime();
  const steady = await SteadyTime.open(parts.store, parts.clock, uptime);
  const deps = { ...parts, steady };
  await recoverAtStart(deps);
  const calls = new LongCalls();
  const live = new LiveFacts((message) => calls.send(message));
  const lanes = new Lanes();
  const upkeep = new Upkeep(deps, lanes, live);
  const usage = new Usage(deps, () => upkeep.released());
  return {
    ...throughLanes(handlersOf(deps, calls, lanes, live, upkeep, usage), lanes, calls),
    subscribe: (session_id, after) => new LogIterator(deps, session_id, after),
    live,
    upkeep,
    cautiousNow: () => Math.min(deps.clock(), steady.now()),
    onProgress: (listener) => calls.listen(listener),
    recover: (session_id) => lanes.run(session_id, () => ensureRecovered(deps, session_id)),
    checkpointIfChanged: (session_id, reason) =>
      lanes.run(session_id, () => checkpointIfChanged(deps, usage, session_id, reason)),
    drain: async () => {
      usage.close();
      await Promise.all([upkeep.close(), lanes.drain()]);
    },
  };
}
