import type { Result } from "@cairn/shared/methods";

/** One connection, as `list_connections` tells of it. */
export type ConnectionFacts = Result<"list_connections">["connections"][number];

/** Something that is connected and that `list_connections` tells of: a WebSocket, an event stream. */
export interface Connected {
  readonly connection_id: string;
  facts(): Omit<ConnectionFacts, "current">;
}
