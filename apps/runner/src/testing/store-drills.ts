import { isDeepStrictEqual } from "node:util";
import { rmSync } from "node:fs";
import { ProtocolError } from "@cairn/shared/errors";
import { realDisk } from "../store/disk.ts";
import { openStore } from "../store/store.ts";
import type { Store } from "../store/store.ts";
import { Faults } from "./disk-faults.ts";
import { Crash } from "./faults.ts";
import type { Files } from "./snapshots.ts";
import { filesOf, keep, readFiles, snapshotsIn } from "./snapshots.ts";
import { noise, StoreSite } from "./store-site.ts";

export type Work = "capture" | "collect" | "join";
export const storeWorks: Work[] = ["capture", "collect", "join"];
export const storeFaults = ["EIO", "ENOSPC", "EMFILE", "EROFS", "EDQUOT", "short", "crash"];

/** Chunked, but small in a pack. */
const large = (text: string): Buffer => Buffer.alloc(4 * 1024 * 1024 + 1, `${text} and more `);
const before: Files = { ...filesOf("before", 60), large: large("before") };
const dropped: Files = { ...filesOf("dropped", 60), other: noise(300_000, "dropped") };
const captured: Files = { ...filesOf("captured", 90), large: large("captured") };
const afterwards = filesOf("afterwards", 10);
/** Of a work that joins: pins of small commits, and what each holds. */
const small = ["a", "b", "c"].map((pin) => [pin, filesOf(pin, 20, 2000)] as const);

/** How many steps the work takes. */
export function countSteps(work: Work, parent: string): number {
  const faults = new Faults("none");
  using site = begun(parent, faults, work);
  const from = faults.steps;
  perform(site.store, work);
  return faults.steps - from;
}

/** A fault at the n-th step of the work: undefined if all is as promised, else what is not. */
export function storeFault(
  work: Work,
  fault: string,
  at: number,
  parent: string,
): string | undefined {
  const faults = new Faults(fault);
  using site = begun(parent, faults, work);
  faults.at = faults.steps + at;
  let done = false;
  try {
    perform(site.store, work);
    done = true;
  } catch (error) {
    if (fault === "crash" ? !isCrash(error) : !(error instanceof ProtocolError)) {
      return `untyped: ${String(error)}`;
    }
    const code = error instanceof ProtocolError ? error.code : undefined;
    if (
      (fault === "ENOSPC" || fault === "EDQUOT") &&
      code !== "store_full" &&
      code !== "internal"
    ) {
      return `not store_full: ${String(error)}`;
    }
  }
  if (!faults.met) return "it did not come to the step";
  faults.at = 0;
  if (fault === "crash") site.crash();
  return checkAfter(site, work, done);
}

function checkAfter(site: FaultSite, work: Work, done: boolean): string | undefined {
  const wanted = new Map(work === "join" ? small : [["before", before]]);
  const pins = site.store.index.pins();
  if (work === "capture") {
    // What was acknowledged is there; what was not may be, if the crash came after its commit.
    if (done || pins.includes("captured")) wanted.set("captured", captured);
  }
  // In the thread that met the fault, and in one that starts anew.
  keep(site.store, "afterwards", afterwards);
  wanted.set("afterwards", afterwards);
  for (const again of [false, true]) {
    if (again) site.restart();
    const wrong = unlike(site.store, wanted);
    if (wrong !== undefined) return `${again ? "restarted: " : ""}${wrong}`;
  }
  while (!site.store.collect({}).done) continue;
  return unlike(site.store, wanted) ?? leftIn(site);
}

function unlike(store: Store, wanted: Map<string, Files>): string | undefined {
  const pins = snapshotsIn(store);
  for (const pin of pins.keys()) if (!wanted.has(pin)) return `pin ${pin} is too much`;
  for (const [pin, files] of wanted) {
    const snapshot = pins.get(pin);
    if (snapshot === undefined) return `pin ${pin} is lost`;
    if (!isDeepStrictEqual(readFiles(store, snapshot), files)) return `${pin} is not the same`;
  }
  return undefined;
}

/** After a collection there is nothing but what is referred to. */
function leftIn({ store, dir }: FaultSite): string | undefined {
  const { stored_bytes, dead_bytes, objects } = store.facts();
  if (dead_bytes > stored_bytes * 0.2 + 100) return `${dead_bytes} dead of ${stored_bytes} bytes`;
  const known = store.index.database.prepare("SELECT name FROM packs ORDER BY name").all();
  const files = realDisk.list(`${dir}/packs`).map(({ name }) => name);
  if (
    !isDeepStrictEqual(
      known.map(({ name }) => name),
      files.toSorted(),
    )
  )
    return "a stray pack";
  const rows = store.index.database.prepare("SELECT count(*) AS n FROM objects").get();
  if (Number(rows?.["n"]) !== objects) return "counts are wrong";
  const orphans = store.index.database
    .prepare("SELECT count(*) AS n FROM objects WHERE block NOT IN (SELECT id FROM blocks)")
    .get();
  return orphans?.["n"] === 0 ? undefined : "objects without a block";
}

function perform(store: Store, work: Work): void {
  if (work === "capture") keep(store, "captured", captured);
  else if (work === "collect") while (!store.collect({}).done) continue;
  else store.tidy();
}

/** Two snapshots, of which one was let go again; or the small ones. */
function begun(parent: string, faults: Faults, work: Work): FaultSite {
  const site = new FaultSite(parent, faults);
  if (work === "join") {
    for (const [pin, files] of small) keep(site.store, pin, files);
    return site;
  }
  keep(site.store, "before", before);
  keep(site.store, "dropped", dropped);
  site.store.unpin(["dropped"]);
  return site;
}

function isCrash(error: unknown): boolean {
  return error instanceof Crash || (error instanceof Error && isCrash(error.cause));
}

class FaultSite extends StoreSite {
  readonly #faults: Faults;

  constructor(parent: string, faults: Faults) {
    // Packs so small that one is filled by the way.
    super(parent, { disk: faults.disk(realDisk), rollBytes: 200_000, joinBytes: 100_000 });
    this.#faults = faults;
    faults.watch(this.store.index);
  }

  /** The thread that ran is gone, as after a crash. */
  crash(): void {
    this.store.index.database.exec("PRAGMA query_only = ON");
    try {
      this.store.close();
    } catch {
      // It could not give its packs back.
    }
    this.store = openStore(this.dir);
    this.store.care.begin();
  }

  restart(): void {
    this.#faults.at = 0;
    this.reopen();
  }

  override [Symbol.dispose](): void {
    this.#faults.at = 0;
    super[Symbol.dispose]();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
