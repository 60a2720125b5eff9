import { ProtocolError } from "@cairn/shared/errors";
import type { Role } from "@cairn/shared/methods/define";
import type { BrowserKeys } from "./browser-keys.ts";
import { sameSecret } from "./secrets.ts";

/** Who calls. `actor` stands in events and operations. */
export interface Principal {
  actor: string;
  role: Role;
  /** The browser key it signed in with. */
  key_id: string | null;
}

const anyone: Principal = { actor: "anyone", role: "admin", key_id: null };
const rank: Record<Role, number> = { public: 0, viewer: 1, operator: 2, admin: 3 };

interface Options {
  mode: "token" | "off";
  adminToken: string;
  keys: Pick<BrowserKeys, "verify">;
}

/** Tells who a token belongs to. */
export class Authenticator {
  readonly mode: "token" | "off";
  readonly #adminToken: string;
  readonly #keys: Pick<BrowserKeys, "verify">;

  constructor({ mode, adminToken, keys }: Options) {
    this.mode = mode;
    this.#adminToken = adminToken;
    this.#keys = keys;
  }

  /** Null when nobody is signed in by this token. Under `off` everybody is, with any or none. */
  async principal(token: string | null): Promise<Principal | null> {
    if (this.mode === "off") return anyone;
    if (token === null) return null;
    if (sameSecret(token, this.#adminToken)) return { actor: "admin", role: "admin", key_id: null };
    const key = await this.#keys.verify(token);
    return key === null ? null : { actor: key.label, role: "admin", key_id: key.key_id };
  }
}

/** Throws `unauthenticated` or `forbidden` unless the caller may do what needs this role. */
export function requireRole(principal: Principal | null, role: Role): void {
  if (role === "public") return;
  if (principal === null) {
    throw new ProtocolError(
      "unauthenticated",
      "Sign in first: send a token or browser key (`npm run login` prints a link).",
    );
  }
  if (rank[principal.role] < rank[role]) {
    throw new ProtocolError("forbidden", `This needs the role ${role}.`);
  }
}
