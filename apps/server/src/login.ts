// `npm run login`: asks the running server for a fresh link that signs a browser in.
import * as z from "zod/mini";
import { readAdminToken } from "./auth/admin-token.ts";
import { findServer } from "./auth/server-file.ts";
import { dataDirOf, parseFlags, tokenOf, UsageError } from "./config.ts";

const help = `npm run login -- [--data-dir DIR] [--json]

Prints a fresh link that signs a browser in to the running server.`;

const Reply = z.object({ result: z.object({ login_url: z.string() }) });
const Refusal = z.object({ error: z.string() });

async function freshLink(dataDir: string, token: string): Promise<string> {
  const server = await findServer(dataDir);
  if (server === null) {
    throw new UsageError(
      `No server runs on the data folder ${dataDir}. Start one by \`npm start\`.`,
    );
  }
  let body: unknown;
  try {
    const response = await fetch(`${server.url}/api/login-code`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: "{}",
      signal: AbortSignal.timeout(10_000),
    });
    body = await response.json();
  } catch (cause) {
    throw new UsageError(`The server at ${server.url} does not answer.`, { cause });
  }
  const reply = Reply.safeParse(body);
  if (reply.success) return reply.data.result.login_url;
  const refusal = Refusal.safeParse(body);
  throw new UsageError(
    `The server did not give a link: ${refusal.success ? refusal.data.error : "unknown answer"} ` +
      "If it was started with CAIRN_TOKEN, set that here too.",
  );
}

async function login(): Promise<void> {
  const { values } = parseFlags({
    args: process.argv.slice(2),
    options: {
      "data-dir": { type: "string" },
      json: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values["help"] === true) {
    console.log(help);
    return;
  }
  const dataDir = dataDirOf(values["data-dir"], process.env);
  const token = tokenOf(process.env) ?? (await readAdminToken(dataDir)) ?? "";
  const login_url = await freshLink(dataDir, token);
  console.log(values["json"] === true ? JSON.stringify({ login_url }) : login_url);
}

try {
  await login();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
