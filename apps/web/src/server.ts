import { connect, type Client } from "@cairn/shared/client";
import { ErrorEnvelope } from "@cairn/shared/envelope";
import { ProtocolError } from "@cairn/shared/errors";
import * as z from "zod/mini";

const storageKey = "cairn.key";
const LoginReply = z.object({ success: z.literal(true), result: z.object({ key: z.string() }) });

let current: Client | null = null;

/** The page's one connection. */
export function server(): Client {
  if (current === null) throw new Error("startServer() runs before anything else");
  return current;
}

function readKey(): string | null {
  try {
    return localStorage.getItem(storageKey);
  } catch {
    // Storage may be blocked: the page then asks for a new link at every visit.
    return null;
  }
}

function keepKey(key: string): void {
  try {
    localStorage.setItem(storageKey, key);
  } catch {
    // As above: this visit works.
  }
}

/** Takes the one-time code out of the address bar, before anything can copy or log it. */
function takeCode(): string | null {
  const code = new URLSearchParams(location.hash.slice(1)).get("login");
  if (code === null) return null;
  history.replaceState(history.state, "", location.pathname + location.search);
  return code;
}

async function login(code: string): Promise<string> {
  const response = await fetch("/api/login", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ code }),
  });
  const body: unknown = await response.json();
  const reply = LoginReply.safeParse(body);
  if (reply.success) return reply.data.result.key;
  const failed = ErrorEnvelope.safeParse(body);
  if (!failed.success)
    throw new Error(`The server answered a login with status ${response.status}.`);
  const { error, error_code, details } = failed.data;
  throw new ProtocolError(error_code, error, details === undefined ? {} : { details });
}

/** The base address of this server, such as `http://127.0.0.1:4870`. */
export const origin = location.origin;

/** Signs in with a login link or the code in it. The page has to be loaded again after it. */
export async function logIn(linkOrCode: string): Promise<void> {
  const pasted = linkOrCode.trim();
  keepKey(await login(/[#&]login=([^&]+)/.exec(pasted)?.[1] ?? pasted));
}

/** Connects, after trading a login code if the address has one. Resolves to why that failed, if it did. */
export async function startServer(): Promise<unknown> {
  let failure: unknown = null;
  const code = takeCode();
  if (code !== null) {
    try {
      await logIn(code);
    } catch (error) {
      failure = error;
    }
  }
  const client = connect({ url: `${origin.replace(/^http/, "ws")}/ws`, token: readKey() });
  current = client;
  // A link opened in a tab that is here already changes only the fragment, and loads nothing.
  addEventListener("hashchange", () => {
    if (new URLSearchParams(location.hash.slice(1)).has("login")) location.reload();
  });
  // A login in another tab signs this one in too.
  addEventListener("storage", (event) => {
    if (event.key !== storageKey || event.newValue === null) return;
    if (client.state.status === "refused") location.reload();
    else client.signIn(event.newValue);
  });
  return failure;
}
