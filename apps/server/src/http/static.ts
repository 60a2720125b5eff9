import { createHash, randomBytes } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import type { MiddlewareHandler } from "hono";
import type { Env } from "./guards.ts";

const types: Record<string, string> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
};

interface Asset {
  body: Buffer;
  type: string;
  etag: string;
  immutable: boolean;
}

/** The built page, by path. */
export type WebFiles = ReadonlyMap<string, Asset>;

/** Reads the built page into memory: a later build cannot mix its files into what we serve. */
export async function loadWebFiles(dist: string): Promise<WebFiles> {
  const files = new Map<string, Asset>();
  for (const entry of await readdir(dist, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name.startsWith(".")) continue;
    const file = join(entry.parentPath, entry.name);
    const path = `/${relative(dist, file).split(sep).join("/")}`;
    const body = await readFile(file);
    files.set(path, {
      body,
      type: types[extname(path)] ?? "application/octet-stream",
      etag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`,
      // The build names what is in assets/ by its content.
      immutable: path.startsWith("/assets/"),
    });
  }
  return files;
}

/** What the page may do. Scripts are files only; a style element needs the nonce of its response. */
function policyOf(host: string, nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    // React, Radix and the virtualizer place things by style attributes.
    "style-src-attr 'unsafe-inline'",
    `connect-src 'self' ws://${host} wss://${host}`,
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "worker-src 'self'",
    "manifest-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}

const notBuilt = `<!doctype html><html lang="en"><title>Cairn</title>
<p>The dashboard is not built. Start the server by <code>npm start</code>.`;

/** The page: its files, and index.html for every other path, since the page routes by itself. */
export function servePage(files: WebFiles): MiddlewareHandler<Env> {
  return async (context, next) => {
    const { method, path } = context.req;
    if (method !== "GET" && method !== "HEAD") return await next();
    const asset = path === "/index.html" ? undefined : files.get(path);
    if (asset !== undefined) {
      const headers = {
        "content-type": asset.type,
        "cache-control": asset.immutable ? "public, max-age=31536000, immutable" : "no-cache",
        etag: asset.etag,
      };
      if (context.req.header("if-none-match") === asset.etag)
        return context.body(null, 304, headers);
      return context.body(new Uint8Array(asset.body), 200, headers);
    }
    // A missing script must not be answered with a page.
    if (path.startsWith("/assets/")) return await next();
    const nonce = randomBytes(16).toString("base64");
    const index = files.get("/index.html")?.body.toString("utf8");
    // Libraries that make style elements ask for the nonce here.
    const html = index?.replace("</head>", `<meta property="csp-nonce" nonce="${nonce}"></head>`);
    return context.body(html ?? notBuilt, html === undefined ? 503 : 200, {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-cache",
      "content-security-policy": policyOf(context.req.header("host") ?? "", nonce),
    });
  };
}
