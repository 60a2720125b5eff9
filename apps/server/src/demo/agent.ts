import { appendFile, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { MethodName, Params, Result } from "@cairn/shared/methods";
import { script, type Step } from "./script.ts";

export interface AgentOptions {
  /** Base address of this server, such as `http://127.0.0.1:4870`. */
  url: string;
  token: string | null;
  session_id: string;
  folder: string;
  /** Asked before each step. */
  stopped: () => boolean;
}

/** Edits the files in place, so that a step works on what a person left there meanwhile. */
async function editFiles(folder: string, step: Step): Promise<void> {
  const at = (name: string) => path.join(folder, name);
  for (const name of step.remove ?? []) await rm(at(name), { force: true });
  for (const [name, text] of Object.entries(step.write ?? {})) await writeFile(at(name), text);
  for (const [name, text] of Object.entries(step.append ?? {})) await appendFile(at(name), text);
  for (const { file, from, to } of step.replace ?? []) {
    const text = await readFile(at(file), "utf8");
    await writeFile(
      at(file),
      text.replace(from, () => to),
    );
  }
}

/** A scripted agent: it changes real files, and checkpoints over HTTP like any other script. */
export async function runAgent(options: AgentOptions): Promise<void> {
  const { session_id } = options;
  const named = new Map<string, string>();

  async function call<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> {
    const response = await fetch(new URL(`/api/${method}`, options.url), {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(options.token === null ? {} : { authorization: `Bearer ${options.token}` }),
      },
      body: JSON.stringify(params),
    });
    const body = (await response.json()) as { result: Result<M>; error?: string };
    if (!response.ok) throw new Error(`${method}: ${body.error ?? response.status}`);
    return body.result;
  }

  for (const [index, step] of script.entries()) {
    await wait(step.after, undefined, { ref: false });
    if (options.stopped()) return;
    await editFiles(options.folder, step);
    if (step.checkpoint !== undefined) {
      const { message, tags = [], reason, name } = step.checkpoint;
      const { checkpoint_id } = await call("checkpoint", {
        session_id,
        message,
        tags,
        author: "demo agent",
        trigger: { kind: "automatic", reason },
        state: { step: index + 1, of: script.length, plan: message },
      });
      if (name !== undefined) named.set(name, checkpoint_id);
    }
    if (step.annotate !== undefined) {
      const checkpoint_id = named.get(step.annotate.name);
      const { note, severity } = step.annotate;
      if (checkpoint_id !== undefined) {
        await call("annotate", { session_id, checkpoint_id, note, severity });
      }
    }
    if (step.restore !== undefined) {
      const checkpoint_id = named.get(step.restore.name);
      if (checkpoint_id !== undefined) await call("restore", { session_id, checkpoint_id });
    }
  }
}
