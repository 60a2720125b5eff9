import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Row } from "./snapshot-report.ts";
import type { Tree } from "./snapshot-tree.ts";

const program = join(import.meta.dirname, "../../server/bench/snapshot-server.ts");

/** In ms. */
interface LoopDelay {
  p99: number;
  max: number;
}

interface Call {
  url: string;
  method: string;
  params: object;
}

async function call<T>({ url, method, params }: Call): Promise<T> {
  const response = await fetch(new URL(`/api/${method}`, url), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(params),
  });
  const body = (await response.json()) as { result: T; error?: string };
  if (!response.ok) throw new Error(`${method}: ${body.error}`);
  return body.result;
}

/**
 * How long the event loop of a server is held up while it captures the tree, by p99 and at most; and
 * for as long while nothing is asked of it, which is what the machine's other work does to it.
 */
export async function loopDelay(tree: Tree, home: string, rounds: number): Promise<Row[]> {
  const row = (what: string): Row => ({
    what,
    files: tree.files,
    unit: "ms",
    figures: {},
    goals: {},
  });
  const p99 = row("server's event loop while capturing, delay at p99 (goal 20 ms)");
  const max = row("server's event loop while capturing, longest delay");
  const idleP99 = row("server's event loop while idle for as long, delay at p99");
  const idleMax = row("server's event loop while idle for as long, longest delay");
  const took = row("capture by a call to the server");
  const child = fork(program, [join(home, "served")], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const heard = async <T>(): Promise<T> => ((await once(child, "message")) as [T])[0];
  try {
    const url = await heard<string>();
    const folder = { name: "bench", workspace: tree.folder };
    const session = { url, method: "create_session", params: folder };
    const { session_id } = await call<{ session_id: string }>(session);
    const watch = async (work: () => Promise<unknown>, [p99, max]: [Row, Row]): Promise<number> => {
      child.send("begin");
      const began = performance.now();
      await work();
      const took = performance.now() - began;
      child.send("tell");
      const told = await heard<LoopDelay>();
      (p99.figures.cairn ??= []).push(told.p99);
      (max.figures.cairn ??= []).push(told.max);
      return took;
    };
    for (let round = 0; round < rounds; round += 1) {
      const params = { session_id, message: `round ${round}` };
      const capture = (): Promise<unknown> => call({ url, method: "checkpoint", params });
      const ms = await watch(capture, [p99, max]);
      (took.figures.cairn ??= []).push(ms);
      await watch(() => setTimeout(ms), [idleP99, idleMax]);
    }
    return [took, p99, max, idleP99, idleMax];
  } finally {
    child.send("stop");
    await once(child, "exit");
  }
}
