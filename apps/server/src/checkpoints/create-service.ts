import type { MethodKind, MethodName } from "@cairn/shared/methods";
import { methods } from "@cairn/shared/methods";
import { startDemo } from "../demo/start-demo.ts";
import type { CallContext, Service, ServiceMethod } from "../service.ts";
import { createSession } from "../sessions/create.ts";
import { deleteSession, undeleteSession } from "../sessions/delete.ts";
import { getSession, listSessions, scanWorkspace } from "../sessions/reads.ts";
import { updateSession } from "../sessions/update.ts";
import { annotate, deleteAnnotation, updateCheckpoint } from "./annotations.ts";
import { checkpoint } from "./capture.ts";
import type { ServiceDeps } from "./deps.ts";
import { Lanes } from "./lanes.ts";
import { LogIterator } from "./log-iterator.ts";
import { ProgressHub } from "./progress.ts";
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
import { compact } from "./retention.ts";
import { deleteCheckpoint, listTrash, undelete } from "./trash.ts";
import { listOperations, redo, undo } from "./undo.ts";
import { validate } from "./validate.ts";

/** Work that has no session of its own yet, such as creating one, shares this lane. */
const storeLane = "*";

/** How long followers have to read a session's last event before its rows go. */
const purgeDelayMs = 1000;

type Handlers = Pick<Service, ServiceMethod>;

function handlersOf(deps: ServiceDeps, progress: ProgressHub, lanes: Lanes): Handlers {
  const later = (work: () => Promise<void>) => {
    const delayed = new Promise<void>((resolve) => setTimeout(resolve, purgeDelayMs)).then(work);
    delayed.catch((error: unknown) => deps.log.error({ err: error }, "a purge failed"));
    lanes.track(delayed);
  };
  return {
    create_session: (params, context) => createSession(deps, params, context),
    list_sessions: (params) => listSessions(deps, params),
    get_session: (params) => getSession(deps, params),
    scan_workspace: (params) => scanWorkspace(deps, params),
    update_session: (params, context) => updateSession(deps, params, context),
    delete_session: (params, context) => deleteSession(deps, params, context, later),
    undelete_session: (params, context) => undeleteSession(deps, params, context),
    checkpoint: (params, context) => checkpoint(deps, progress, params, context),
    list_checkpoints: (params) => listCheckpoints(deps, params),
    get_checkpoint: (params) => getCheckpoint(deps, params),
    update_checkpoint: (params, context) => updateCheckpoint(deps, params, context),
    annotate: (params, context) => annotate(deps, params, context),
    delete_annotation: (params, context) => deleteAnnotation(deps, params, context),
    delete: (params, context) => deleteCheckpoint(deps, params, context),
    undelete: (params, context) => undelete(deps, params, context),
    list_trash: (params) => listTrash(deps, params),
    compact: (params, context) => compact(deps, params, context),
    plan_restore: (params) => planRestore(deps, progress, params),
    restore: (params, context) => restore(deps, progress, params, context),
    undo: (params, context) => undo(deps, progress, params, context),
    redo: (params, context) => redo(deps, progress, params, context),
    list_operations: (params) => listOperations(deps, params),
    diff: (params) => diff(deps, params),
    list_files: (params) => listFiles(deps, params),
    validate: (params) => validate(deps, progress, params),
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

/** Sends the mutations of one session through its lane, in the order they came. */
function throughLanes(handlers: Handlers, lanes: Lanes): Handlers {
  const wrapped = Object.entries(handlers).map(([name, handler]) => {
    const { kind } = methods[name as MethodName];
    const call = handler as (params: object, context: CallContext) => Promise<unknown>;
    return [
      name,
      (params: object, context: CallContext) => {
        const lane = laneOf(kind, params);
        return lane === null ? call(params, context) : lanes.run(lane, () => call(params, context));
      },
    ];
  });
  return Object.fromEntries(wrapped) as Handlers;
}

/** Recovers what a crash cut, then serves. */
export async function createService(deps: ServiceDeps): Promise<Service> {
  await recoverAtStart(deps);
  const progress = new ProgressHub();
  const lanes = new Lanes();
  return {
    ...throughLanes(handlersOf(deps, progress, lanes), lanes),
    subscribe: (session_id, after) => new LogIterator(deps, session_id, after),
    onProgress: (listener) => progress.listen(listener),
    recover: (session_id) => lanes.run(session_id, () => ensureRecovered(deps, session_id)),
    drain: () => lanes.drain(),
  };
}
