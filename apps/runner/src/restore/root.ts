import { ProtocolError } from "@cairn/shared/errors";
import { basename, dirname, isAbsolute, join, sep } from "node:path";
import type { Fs, Stat } from "../fs.ts";
import { codeOf } from "../fs.ts";
import type { RestoreJournal } from "./journal.ts";
import { same } from "./content.ts";
import { isWayLost } from "./folders.ts";
import type { Site } from "./site.ts";

export type Root = RestoreJournal["root"];

/** Whether one of two real paths is the other, or lies below it. */
export function overlap(a: string, b: string): boolean {
  const inside = (inner: string, outer: string): boolean =>
    inner === outer || inner.startsWith(outer.endsWith(sep) ? outer : outer + sep);
  return inside(a, b) || inside(b, a);
}

/**
 * The workspace of a restore. A folder that is missing is made anew only where its parent stands
 * on the device that the folder was captured on: an unplugged disk is no deleted folder.
 */
export function findWorkspace(fs: Fs, workspace: string, device: string | undefined): Root {
  const stat = statOf(fs, workspace);
  if (stat === undefined) {
    const parent = statOf(fs, dirname(workspace));
    if (parent?.kind !== "directory" || parent.dev.toString() !== device) {
      throw new ProtocolError(
        "workspace_unavailable",
        `The folder ${workspace} is not there. If it is on a disk that is not connected, connect it and try again.`,
      );
    }
    refuseLinks(fs, dirname(workspace));
    return { path: Buffer.from(workspace), device, existed: false };
  }
  if (stat.kind !== "directory") {
    throw new ProtocolError("workspace_unavailable", `${workspace} is no folder any more.`);
  }
  refuseLinks(fs, workspace);
  const isElsewhere = device !== undefined && stat.dev.toString() !== device;
  if (isElsewhere && fs.readdir(Buffer.from(workspace)).length === 0) {
    throw new ProtocolError(
      "workspace_unavailable",
      `The folder ${workspace} is empty and on another device than it was: its disk seems not to be mounted. Mount it and try again.`,
    );
  }
  return {
    path: Buffer.from(workspace),
    device: stat.dev.toString(),
    identity: identityOf(fs, Buffer.from(workspace), stat),
    existed: true,
  };
}

function identityOf(fs: Fs, path: Buffer, { ino, born }: Stat): string {
  return `${ino}:${fs.isLayered(path) ? 0n : born}`;
}

/**
 * Whether it is the folder of an identity, its inode and birth: the root folders of two disks have
 * one number, but are not of one instant. A birth of 0 is not known.
 */
function isSameFolder(identity: string | undefined, stat: Stat): boolean {
  return identity === `${stat.ino}:${stat.born}` || identity === `${stat.ino}:0`;
}

/** Whether it was surely made at another time. */
function isOther(identity: string, { born }: Stat): boolean {
  const before = identity.slice(identity.indexOf(":") + 1);
  return born !== 0n && before !== "0" && before !== born.toString();
}

const root = Buffer.alloc(0);

/**
 * Opens the folder of a restore, which stays open from now on, and makes sure that it is the one
 * that the restore was planned for and that no link leads there.
 */
export function enterRoot(site: Site): void {
  const { device, identity } = site.journal.root;
  let stat: Stat;
  try {
    stat = site.fs.fstat(site.folders.fd(root));
  } catch (error) {
    if (!isWayLost(error)) throw error;
    throw replaced();
  }
  const isSame = stat.dev.toString() === device;
  if (!isSame || (identity !== undefined && isOther(identity, stat))) throw replaced();
  requireInPlace(site);
}

/**
 * Makes the folder of a restore, and notes in the journal which it is: from one that somebody makes
 * after a crash it could not be told otherwise.
 */
export function enterNewRoot(site: Site): void {
  site.makeRoot();
  enterRoot(site);
  const { fs, folders, journal } = site;
  journal.root.identity = identityOf(fs, journal.root.path, fs.fstat(folders.fd(root)));
}

/** Refuses to go on once the folder that is held is not what stands at its path. */
export function requireInPlace({ fs, folders, journal }: Site): void {
  const { path } = journal.root;
  const held = fs.fstat(folders.fd(root));
  const stat = statOf(fs, path.toString());
  if (stat?.dev !== held.dev || stat.ino !== held.ino || !fs.realpath(path).equals(path))
    throw replaced();
}

function replaced(): ProtocolError {
  return new ProtocolError(
    "workspace_unavailable",
    "The folder was moved or replaced since the restore was prepared.",
  );
}

