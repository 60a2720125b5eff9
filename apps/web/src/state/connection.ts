import type { ConnectionState } from "@cairn/shared/client";
import { isConnected } from "@cairn/shared/connection-state";
import { create } from "zustand";
import { health } from "../actions.ts";
import { server } from "../server.ts";
import { toFailure } from "../ui/error.ts";

interface State {
  connection: ConnectionState;
  /** How this server signs people in, once it said so. */
  auth: "token" | "off" | null;
  /** Whether the server refused this page: it needs a login link. */
  signedOut: boolean;
  /** Why the login link in the address did not work. */
  loginFailure: unknown;
  /** The latest round trip in ms. The connection's own first figure counts the page's start too. */
  rttMs: number | null;
  /** When the connection was last known to be live, RFC 3339. */
  liveAt: string | null;
  /** What the page shows is older than the server: from a lost connection until it has caught up. */
  stale: boolean;
}

/** A round trip measured while the page is still starting says more about the page. */
const settledMs = 1500;

export const useConnection = create<State>(() => ({
  connection: { status: "connecting" },
  auth: null,
  signedOut: false,
  loginFailure: null,
  rttMs: null,
  liveAt: null,
  stale: false,
}));

async function measure(): Promise<void> {
  const asked = performance.now();
  try {
    await health();
    useConnection.setState({ rttMs: performance.now() - asked });
  } catch {
    // The connection's state says what happened.
  }
}

async function askHealth(): Promise<void> {
  try {
    const { auth } = await health();
    useConnection.setState({ auth, signedOut: false });
    setTimeout(() => void measure(), settledMs);
  } catch (error) {
    // Anything else shows itself as the connection's own state.
    if (toFailure(error).code === "unauthenticated") useConnection.setState({ signedOut: true });
  }
}

function take(connection: ConnectionState): void {
  const before = useConnection.getState().connection;
  useConnection.setState(
    connection.status === "refused" ? { connection, signedOut: true } : { connection },
  );
  if (connection.status === "live" || before.status === "live") {
    useConnection.setState({ liveAt: new Date().toISOString() });
  }
  if (connection.status === "live") useConnection.setState({ stale: false });
  else if (!isConnected(connection) && useConnection.getState().liveAt !== null)
    useConnection.setState({ stale: true });
  if (!isConnected(connection)) return;
  if (!isConnected(before)) void askHealth();
  else if (connection.status === "live") useConnection.setState({ rttMs: connection.rttMs });
}

/** Keeps the store true from now on. */
export function followConnection(loginFailure: unknown): void {
  useConnection.setState({ loginFailure });
  server().onState(take);
  take(server().state);
}

function offlineReason({ connection }: State): string | null {
  switch (connection.status) {
    case "live":
    case "catching_up":
      return null;
    case "connecting":
      return "Connecting to the server…";
    case "refused":
      return "Not signed in";
    case "offline":
    case "closed":
      return "Offline: this needs the server";
    default:
      return connection satisfies never;
  }
}

/** Why nothing can be asked of the server now, or null: give it to `reason` of buttons and menus. */
export function useOffline(): string | null {
  return useConnection(offlineReason);
}
