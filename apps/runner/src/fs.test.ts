import os from "node:os";
import { getSystemErrorMap } from "node:util";
import { expect, test } from "vitest";
import { codeOf } from "./fs.ts";
import { failure } from "./restore/failures.ts";
import { isDiskFull } from "./store/errors.ts";

/** An error as Node makes it of what a call of the system gave. */
function systemError(errno: number): Error {
  const [code, text] = getSystemErrorMap().get(errno) ?? [`Unknown system error ${errno}`, ""];
  return Object.assign(new Error(`${code}: ${text}, write`), { errno, code, syscall: "write" });
}

test("errors that Node has no name for are known by their number: a quota, a stale handle", () => {
  const { EDQUOT, ESTALE, ENOSPC } = os.constants.errno;
  expect(codeOf(systemError(-ENOSPC))).toBe("ENOSPC");
  expect(codeOf(systemError(-EDQUOT))).toBe("EDQUOT");
  expect(isDiskFull(systemError(-EDQUOT))).toBe(true);
  expect(failure(systemError(-EDQUOT), "").code).toBe("store_full");
  expect(failure(systemError(-ESTALE), "").code).toBe("workspace_unavailable");
  expect(codeOf(systemError(-99_999))).toBe("Unknown system error -99999");
});
