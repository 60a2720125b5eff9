import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { PlainClient } from "./plain-client.ts";

/** A running server, as a suite needs it. */
export interface ServerUnderTest {
  /** `http://…` without a path. */
  url: string;
  /** `ws://…/ws`. */
  ws: string;
  token: string;
  /** Ends it and starts another one on the same data. */
  restart(): Promise<ServerUnderTest>;
  stop(): Promise<void>;
}

export interface Suite {
  start: () => Promise<ServerUnderTest>;
}

/** A session with a folder of its own, and files in it. */
export interface Scene {
  session_id: string;
  folder: string;
  write(path: string, text: string): Promise<void>;
  read(path: string): Promise<string>;
}

/** Server, clients and folders of a test file, ended together. */
export class Stage {
  server: ServerUnderTest;
  readonly #clients: PlainClient[] = [];
  readonly #folders: string[] = [];

  constructor(server: ServerUnderTest) {
    this.server = server;
  }

  async client(): Promise<PlainClient> {
    const client = await PlainClient.signedIn(this.server.ws, this.server.token);
    this.#clients.push(client);
    return client;
  }

  /** A client that has not signed in. */
  async stranger(): Promise<PlainClient> {
    const client = await PlainClient.open(this.server.ws);
    this.#clients.push(client);
    return client;
  }

  async folder(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), "cairn-conformance-"));
    this.#folders.push(folder);
    return folder;
  }

  async scene(client: PlainClient, name = "scene"): Promise<Scene> {
    const folder = await this.folder();
    const write = async (path: string, text: string) => {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    };
    await write("README.md", "# a folder\n");
    await write("src/main.txt", "first\n");
    const { session_id } = await client.result("create_session", { name, workspace: folder });
    return {
      session_id: String(session_id),
      folder,
      write,
      read: (path) => readFile(join(folder, path), "utf8"),
    };
  }

  async restart(): Promise<void> {
    this.#closeClients();
    this.server = await this.server.restart();
  }

  async end(): Promise<void> {
    this.#closeClients();
    await this.server.stop();
    for (const folder of this.#folders) await rm(folder, { recursive: true, force: true });
  }

  #closeClients(): void {
    for (const client of this.#clients.splice(0)) client.close();
  }
}

/** Makes a checkpoint and gives its id. */
export async function checkpoint(
  client: PlainClient,
  { session_id }: Scene,
  more: object = {},
): Promise<string> {
  const result = await client.result("checkpoint", { session_id, ...more });
  return String(result["checkpoint_id"]);
}
