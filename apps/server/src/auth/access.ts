import { ProtocolError } from "@cairn/shared/errors";

interface Reach {
  /** Host the server listens on, without brackets. */
  host: string;
  allowedHosts: readonly string[];
  publicUrl: string | null;
}

/** What a request says about where it comes from; null where the header is absent. */
export interface Provenance {
  origin: string | null;
  fetchSite: string | null;
}

const wildcard = new Set(["0.0.0.0", "::"]);

/**
 * The exact lists of hosts we answer to and of origins whose pages may call. A page of another
 * site reaches a loopback port too, by DNS rebinding even under a name of its own.
 */
export class AccessList {
  readonly #reach: Reach;
  readonly #hosts = new Set<string>();
  readonly #origins = new Set<string>();

  constructor(reach: Reach) {
    this.#reach = reach;
  }

  /** Must be called once the port is known; before, every host is refused. */
  bound(port: number): void {
    const { host, allowedHosts, publicUrl } = this.#reach;
    const names = new Set(["127.0.0.1", "localhost", "[::1]"]);
    if (!wildcard.has(host)) names.add((host.includes(":") ? `[${host}]` : host).toLowerCase());
    for (const name of names) this.#add(`${name}:${port}`, ["http"]);
    if (port === 80) for (const name of names) this.#add(name, ["http"]);
    for (const name of allowedHosts) {
      this.#add(name, ["http", "https"]);
      if (!/:\d+$/.test(name)) this.#add(`${name}:${port}`, ["http", "https"]);
    }
    if (publicUrl !== null) {
      this.#hosts.add(new URL(publicUrl).host);
      this.#origins.add(publicUrl);
    }
  }

  #add(host: string, schemes: string[]): void {
    this.#hosts.add(host);
    for (const scheme of schemes) this.#origins.add(`${scheme}://${host}`);
  }

  /** Throws `host_refused`. */
  checkHost(host: string | null): void {
    if (host !== null && this.#hosts.has(host.toLowerCase())) return;
    throw new ProtocolError(
      "host_refused",
      "This server does not answer to that host name. Open it as 127.0.0.1 or localhost, or start it with --allowed-host.",
    );
  }

  /** Throws `origin_refused`: for all that can be called or connected to. */
  checkOrigin({ origin, fetchSite }: Provenance): void {
    const foreign = origin !== null && !this.#origins.has(origin.toLowerCase());
    if (!foreign && fetchSite !== "cross-site" && fetchSite !== "same-site") return;
    throw new ProtocolError("origin_refused", "Pages of other sites may not call this server.");
  }
}
