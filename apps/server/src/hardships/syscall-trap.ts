import { execFileSync, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Random } from "../simulation/random.ts";

/** What leaves a trace on disk, or is about to. */
const syscalls = ["pwrite64", "pwrite64", "pwritev", "writev", "fdatasync", "fsync", "rename"];
syscalls.push("link", "unlink", "fchmod", "ftruncate", "write", "openat", "close");
/** Of these the smallest work makes dozens. */
const frequent = new Set(["write", "openat", "close"]);

/** Whether strace is there, and may end a process at a system call. */
export function hasStrace(): boolean {
  try {
    const inject = ["-e", "trace=write", "-e", "inject=write:signal=KILL:when=1"];
    execFileSync("strace", ["-D", "-f", "-qq", "-o", "/dev/null", ...inject, "echo", "here"], {
      stdio: "ignore",
    });
    return false;
  } catch (error) {
    return error instanceof Error && "signal" in error && error.signal === "SIGKILL";
  }
}

/** Ends the process at the n-th such call of one of its threads. */
function flags(random: Random, most: number): string[] {
  const name = random.pick(syscalls);
  const when = Math.round(2 ** (random.next() * (frequent.has(name) ? most + 3 : most)));
  // Not by --seccomp-bpf, under which strace 6.1 injects no signal.
  return ["-f", "-o", "/dev/null", "-e", `trace=${name}`].concat([
    "-e",
    `inject=${name}:signal=KILL:when=${when}`,
  ]);
}

/** What to start a server through so that its start, or what it does soon after, is cut. */
export function trapAtStart(random: Random): string[] {
  return ["strace", "-D", "-qq", ...flags(random, 7)];
}

/** Resolves once strace holds the process. */
async function attach(args: string[], pid: number): Promise<ChildProcess> {
  const strace = spawn("strace", [...args, "-p", String(pid)], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  // It says so for each thread that it holds.
  await Promise.race([once(strace.stderr, "data"), once(strace, "exit")]);
  strace.stderr.resume();
  return strace;
}

/** Sets the trap for what a running server does next. */
export async function trap(pid: number, random: Random): Promise<void> {
  await attach(flags(random, 5), pid);
}

const failing = ["pwrite64", "pwritev", "fdatasync", "fsync", "rename", "link", "unlink"];
failing.push("mkdir", "rmdir", "fchmod", "ftruncate", "openat");
const errors = ["EIO", "ENOSPC", "EDQUOT", "EROFS", "EACCES"];

/** Makes a system call of a running server fail, once or from the n-th on; `end` ends that. */
export async function fail(
  pid: number,
  random: Random,
): Promise<{ what: string; end: () => Promise<void> }> {
  const name = random.pick(failing);
  // What cannot be opened for reading is skipped, and the checkpoint says so: another matter.
  const error = name === "openat" ? "EMFILE" : random.pick(errors);
  const when = `${random.between(1, name === "openat" ? 40 : 8)}${random.chance(0.4) ? "+" : ""}`;
  const args = ["-f", "-o", "/dev/null", "-e", `trace=${name}`];
  args.push("-e", `inject=${name}:error=${error}:when=${when}`);
  const strace = await attach(args, pid);
  const ended = once(strace, "exit");
  return {
    what: `${error} at ${name} ${when}`,
    async end() {
      strace.kill("SIGTERM");
      await ended;
    },
  };
}
