import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listTree } from "@cairn/runner/testing/tree";
import { ProtocolError } from "@cairn/shared/errors";
import type { ErrorCode } from "@cairn/shared/errors";
import type { MethodName, Params, Result } from "@cairn/shared/methods";
import { callOver } from "../testing/call.ts";
import { SpawnedServer } from "../testing/spawn-server.ts";

const program = join(import.meta.dirname, "../testing/crashing-server.ts");
const answerMs = 5_000;

export const isRoot = process.getuid?.() === 0;

/** Root passes every permission check: what is to be refused is done as this user. */
export const nobody = 65_534;
export const asNobody = isRoot
  ? ["setpriv", `--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups"]
  : [];

/** A real server among real folders, each call of which must be answered within five seconds. */
export class HardPlace {
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), "cairn-hard-")));
  readonly dataDir = join(this.root, "data");
  readonly #servers: SpawnedServer[] = [];
  readonly #mounts: string[] = [];
  #server: SpawnedServer | null = null;
  #token = "";

  constructor() {
    // Else nobody but us gets to what is below.
    execFileSync("chmod", ["755", this.root]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) await server.kill();
    if (process.env["CAIRN_LOG"] !== undefined) console.log(this.#server?.stderr);
    for (const place of this.#mounts.toReversed()) execFileSync("umount", ["--lazy", place]);
    rmSync(this.root, { recursive: true, force: true });
  }

  folder(name: string): string {
    const path = join(this.root, name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  /** Mounts a small disk there; for root only. */
  mount(name: string, size: string): string {
    const path = this.folder(name);
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size},mode=755`, "tmpfs", path]);
    this.#mounts.push(path);
    return path;
  }

  unmount(path: string): void {
    execFileSync("umount", [path]);
    this.#mounts.splice(this.#mounts.indexOf(path), 1);
  }

  /** Starts the server, or starts it anew on the same data. */
  async serve(options: Partial<ConstructorParameters<typeof SpawnedServer>[0]> = {}) {
    await this.#server?.end();
    const dataDir = options.dataDir ?? this.dataDir;
    const server = new SpawnedServer({ program, ...options, dataDir });
    this.#servers.push(server);
    await server.start();
    this.#server = server;
    this.#token = readFileSync(join(dataDir, "token"), "utf8").trim();
    return server;
  }

  get server(): SpawnedServer {
    if (this.#server === null) throw new Error("no server was started");
    return this.#server;
  }

  /** An answer that takes longer than five seconds is an error of another kind. */
  async call<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => late.reject(new Error(`${method} was not answered in ${answerMs} ms`)),
      answerMs,
    );
    try {
      const server = { url: this.server.url, token: this.#token };
      return await Promise.race([callOver(server, method, params), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** The code that a call is refused with, or `none`; anything but a typed error is thrown. */
  async refusal<M extends MethodName>(method: M, params: Params<M>): Promise<ErrorCode | "none"> {
    try {
      await this.call(method, params);
      return "none";
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return error.code;
    }
  }

  async session(workspace: string): Promise<string> {
    return (await this.call("create_session", { workspace })).session_id;
  }

  async checkpoint(session_id: string): Promise<string> {
    return (await this.call("checkpoint", { session_id })).checkpoint_id;
  }

  /** What a checkpoint holds, restored as a copy. */
  async copyOf(session_id: string, checkpoint_id: string): Promise<string[]> {
    const into = join(this.root, "copy");
    await this.call("restore", { session_id, checkpoint_id, into });
    const lines = listTree(into).slice(1);
    rmSync(into, { recursive: true });
    return lines;
  }

  /** What stands in a folder, without the folder's own line; empty when it is gone. */
  list(folder: string): string[] {
    return existsSync(folder) ? listTree(folder).slice(1) : [];
  }
}
