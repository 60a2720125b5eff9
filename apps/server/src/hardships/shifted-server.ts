// The server as `testing/crashing-server.ts` starts it, but with a clock that is ahead of the
// machine's by the milliseconds in the file that `CAIRN_TORTURE_CLOCK` names. It may be set while
// the server runs, as a person or a time server sets a clock.
import { readFileSync } from "node:fs";

const file = process.env["CAIRN_TORTURE_CLOCK"] ?? "";
const real = Date.now.bind(Date);
Date.now = () => real() + Number(readFileSync(file, "utf8"));
await import("../testing/crashing-server.ts");
