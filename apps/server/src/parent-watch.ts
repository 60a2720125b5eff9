import { readFileSync } from "node:fs";

/** A process of the chain that started us. `started` tells it from a later one of the same pid. */
interface Ancestor {
  pid: number;
  started: string;
}

interface Facts {
  parent: number;
  started: string;
  alive: boolean;
}

const deepest = 8;

function factsOf(pid: number): Facts | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The second field is the name in parentheses, and may hold anything.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state = "", parent = "", started = ""] = [fields[0], fields[1], fields[19]];
    return { parent: Number(parent), started, alive: state !== "Z" && state !== "X" };
  } catch {
    return null;
  }
}

function isNpm(pid: number): boolean {
  try {
    const [program = "", script = ""] = readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0");
    // npm writes its command into its title: "npm start".
    return /^npm( |$)/.test(program) || /(^|\/)npm(-cli\.js)?$/.test(script);
  } catch {
    return false;
  }
}

/** The processes between us and the npm that started us, npm included; empty without one. */
function chainToNpm(): Ancestor[] {
  const chain: Ancestor[] = [];
  let pid = process.ppid;
  while (pid > 1 && chain.length < deepest) {
    const facts = factsOf(pid);
    if (facts === null) return [];
    chain.push({ pid, started: facts.started });
    if (isNpm(pid)) return chain;
    pid = facts.parent;
  }
  return [];
}

function isGone({ pid, started }: Ancestor): boolean {
  const facts = factsOf(pid);
  return facts === null || !facts.alive || facts.started !== started;
}

/** Calls `onGone` once when it has happened; the result ends the watch. */
export type NpmWatch = (onGone: () => void) => () => void;

/**
 * Finds the npm that started us, to tell later when it, or the shell between, has disappeared:
 * npm does not pass SIGTERM on, so a server would stay behind.
 */
export function findNpm(env: Record<string, string | undefined>, pollMs = 300): NpmWatch {
  if (env["npm_lifecycle_event"] === undefined) return () => () => undefined;
  const chain = process.platform === "linux" ? chainToNpm() : [];
  const parent = process.ppid;
  const gone = (): boolean =>
    process.platform === "linux"
      ? chain.some(isGone) || (chain.length > 0 && process.ppid !== parent)
      : process.ppid !== parent;
  return (onGone) => {
    const timer = setInterval(() => {
      if (!gone()) return;
      clearInterval(timer);
      onGone();
    }, pollMs).unref();
    return () => clearInterval(timer);
  };
}
