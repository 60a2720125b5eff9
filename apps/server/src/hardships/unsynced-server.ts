// The server as `testing/crashing-server.ts` starts it, but with SQLite's `synchronous` as
// `CAIRN_TORTURE_SYNCHRONOUS` says: what a power cut must be seen to lose by.
import { DatabaseSync } from "node:sqlite";

const mode = process.env["CAIRN_TORTURE_SYNCHRONOUS"] ?? "FULL";
const exec = Object.getOwnPropertyDescriptor(DatabaseSync.prototype, "exec")?.value as (
  this: DatabaseSync,
  sql: string,
) => void;
DatabaseSync.prototype.exec = function unsynced(this: DatabaseSync, sql: string): void {
  exec.call(this, sql.replace(/synchronous\s*=\s*full/i, `synchronous = ${mode}`));
};
await import("../testing/crashing-server.ts");
