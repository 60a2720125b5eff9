import type { PathParam } from "@cairn/shared/files";
import type { Runner } from "@cairn/runner/runner";
import { ProtocolError } from "@cairn/shared/errors";
import { methods } from "@cairn/shared/methods";
import type { ParsedParams } from "@cairn/shared/methods";
import { Hono } from "hono";
import type { Context } from "hono";
import * as z from "zod/mini";
import type { Logger } from "../log.ts";
import type { Service } from "../service.ts";
import type { DownloadTickets } from "./download-tickets.ts";
import type { Env } from "./guards.ts";

const rangeBytes = 1024 * 1024;

interface Parts {
  service: Pick<Service, "get_checkpoint">;
  runner: Pick<Runner, "read">;
  log: Logger;
}

function pathOf(url: URL): PathParam {
  const path_b64 = url.searchParams.get("path_b64");
  // Base64 in either alphabet; a "+" that was not escaped in the query arrives as a space.
  if (path_b64 !== null) {
    const bytes = Buffer.from(path_b64.replaceAll(" ", "+"), "base64");
    return { path_b64: bytes.toString("base64") };
  }
  const at = url.pathname.indexOf("/files/");
  try {
    return decodeURIComponent(url.pathname.slice(at + "/files/".length));
  } catch (cause) {
    throw new ProtocolError("invalid_params", "The path is not URL-encoded UTF-8.", { cause });
  }
}

// RFC 6266: the plain name for old clients, the encoded one for all others.
function dispositionOf(path: string): string {
  const name = path.split("/").at(-1) ?? "file";
  const plain = name.replaceAll(/[^\u0020-\u007e]|["\\%]/g, "_");
  const encoded = encodeURIComponent(name.toWellFormed()).replaceAll(
    /['()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16)}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}

interface Wanted {
  session_id: string;
  checkpoint_id: string;
  path: PathParam;
  actor: string;
}

/** The tree of a checkpoint and the start of a file in it; says so if there is no such file. */
async function begin({ service, runner }: Parts, { actor, path, ...ids }: Wanted) {
  const { checkpoint } = await service.get_checkpoint(ids, { actor });
  const { tree } = checkpoint;
  if (tree === null) throw new ProtocolError("not_found", "This checkpoint has no files.");
  const first = await runner.read({ tree, path, offset: 0, length: rangeBytes });
  if (first.entry.kind === "directory") {
    throw new ProtocolError("invalid_params", "This path is a folder. list_files lists it.");
  }
  return { tree, first };
}

/** Answers with a file as a download that no browser will run. */
async function answer(context: Context<Env>, parts: Parts, wanted: Wanted): Promise<Response> {
  const { runner, log } = parts;
  const { path, session_id, checkpoint_id } = wanted;
  const { tree, first } = await begin(parts, wanted);
  const { entry } = first;
  const total = entry.kind === "symlink" ? first.data.length : entry.size;
  let sent = 0;
  const read = async (offset: number, length: number): ReturnType<Runner["read"]> => {
    try {
      return await runner.read({ tree, path, offset, length });
    } catch (error) {
      // The status is sent: all that is left is to cut the answer, so that it is not taken for whole.
      log.error({ err: error, session_id, checkpoint_id }, "a download was cut");
      throw error;
    }
  };
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const data =
        sent === 0 ? first.data : (await read(sent, Math.min(rangeBytes, total - sent))).data;
      sent += data.length;
      if (data.length > 0) controller.enqueue(data);
      if (sent >= total) controller.close();
      else if (data.length === 0) throw new Error("the file ended before its size");
    },
  });
  return context.body(body, 200, {
    "content-type": "application/octet-stream",
    "content-length": String(total),
    "content-disposition": dispositionOf(entry.path),
    "content-security-policy": "sandbox; default-src 'none'",
    "cache-control": "no-store",
  });
}

/** Contents of one file of one checkpoint. */
export function fileRoutes(parts: Parts): Hono<Env> {
  const routes = new Hono<Env>();
  routes.get("/sessions/:session_id/checkpoints/:checkpoint_id/files/*", async (context) => {
    const ids = z.safeParse(methods.get_checkpoint.params, context.req.param());
    if (!ids.success) throw new ProtocolError("invalid_params", "These ids are not UUIDs.");
    const path = pathOf(new URL(context.req.url));
    const param = z.safeParse(methods.list_files.params.shape.path, path);
    if (!param.success) throw new ProtocolError("invalid_params", "This path is malformed.");
    const actor = context.get("principal")?.actor ?? "nobody";
    return await answer(context, parts, { ...ids.data, path, actor });
  });
  return routes;
}

/** The same for whoever has a ticket, once: no token is asked for. */
export function downloadRoutes(parts: Parts, tickets: DownloadTickets): Hono<Env> {
  const routes = new Hono<Env>();
  routes.get("/downloads/:ticket", async (context) => {
    // A look ahead must not use the ticket up.
    if (context.req.method !== "GET") {
      throw new ProtocolError("method_not_allowed", "A download can only be fetched by GET.");
    }
    const ticket = tickets.redeem(context.req.param("ticket"));
    if (ticket !== null) return await answer(context, parts, ticket);
    throw new ProtocolError(
      "not_found",
      "This link was used or is over a minute old. Start the download again.",
    );
  });
  return routes;
}

/** Issues tickets for files that are there. */
export function ticketOffice(parts: Parts, tickets: DownloadTickets) {
  return async (params: ParsedParams<"download_ticket">, actor: string) => {
    const wanted = { ...params, actor };
    await begin(parts, wanted);
    return { url: `/api/downloads/${tickets.issue(wanted)}` };
  };
}
