// All that a hostile or broken program may send, against a server in a process of its own.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { callOver } from "../testing/call.ts";
import { spawnServer } from "../testing/spawn-server.ts";
import { fuzzFrames } from "./frame-fuzz.ts";
import { fuzzHttp } from "./http-fuzz.ts";
import { fuzzJson } from "./json-fuzz.ts";
import type { Findings, Target } from "./json-fuzz.ts";

interface Options {
  seed: number;
  messages: number;
}

export interface Report {
  json: Findings;
  frames: Findings;
  http: Findings;
  /** Null while the server runs on. */
  exited: number | string | null;
  /** Lines of its log that say that something unforeseen happened. */
  errors: string[];
}

/** Sends so many messages in all and tells what came of them. */
export async function fuzz({ seed, messages }: Options): Promise<Report> {
  const dataDir = await mkdtemp(join(tmpdir(), "cairn-fuzz-"));
  const server = await spawnServer({ dataDir, args: ["--auth", "off"] });
  try {
    const { url, ws, pid } = server.ready;
    const call = { url, token: null };
    const sessions: string[] = [];
    for (const name of ["one", "two", "three"]) {
      const { session_id } = await callOver(call, "create_session", { name });
      await callOver(call, "checkpoint", { session_id, message: name });
      sessions.push(session_id);
    }
    const target: Target = { url, ws, sessions };
    const json = await fuzzJson(target, seed, Math.floor(messages * 0.6));
    const frames = await fuzzFrames(target, seed + 1, Math.floor(messages * 0.3));
    const http = await fuzzHttp(target, seed + 2, Math.ceil(messages * 0.1));
    // The same process as in the beginning still serves.
    const { healthy } = await callOver(call, "health", {});
    const alive = healthy && server.ready.pid === pid;
    const lines = `${server.stdout}\n${server.stderr}`.split("\n");
    const errors = lines.filter((line) => /"level":(50|60|"error"|"fatal")/.test(line));
    return { json, frames, http, errors, exited: alive ? null : "unhealthy" };
  } finally {
    await server.end();
    await rm(dataDir, { recursive: true, force: true });
  }
}
