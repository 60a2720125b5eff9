import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { ProtocolError } from "@cairn/shared/errors";
import type { Snapshot } from "../runner.ts";
import { RestoreSite } from "./restore-site.ts";
import type { Store } from "../store/store.ts";

interface Meanwhile {
  restores: number;
  /** Restores that gave up with an error of the table. */
  refused: number;
  /** Restores that came across edits. */
  met: number;
  edited: number;
  /** Contents that the other program wrote and that are nowhere now. */
  lost: string[];
  /** Anything else that is not as it must be. */
  wrong: string[];
}

/** Restores to and fro while another process edits the same files, as fast as both can. */
export async function restoreMeanwhile(rounds: number, seed: number): Promise<Meanwhile> {
  using site = new RestoreSite();
  const spare = join(site.home, "spare");
  mkdirSync(spare);
  const moments = ["one", "two"].map((version): Snapshot => {
    for (let i = 0; i < 48; i += 1) site.write({ [`d${i % 4}/f${i % 12}`]: `${version} ${i}` });
    site.write({ [`${version}/only`]: version, "turns/here": version });
    if (version === "two") site.remove("one", "d3", "turns");
    if (version === "two") site.write({ turns: "a file" });
    return site.capture();
  });
  const done: Meanwhile = { restores: 0, refused: 0, met: 0, edited: 0, lost: [], wrong: [] };
  const safeties: Snapshot[] = [];
  const editor = spawn(
    process.execPath,
    [join(import.meta.dirname, "restless-editor.ts"), site.workspace, spare, String(seed)],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  await once(editor.stdout, "data");
  for (let round = 0; round < rounds; round += 1) {
    const target = moments[round % 2];
    if (target === undefined) continue;
    done.restores += 1;
    try {
      const { safety, differences } = site.restore(target);
      safeties.push(safety);
      if (differences.length > 0) done.met += 1;
    } catch (error) {
      done.refused += 1;
      if (!(error instanceof ProtocolError)) done.wrong.push(String(error));
    }
    // A journal that is left is taken up as a server does.
    for (const { operation_id, outcome } of site.restorer().recover([])) {
      if (outcome === "after") site.restorer().settle(operation_id);
    }
  }
  const rest = text(editor.stdout);
  editor.stdin.end("stop\n");
  const held = JSON.parse((await rest).replace("editing\n", "")) as [string, string][];
  done.edited = held.length;
  const now = contents(site.workspace);
  const kept = new Set(safeties.flatMap((snapshot) => [...stored(site.store, snapshot.tree)]));
  done.lost = held
    .filter(([, content]) => !now.has(content) && !kept.has(content))
    .map(([path, content]) => `${path}: ${content}`);
  const staged = site.list().filter((line) => line.includes(".cairn-"));
  if (staged.length > 0) done.wrong.push(`left over: ${staged.join()}`);
  if (site.store.journals.list().length > 0) done.wrong.push("a journal is left");
  return done;
}

function contents(folder: string): Set<string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  return new Set(
    files
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8")),
  );
}

function* stored(store: Store, tree: string): Generator<string> {
  for (const { kind, hash } of store.readTree(tree)) {
    if (kind === "directory") yield* stored(store, hash);
    else yield Buffer.concat([...store.readBlob(hash)]).toString();
  }
}
