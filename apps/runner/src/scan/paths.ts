import { isUtf8 } from "node:buffer";
import { ProtocolError } from "@cairn/shared/errors";
import type { PathParam } from "@cairn/shared/files";

const slash = 0x2f;

/** A path's wire keys: its text, and its bytes too where they are not valid UTF-8. */
export function wirePath(path: Buffer): { path: string; path_b64?: string } {
  const text = path.toString();
  return isUtf8(path) ? { path: text } : { path: text, path_b64: path.toString("base64") };
}

/** Bytes of a relative path that came from outside; `invalid_params` unless it stays inside. */
export function pathBytes(param: PathParam): Buffer {
  const bytes =
    typeof param === "string" ? Buffer.from(param) : Buffer.from(param.path_b64, "base64");
  const path = bytes.at(-1) === slash ? bytes.subarray(0, -1) : bytes;
  const names = splitPath(path);
  if (names.length === 0 || path.includes(0) || names.some(leavesFolder)) {
    throw new ProtocolError(
      "invalid_params",
      `"${bytes.toString()}" is no path inside the workspace. Give it relative to the workspace, such as "src/main.ts".`,
    );
  }
  return path;
}

function leavesFolder(name: Buffer): boolean {
  return name.length === 0 || name.equals(Buffer.from(".")) || name.equals(Buffer.from(".."));
}

/** Names of a relative path, outermost first; none for the root, which is the empty path. */
export function splitPath(path: Buffer): Buffer[] {
  const names: Buffer[] = [];
  let start = 0;
  while (start < path.length || (start > 0 && start === path.length)) {
    const end = path.indexOf(slash, start);
    names.push(path.subarray(start, end === -1 ? path.length : end));
    if (end === -1) break;
    start = end + 1;
  }
  return names;
}

/** `folder/name`; the root folder is the empty path. */
export function joinPath(folder: Buffer, name: Buffer): Buffer {
  return folder.length === 0 ? name : Buffer.concat([folder, Buffer.from("/"), name]);
}
