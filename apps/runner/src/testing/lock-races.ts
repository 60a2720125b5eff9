import type { ChildProcessByStdio } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

/** A process of `lock-racer.ts`. */
class Racer {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  constructor(dir: string) {
    const script = new URL("lock-racer.ts", import.meta.url).pathname;
    this.#child = spawn(process.execPath, [script, dir], { stdio: ["pipe", "pipe", "inherit"] });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async line(): Promise<string> {
    const { value } = (await this.#lines.next()) as { value: string | undefined };
    return value ?? "ended";
  }

  tell(order: "go" | "give"): void {
    this.#child.stdin.write(`${order}\n`);
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exited;
  }
}

/**
 * Several processes start on one store at once, again and again; now and then the owner is killed
 * instead of letting go. Gives each round that did not end with exactly one owner.
 */
export async function raceForLock(dir: string, rounds: number, racers: number): Promise<string[]> {
  const wrong: string[] = [];
  let all: Racer[] = [];
  try {
    for (let round = 0; round < rounds; round += 1) {
      while (all.length < racers) {
        const racer = new Racer(dir);
        all.push(racer);
        await racer.line();
      }
      for (const racer of all) racer.tell("go");
      const answers = await Promise.all(all.map((racer) => racer.line()));
      const owners = answers.filter((answer) => answer === "owner").length;
      const refused = answers.filter((answer) => answer === "refused").length;
      if (owners !== 1 || refused !== racers - 1) wrong.push(`round ${round}: ${answers.join()}`);
      const owner = all[answers.indexOf("owner")];
      if (round % 10 === 9) {
        await owner?.kill();
        all = all.filter((racer) => racer !== owner);
      } else {
        owner?.tell("give");
        await owner?.line();
      }
    }
  } finally {
    await Promise.all(all.map((racer) => racer.kill()));
  }
  return wrong;
}
