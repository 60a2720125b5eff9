import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { storeContract } from "../store.contract.ts";
import type { Store } from "../store.ts";
import { openSqliteStore } from "./sqlite-store.ts";

storeContract("SQLite", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "cairn-store-"));
  const file = path.join(folder, "cairn.db");
  let store = await openSqliteStore({ file });
  const others: Store[] = [];
  return {
    store,
    reopen: async () => {
      await store.close();
      store = await openSqliteStore({ file });
      return store;
    },
    another: async () => {
      const other = await openSqliteStore({ file });
      others.push(other);
      return other;
    },
    dispose: async () => {
      for (const each of [store, ...others]) await each.close();
      await rm(folder, { recursive: true });
    },
  };
});