/** The error where a restore cannot be taken back, since what stands at the path is not its folder. */
export function unreachable({ root: { path } }: RestoreJournal): ProtocolError {
  return new ProtocolError(
    "workspace_unavailable",
    `The folder ${path.toString()} was moved, or its disk is not connected. Bring it back: what the restore had done there is taken back then.`,
  );
}

function refuseLinks(fs: Fs, path: string): void {
  if (fs.realpath(Buffer.from(path)).equals(Buffer.from(path))) return;
  throw new ProtocolError(
    "workspace_unavailable",
    `A folder on the way to ${path} is a link now. Point the session at the folder it is meant for.`,
  );
}

/** The folder that a copy is restored into: new or empty, outside workspace and data folder. */
export function findCopyRoot(fs: Fs, into: string, forbidden: string[]): Root {
  const refuse = (why: string): never => {
    throw new ProtocolError(
      "invalid_params",
      `${into} ${why}. Choose a new or empty folder outside every workspace and Cairn's data folder.`,
    );
  };
  if (!isAbsolute(into) || into.includes("\0")) return refuse("is no absolute path");
  const parent = statOf(fs, dirname(into));
  if (parent === undefined) return refuse("lies in a folder that does not exist");
  const exists = statOf(fs, into) !== undefined;
  const real = exists
    ? fs.realpath(Buffer.from(into))
    : Buffer.from(join(fs.realpath(Buffer.from(dirname(into))).toString(), basename(into)));
  const stat = fs.lstat(real);
  if (stat !== undefined && stat.kind !== "directory") return refuse("is no folder");
  if (stat !== undefined && fs.readdir(real).length > 0) return refuse("is not empty");
  if (forbidden.some((folder) => overlap(real.toString(), folder))) {
    return refuse("overlaps a workspace or Cairn's data folder");
  }
  return {
    path: real,
    device: (stat ?? parent).dev.toString(),
    ...(stat !== undefined && { identity: identityOf(fs, real, stat) }),
    existed: exists,
  };
}

/** Whether the folder of a journal can be resolved now: there, and the one it was. */
export function isReachable(site: Site): boolean {
  const { fs, journal } = site;
  const path = journal.root.path.toString();
  const stat = statOf(fs, path);
  if (stat === undefined) {
    const parent = journal.root.existed ? undefined : statOf(fs, dirname(path));
    return parent?.dev.toString() === journal.root.device;
  }
  if (stat.kind !== "directory" || !fs.realpath(journal.root.path).equals(journal.root.path))
    return false;
  // Device numbers may change with a restart: the folder itself tells that it is the same, or the
  // restore's own traces in it, of which a power cut may leave none.
  const { device, identity } = journal.root;
  return stat.dev.toString() === device || isSameFolder(identity, stat) || bearsTraces(site);
}

function bearsTraces(site: Site): boolean {
  if (bearsStaged(site)) return true;
  return site.journal.steps.some((step) => {
    if (step.do !== "put" && step.do !== "take") return false;
    const seen = site.look(step.path);
    if (seen === null) return false;
    return same(seen, step.before) || (step.do === "put" && same(seen, step.after));
  });
}

function bearsStaged(site: Site): boolean {
  return site.journal.steps.some((step, index) => {
    const { fresh, aside } = site.staging.of(step, index);
    return site.stands(fresh) || site.stands(aside);
  });
}

/**
 * Whether somebody made the folder anew since, and not as it was: nothing in it is of the restore,
 * also where it equals what that would have put there. A copy of the folder that was has its
 * staged files.
 */
export function isMadeAnew(site: Site): boolean {
  const { path, identity, device } = site.journal.root;
  const stat = statOf(site.fs, path.toString());
  if (stat?.kind !== "directory" || identity === undefined) return false;
  if (stat.dev.toString() !== device || !isOther(identity, stat)) return false;
  return !bearsStaged(site) && !isAsBefore(site);
}

function isAsBefore(site: Site): boolean {
  return site.journal.steps.every((step) => {
    if (step.do === "put" || step.do === "take") return same(site.look(step.path), step.before);
    const mode = site.modeOf(step.path);
    return step.do === "chmod" ? mode === step.before : (mode === null) === (step.do === "mkdir");
  });
}

/** What stands at an absolute path, links not followed; undefined when nothing does. */
function statOf(fs: Fs, path: string): Stat | undefined {
  try {
    return fs.lstat(Buffer.from(path));
  } catch (error) {
    if (codeOf(error) === "ENOTDIR" || codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
