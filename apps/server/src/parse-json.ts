import { ProtocolError } from "@cairn/shared/errors";
import { caps } from "@cairn/shared/session";

const quote = 0x22;
const backslash = 0x5c;

/** Whether JSON text nests deeper than `limit`, without building anything. */
function deeperThan(text: string, limit: number): boolean {
  let depth = 0;
  for (let i = 0; i < text.length; i += 1) {
    switch (text.charCodeAt(i)) {
      case quote:
        for (i += 1; i < text.length && text.charCodeAt(i) !== quote; i += 1) {
          if (text.charCodeAt(i) === backslash) i += 1;
        }
        break;
      case 0x5b:
      case 0x7b:
        depth += 1;
        if (depth > limit) return true;
        break;
      case 0x5d:
      case 0x7d:
        depth -= 1;
        break;
      default:
    }
  }
  return false;
}

/** Parses JSON from outside; rejects with `invalid_json` also what nests deeper than 64 levels. */
export function parseJson(text: string): unknown {
  if (deeperThan(text, caps.json_depth)) {
    throw new ProtocolError("invalid_json", `JSON may nest at most ${caps.json_depth} levels.`);
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new ProtocolError("invalid_json", "This is not valid JSON.", { cause });
  }
}
