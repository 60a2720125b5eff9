import type { PathParam } from "@cairn/shared/files";

/** A path as the server names it: with its bytes where it is not valid UTF-8. */
export interface NamedPath {
  path: string;
  path_b64?: string | undefined;
}

/** One key a path, also for two names that read the same. No path begins with a slash. */
export function pathKey({ path, path_b64 }: NamedPath): string {
  return path_b64 === undefined ? path : `/${path_b64}`;
}

/** The path that a key (out of an address, say) stands for, as a param. */
export function keyParam(key: string): PathParam {
  return key.startsWith("/") ? { path_b64: key.slice(1) } : key;
}

/** The path as a param. */
export function pathParam(path: NamedPath): PathParam {
  return keyParam(pathKey(path));
}
