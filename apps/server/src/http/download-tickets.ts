import type { PathParam } from "@cairn/shared/files";
import { hashOf, newSecret } from "../auth/secrets.ts";

const ticketMs = 60_000;
const outstanding = 1_000;

/** The file that a ticket is for, and who asked for it. */
export interface Ticket {
  session_id: string;
  checkpoint_id: string;
  path: PathParam;
  actor: string;
}

/**
 * Tickets for one download each, in memory: a restart voids them. A page follows such a link with
 * the browser's own download, which sends no token.
 */
export class DownloadTickets {
  readonly #now: () => number;
  /** Hash of the secret → what it is for and when it expires, oldest first. */
  readonly #tickets = new Map<string, Ticket & { expires: number }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  issue(ticket: Ticket): string {
    const secret = newSecret(128);
    this.#sweep();
    for (const oldest of this.#tickets.keys()) {
      if (this.#tickets.size < outstanding) break;
      this.#tickets.delete(oldest);
    }
    this.#tickets.set(hashOf(secret), { ...ticket, expires: this.#now() + ticketMs });
    return secret;
  }

  /** What the ticket is for; it is good no more. Null when it never was, or is no longer. */
  redeem(secret: string): Ticket | null {
    this.#sweep();
    const hash = hashOf(secret);
    const found = this.#tickets.get(hash);
    this.#tickets.delete(hash);
    return found ?? null;
  }

  #sweep(): void {
    const now = this.#now();
    for (const [hash, { expires }] of this.#tickets) {
      if (expires <= now) this.#tickets.delete(hash);
    }
  }
}
