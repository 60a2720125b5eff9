// Opens the store at `file` and commits checkpoints to one session, several at a time, until it
// is killed or has written `count`. It prints each one only once the store has acknowledged it.
import { writeSync } from "node:fs";
import { openSqliteStore } from "../sqlite/sqlite-store.ts";
import { addCheckpoint, sessionRow } from "./rows.ts";

const [file, session_id, count] = process.argv.slice(2);
if (file === undefined || session_id === undefined) throw new Error("usage: file session [count]");

const store = await openSqliteStore({ file });
await store.transact(async (tx) => {
  if ((await tx.session(session_id)) === null) await tx.insertSession(sessionRow({ session_id }));
});

let left = count === undefined ? Infinity : Number(count);
async function writeOn(id: string): Promise<void> {
  while ((left -= 1) >= 0) {
    const change = {
      tags: ["t"],
      changed_paths: ["src/a.ts"],
      state: { padding: "x".repeat(2_000) },
    };
    const { row, event } = await addCheckpoint(store, id, change);
    writeSync(1, `${row.checkpoint_id} ${event.seq}\n`);
  }
}

await Promise.all([1, 2, 3, 4].map(() => writeOn(session_id)));
await store.close();
